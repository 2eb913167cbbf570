//! Attachments come up by tus 1.0, so that any tus client can talk to this server, in pieces that
//! survive a dropped connection. <https://tus.io/protocols/resumable-upload>
//!
//! The id of an upload follows from device and hash: asked for again, it is the same upload.

use super::auth::KnownDevice;
use super::{ApiError, App};
use crate::attachments::{ATTACHMENT_BYTES_MAX, AttachmentError};
use crate::store::{PartRow, UploadRow};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{head, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorstep_domain::DeviceId;
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,checksum,termination";
/// One piece; a client that sends more in one request is cut off and resumes.
const PART_BYTES_MAX: usize = 8 * 1024 * 1024;
/// tus: the checksum of a piece does not match.
const CHECKSUM_MISMATCH: u16 = 460;

/// The routes, with the headers that every tus answer carries.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .route("/v1/attachments", post(create).options(options))
        .route(
            "/v1/attachments/{id}",
            head(status)
                .patch(append)
                .delete(terminate)
                .options(options),
        )
        .layer(DefaultBodyLimit::max(PART_BYTES_MAX))
        .layer(from_fn(speak_tus))
}

/// Refuses other versions of tus, says which one is spoken, and lets a proxy's POST be a PATCH.
async fn speak_tus(mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let version = headers.get("tus-resumable");
    let is_other = version.is_some_and(|version| version != VERSION);
    let is_missing = version.is_none() && request.method() != Method::OPTIONS;
    let instead = headers
        .get("x-http-method-override")
        .and_then(|method| method.to_str().ok()?.parse::<Method>().ok());
    let mut response = match is_other || is_missing {
        true => StatusCode::PRECONDITION_FAILED.into_response(),
        false => {
            if let Some(method) = instead.filter(|_| request.method() == Method::POST) {
                *request.method_mut() = method;
            }
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
    headers.insert("tus-version", HeaderValue::from_static(VERSION));
    response
}

async fn options() -> Response {
    let headers = [
        (
            HeaderName::from_static("tus-extension"),
            EXTENSIONS.to_owned(),
        ),
        (
            HeaderName::from_static("tus-max-size"),
            ATTACHMENT_BYTES_MAX.to_string(),
        ),
        (
            HeaderName::from_static("tus-checksum-algorithm"),
            "sha256".to_owned(),
        ),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Begins an upload: `Upload-Length`, and `Upload-Metadata` with `sha256` (hex of the plaintext).
async fn create(
    State(app): State<App>,
    device: KnownDevice,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let size: u64 = number(&headers, "upload-length")
        .ok_or_else(|| bad("attachment.length", "Upload-Length is missing or no number"))?;
    if size > ATTACHMENT_BYTES_MAX {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "attachment.too_large",
            "the attachment is too large",
        ));
    }
    let hash = metadata(&headers, "sha256")
        .map(|hash| hash.to_lowercase())
        .filter(|hash| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or_else(|| bad("attachment.hash", "Upload-Metadata has no sha256 in hex"))?;
    let upload = UploadRow {
        id: upload_id(device.id(), &hash),
        device: device.id(),
        hash,
        size_bytes: size,
        received_bytes: 0,
        is_stored: false,
    };
    let begun = app.write(move |tx| Ok(tx.begin_upload(&upload)?)).await?;
    if begun.size_bytes != size {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "attachment.length",
            "the same hash was announced with another length",
        ));
    }
    let location = format!("/v1/attachments/{}", begun.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
}

/// How far an upload has come.
async fn status(
    State(app): State<App>,
    device: KnownDevice,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let upload = find(&app, &device, id).await?;
    Ok((
        [
            (
                HeaderName::from_static("upload-offset"),
                upload.received_bytes,
            ),
            (HeaderName::from_static("upload-length"), upload.size_bytes),
        ],
        [(
            HeaderName::from_static("upload-stored"),
            upload.is_stored.to_string(),
        )],
    )
        .into_response())
}

/// Takes the next piece; with the last one the whole is verified and stored.
async fn append(
    State(app): State<App>,
    device: KnownDevice,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let is_piece = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/offset+octet-stream");
    if !is_piece {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "attachment.content_type",
            "a piece is application/offset+octet-stream",
        ));
    }
    let at = number(&headers, "upload-offset")
        .ok_or_else(|| bad("attachment.offset", "Upload-Offset is missing or no number"))?;
    let upload = find(&app, &device, id).await?;
    let end = at.saturating_add(body.len() as u64);
    if at != upload.received_bytes || end > upload.size_bytes {
        return Err(out_of_place());
    }
    if let Some(expected) = checksum(&headers)?
        && expected != Sha256::digest(&body).as_slice()
    {
        return Err(mismatch("attachment.checksum", "the piece arrived damaged"));
    }
    let key = app.write(|tx| Ok(tx.attachment_key()?)).await?;
    if !body.is_empty() {
        keep_part(&app, &upload, at, &body, &key).await?;
    }
    if end == upload.size_bytes && !upload.is_stored {
        finish(&app, &upload, &key).await?;
    }
    let offset = [(HeaderName::from_static("upload-offset"), end)];
    Ok((StatusCode::NO_CONTENT, offset).into_response())
}

async fn keep_part(
    app: &App,
    upload: &UploadRow,
    at: u64,
    body: &Bytes,
    key: &[u8; 32],
) -> Result<(), ApiError> {
    // Two writers at one place keep two objects; the row decides which of them counts.
    let object = format!(
        "parts/{}/{at:016}-{}",
        upload.id,
        hex::encode(crate::secrets::random::<8>()?)
    );
    app.attachments.put(&object, body, key).await?;
    let (id, part) = (
        upload.id.clone(),
        PartRow {
            at,
            size_bytes: body.len() as u64,
            object: object.clone(),
        },
    );
    let is_first = app.write(move |tx| match tx.add_part(&id, &part)? {
        true => Ok(()),
        false => Err(out_of_place()),
    });
    match is_first.await {
        Ok(()) => Ok(()),
        Err(error) => {
            app.attachments.remove(&object).await?;
            Err(error)
        }
    }
}

/// Puts the pieces together, verifies the whole, and stores it under its hash.
async fn finish(app: &App, upload: &UploadRow, key: &[u8; 32]) -> Result<(), ApiError> {
    let id = upload.id.clone();
    let parts = app.read(move |tx| Ok(tx.parts(&id)?)).await?;
    let mut whole = Vec::with_capacity(usize::try_from(upload.size_bytes).unwrap_or_default());
    for part in &parts {
        whole.extend(app.attachments.get(&part.object, key).await?);
    }
    let is_right = hex::encode(Sha256::digest(&whole)) == upload.hash;
    if is_right {
        let name = app.store.attachment_name(&upload.hash);
        app.attachments.put(&name, &whole, key).await?;
    }
    let (id, now) = (upload.id.clone(), app.clock.now());
    app.write(move |tx| {
        if is_right {
            tx.set_stored(&id, now)?;
        }
        Ok(tx.drop_parts(&id)?)
    })
    .await?;
    for part in &parts {
        app.attachments.remove(&part.object).await?;
    }
    match is_right {
        true => Ok(()),
        false => Err(mismatch(
            "attachment.wrong_hash",
            "the whole has another hash than announced; nothing was kept, send it again",
        )),
    }
}

/// The id of an upload follows from device and hash.
pub(super) fn upload_id(device: DeviceId, hash: &str) -> String {
    let name = format!("doorstep upload\n{device}\n{hash}");
    hex::encode(Sha256::digest(name.as_bytes()))
}

/// Gives an upload up; what is stored already stays.
async fn terminate(
    State(app): State<App>,
    device: KnownDevice,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let upload = find(&app, &device, id).await?;
    let id = upload.id.clone();
    let parts = app
        .write(move |tx| {
            let parts = tx.parts(&id)?;
            tx.drop_parts(&id)?;
            Ok(parts)
        })
        .await?;
    for part in parts {
        app.attachments.remove(&part.object).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn find(app: &App, device: &KnownDevice, id: String) -> Result<UploadRow, ApiError> {
    let own = device.id();
    app.read(move |tx| {
        // Another device's upload is as good as none.
        tx.upload(&id)?
            .filter(|upload| upload.device == own)
            .ok_or_else(|| ApiError::not_found("attachment.unknown"))
    })
    .await
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// A value of `Upload-Metadata`: comma-separated pairs of a key and base64.
fn metadata(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let text = headers.get("upload-metadata")?.to_str().ok()?;
    let (_, value) = text
        .split(',')
        .filter_map(|pair| pair.trim().split_once(' '))
        .find(|(key, _)| *key == wanted)?;
    String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()
}

fn checksum(headers: &HeaderMap) -> Result<Option<Vec<u8>>, ApiError> {
    let Some(header) = headers.get("upload-checksum") else {
        return Ok(None);
    };
    header
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("sha256 "))
        .and_then(|value| STANDARD.decode(value.trim()).ok())
        .map(Some)
        .ok_or_else(|| {
            bad(
                "attachment.checksum",
                "Upload-Checksum is not sha256 in base64",
            )
        })
}

pub(super) fn bad(code: &str, message: &str) -> ApiError {
    ApiError::bad_request(code, message)
}

fn out_of_place() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "attachment.offset",
        "the piece does not begin where the upload ends; ask how far it has come",
    )
}

fn mismatch(code: &str, message: &str) -> ApiError {
    let status = StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
    ApiError::new(status, code, message)
}

impl From<AttachmentError> for ApiError {
    fn from(error: AttachmentError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "an attachment could not be kept"
        );
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "server.attachments",
            "the server could not reach its attachments; what it has is safe, send the rest again",
        )
    }
}
