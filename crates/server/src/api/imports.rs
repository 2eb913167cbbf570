//! Importing a file of accounts from the console or by the API.

use super::auth::SignedIn;
use super::{ApiError, App};
use crate::import::{ImportOrder, ImportReport, Mapping, import};
use axum::Json;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use doorstep_protocol::exchange::ErrorResponse;
use utoipa::ToSchema;

/// The fields of the form.
#[derive(ToSchema)]
#[allow(
    dead_code,
    reason = "describes the multipart form in the OpenAPI document"
)]
pub struct ImportForm {
    /// The accounts: CSV or XLSX.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The mapping, as TOML.
    mapping: String,
    /// `true` checks and counts, and writes nothing.
    dry_run: Option<bool>,
    /// `true` takes the rows that are right although others are wrong.
    accept_good_rows: Option<bool>,
}

#[derive(Default)]
struct Form {
    file: Vec<u8>,
    mapping: String,
    dry_run: bool,
    accept_good_rows: bool,
}

/// Imports accounts. Wrong rows stop the whole import unless `accept_good_rows` is set.
#[utoipa::path(post, path = "/v1/imports",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = OK, body = ImportReport), (status = UNPROCESSABLE_ENTITY, description = "`import.mapping`, `import.file`", body = ErrorResponse))
)]
pub async fn import_accounts(
    State(app): State<App>,
    person: SignedIn,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Json<ImportReport>, ApiError> {
    person.require_console()?;
    let form =
        form.map_err(|_| ApiError::bad_request("body.malformed", "the body is not a form"))?;
    let form = read_form(form).await?;
    let (now, policies) = (app.clock.now(), app.policies());
    app.write(move |tx| {
        let mapping = Mapping::parse(&form.mapping).map_err(|error| {
            ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "import.mapping",
                error.to_string(),
            )
        })?;
        let order = ImportOrder {
            bytes: &form.file,
            mapping: &mapping,
            dry_run: form.dry_run,
            accept_good_rows: form.accept_good_rows,
            actor: person.0.id,
            role: person.0.role,
        };
        Ok(Json(import(tx, &order, &policies.policies, now)?))
    })
    .await
}

async fn read_form(mut parts: Multipart) -> Result<Form, ApiError> {
    let mut form = Form::default();
    let unreadable = |error: axum::extract::multipart::MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body.too_large",
            "the file is larger than an import takes",
        ),
        _ => ApiError::bad_request("body.malformed", "the form could not be read"),
    };
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        match part.name().unwrap_or_default() {
            "file" => form.file = part.bytes().await.map_err(unreadable)?.to_vec(),
            "mapping" => form.mapping = part.text().await.map_err(unreadable)?,
            "dry_run" => form.dry_run = part.text().await.map_err(unreadable)? == "true",
            "accept_good_rows" => {
                form.accept_good_rows = part.text().await.map_err(unreadable)? == "true"
            }
            _ => {}
        }
    }
    Ok(form)
}
