//! Who asks: a person by their session cookie, a device by its token.

use super::{ApiError, App};
use crate::secrets::hash_token;
use crate::store::{DeviceRow, PersonRow};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use doorstep_domain::{DeviceId, Role};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;

/// The name of the session cookie.
pub const COOKIE: &str = "doorstep_session";

/// Attempts a minute for one name, or for enrolment as a whole.
const ATTEMPTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Slows down guessing: ten attempts a minute for each key.
pub struct Throttle(DefaultKeyedRateLimiter<String>);

impl Default for Throttle {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(ATTEMPTS_PER_MINUTE)))
    }
}

impl Throttle {
    /// Counts an attempt; refuses when there were too many.
    pub fn admit(&self, key: &str) -> Result<(), ApiError> {
        self.0.retain_recent();
        self.0.check_key(&key.to_owned()).map_err(|_| {
            ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "auth.throttled",
                "too many attempts; wait a minute and try again",
            )
        })
    }
}

/// Somebody who is signed in to the console.
pub struct SignedIn(pub PersonRow);

/// Who works in the console. Complaints have a page of their own.
pub const CONSOLE: [Role; 2] = [Role::Lead, Role::BackOffice];

impl SignedIn {
    /// Only for these roles.
    pub fn require(&self, roles: &[Role]) -> Result<(), ApiError> {
        match roles.contains(&self.0.role) {
            true => Ok(()),
            false => Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "role.not_permitted",
                "your role does not permit this",
            )),
        }
    }

    /// Only for the console; an agent works on a device.
    pub fn require_console(&self) -> Result<(), ApiError> {
        self.require(&CONSOLE)
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let token = session_token(parts).ok_or_else(|| unauthorised("session.missing"))?;
        let now = app.clock.now();
        let hash = hash_token(&token);
        let session = app.read(move |tx| Ok(tx.session(&hash)?)).await?;
        match session {
            Some((person, expires_at)) if now < expires_at => Ok(Self(person)),
            Some(_) => Err(unauthorised("session.expired")),
            None => Err(unauthorised("session.missing")),
        }
    }
}

/// The token in the session cookie.
pub fn session_token(parts: &Parts) -> Option<String> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
        .map(str::to_owned)
}

/// An enrolled device, with the role of its person.
pub struct KnownDevice {
    pub row: DeviceRow,
    pub role: Role,
}

impl KnownDevice {
    /// The device's id, for a log.
    pub fn id(&self) -> DeviceId {
        self.row.id
    }
}

impl FromRequestParts<App> for KnownDevice {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let shown = hash_token(bearer(parts)?);
        let (now, hash) = (app.clock.now(), shown.clone());
        let found = app
            .read(move |tx| {
                let Some(row) = tx.device_by_token(&hash)? else {
                    return Ok(None);
                };
                Ok(tx.person(row.person)?.map(|person| Self {
                    row,
                    role: person.role,
                }))
            })
            .await?;
        match found {
            Some(device) if device.row.token_hash == shown && now < device.row.token_expires_at => {
                Ok(device)
            }
            // Or it has another one, which may never have arrived.
            Some(_) => Err(unauthorised("device.token_expired")),
            None => Err(unauthorised("device.unknown")),
        }
    }
}

/// A device that was enrolled once: its token may have lapsed, and it may be retired or lost.
/// Only for alarms, which are taken from anybody who was ever given a device.
pub struct EverKnownDevice(pub DeviceRow);

impl FromRequestParts<App> for EverKnownDevice {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let hash = hash_token(bearer(parts)?);
        let found = app.read(move |tx| Ok(tx.device_by_token(&hash)?)).await?;
        found
            .map(Self)
            .ok_or_else(|| unauthorised("device.unknown"))
    }
}

fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or_else(|| unauthorised("device.token_missing"))
}

pub(super) fn unauthorised(code: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, code, "sign in first")
}
