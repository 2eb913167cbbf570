//! Errors as answers: a status, a stable code, and a message without anybody's data.

use crate::import::ImportError;
use crate::intake::IntakeError;
use crate::policies::PublishError;
use crate::secrets::NoRandomness;
use crate::store::StoreError;
use axum::Json;
use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use doorstep_protocol::exchange::ErrorResponse;

/// An error on its way out.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: ErrorResponse,
}

impl ApiError {
    /// An answer with this status, code and message.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = ErrorResponse {
            code: code.to_owned(),
            message: message.into(),
        };
        Self { status, body }
    }

    /// Nothing is found here, or it is not yours to see: the answer is the same.
    pub fn not_found(code: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, "not found")
    }

    /// The shape of the request is wrong.
    pub fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the store could not serve a request"
        );
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "server.storage",
            "the server could not read or write its database; nothing was changed",
        )
    }
}

impl From<PublishError> for ApiError {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Store(error) => error.into(),
            error => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "policies.not_trusted",
                error.to_string(),
            ),
        }
    }
}

impl From<NoRandomness> for ApiError {
    fn from(error: NoRandomness) -> Self {
        StoreError::from(error).into()
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        let message = error.to_string();
        match error {
            IntakeError::BadSignature => Self::bad_request("sync.bad_signature", message),
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<ImportError> for ApiError {
    fn from(error: ImportError) -> Self {
        let code = match &error {
            ImportError::Mapping(_) => "import.mapping",
            ImportError::File(_) => "import.file",
            ImportError::Store(_) => "",
        };
        match error {
            ImportError::Store(error) => error.into(),
            error => Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string()),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            status => Self::new(
                status,
                "body.malformed",
                "the body is not the JSON that this endpoint takes",
            ),
        }
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            status => Self::new(status, "body.malformed", "the body could not be read"),
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::not_found("path.unknown")
    }
}

impl From<QueryRejection> for ApiError {
    fn from(_: QueryRejection) -> Self {
        Self::bad_request(
            "query.malformed",
            "the query is not what this endpoint takes",
        )
    }
}

fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body.too_large",
        "the body is larger than this endpoint takes",
    )
}

/// A JSON body whose errors carry codes.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Body<T>(pub T);

/// Path parameters whose errors carry codes.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

/// A query whose errors carry codes.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Query<T>(pub T);
