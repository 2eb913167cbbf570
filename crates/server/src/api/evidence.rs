//! Evidence in the console: read by whoever works on the case, with what the case says of it.

use super::auth::SignedIn;
use super::error::Path;
use super::{ApiError, App};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use doorstep_domain::CaseId;
use doorstep_protocol::exchange::ErrorResponse;

/// A piece of evidence of a case, by its hash.
#[utoipa::path(get, path = "/v1/cases/{id}/evidence/{sha256}",
    params(("id" = uuid::Uuid, Path), ("sha256" = String, Path)), responses(
    (status = OK, body = Vec<u8>, content_type = "image/jpeg"),
    (status = NOT_FOUND, description = "`evidence.not_here_yet`, `evidence.deleted`", body = ErrorResponse)
))]
pub async fn read(
    State(app): State<App>,
    person: SignedIn,
    Path((id, sha256)): Path<(CaseId, String)>,
) -> Result<Response, ApiError> {
    person.require_console()?;
    // Known to the case, but still on the device.
    let missing = || ApiError::not_found("evidence.not_here_yet");
    let (name, hash) = (app.store.attachment_name(&sha256), sha256);
    let media = app
        .read(move |tx| {
            let case = tx
                .case(id)?
                .ok_or_else(|| ApiError::not_found("case.unknown"))?;
            let known = case.evidence.iter().find(|known| known.sha256 == hash);
            let known = known.ok_or_else(missing)?;
            if known.deleted_on.is_some() {
                return Err(ApiError::not_found("evidence.deleted"));
            }
            match tx.is_stored(&known.sha256)? {
                true => Ok(known.media.clone()),
                false => Err(missing()),
            }
        })
        .await?;
    let key = app.write(|tx| Ok(tx.attachment_key()?)).await?;
    let bytes = app.attachments.get(&name, &key).await?;
    // Whatever it says it is, a browser shows a picture, plays a sound or does nothing.
    let media = match media.as_str() {
        "image/jpeg" | "image/png" | "audio/ogg" => media,
        _ => "application/octet-stream".to_owned(),
    };
    let headers = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}
