//! The console's pages: the built interface, inside the binary.

use axum::body::Body;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../ui/build/"]
struct Pages;

/// Answers with a file of the interface; everything under `immutable` is named by its hash.
pub async fn page(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("v1/") {
        return super::ApiError::not_found("path.unknown").into_response();
    }
    if path.is_empty() {
        return Redirect::temporary("/console.html").into_response();
    }
    let name = if path == "console.html" {
        "index.html"
    } else {
        path
    };
    let Some(file) = Pages::get(name) else {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    };
    let cache = match path.contains("/immutable/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
    ];
    (headers, Body::from(file.data.into_owned())).into_response()
}
