//! Signing in to the console, and out.

use super::auth::{COOKIE, SignedIn, session_token};
use super::error::Body;
use super::{ApiError, App};
use crate::secrets::{hash_token, is_password, token};
use crate::store::{PersonRow, aside};
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use doorstep_domain::{Role, UserId};
use doorstep_protocol::exchange::ErrorResponse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

const SESSION_HOURS: i64 = 12;
const NAME_BYTES_MAX: usize = 200;

/// A name and a password.
#[derive(Deserialize, ToSchema)]
pub struct SignInRequest {
    name: String,
    password: String,
}

/// Who is signed in.
#[derive(Serialize, TS, ToSchema)]
pub struct PersonView {
    pub id: UserId,
    pub name: String,
    pub display_name: String,
    pub role: Role,
}

impl From<&PersonRow> for PersonView {
    fn from(person: &PersonRow) -> Self {
        Self {
            id: person.id,
            name: person.name.clone(),
            display_name: person.display_name.clone(),
            role: person.role,
        }
    }
}

/// Signs in; the session is a cookie that scripts can't read.
#[utoipa::path(post, path = "/v1/session", security(()), request_body = SignInRequest, responses(
    (status = OK, body = PersonView),
    (status = UNAUTHORIZED, description = "`auth.wrong_password`", body = ErrorResponse),
    (status = TOO_MANY_REQUESTS, description = "`auth.throttled`", body = ErrorResponse)
))]
pub async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Body(request): Body<SignInRequest>,
) -> Result<Response, ApiError> {
    let name = request.name.trim().to_lowercase();
    if name.len() > NAME_BYTES_MAX || request.password.len() > NAME_BYTES_MAX {
        return Err(wrong_password());
    }
    app.throttle.admit(&format!("name {name}"))?;
    let person = app.read(move |tx| Ok(tx.person_by_name(&name)?)).await?;
    let person = aside(move || {
        // An unknown name takes as long as a wrong password.
        let known = person
            .as_ref()
            .map_or(UNKNOWN_HASH, |person| person.password_hash.as_str());
        let is_right = is_password(&request.password, known);
        person.filter(|_| is_right).ok_or_else(wrong_password)
    })
    .await?;
    let session = token()?;
    let (hash, id, now) = (hash_token(&session), person.id, app.clock.now());
    app.write(move |tx| {
        Ok(tx.open_session(&hash, id, now, now + Duration::hours(SESSION_HOURS))?)
    })
    .await?;
    // Behind a proxy that speaks TLS the cookie must never travel in clear.
    let is_tls = headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https");
    let secure = if is_tls { "; Secure" } else { "" };
    let cookie = format!(
        "{COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}",
        SESSION_HOURS * 3600
    );
    Ok((
        [(header::SET_COOKIE, cookie)],
        Json(PersonView::from(&person)),
    )
        .into_response())
}

/// The hash of nobody's password, with the parameters in use.
const UNKNOWN_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmU$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

fn wrong_password() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "auth.wrong_password",
        "name or password do not match",
    )
}

/// Says who is signed in.
#[utoipa::path(get, path = "/v1/session", responses(
    (status = OK, body = PersonView),
    (status = UNAUTHORIZED, description = "`session.missing`, `session.expired`", body = ErrorResponse)
))]
pub async fn who_am_i(person: SignedIn) -> Json<PersonView> {
    Json(PersonView::from(&person.0))
}

/// Ends the session.
#[utoipa::path(delete, path = "/v1/session", security(()), responses((status = NO_CONTENT)))]
pub async fn sign_out(State(app): State<App>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    if let Some(token) = session_token(&parts) {
        let hash = hash_token(&token);
        app.write(move |tx| Ok(tx.close_session(&hash)?)).await?;
    }
    let cookie = format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
