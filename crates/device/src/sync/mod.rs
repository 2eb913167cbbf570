//! The exchange with the server: one request a round, retried with backoff and jitter.

mod exchange;
mod keep_trying;

pub use keep_trying::keep_in_touch;

use crate::error::DeviceError;
use crate::store::StoreError;
use doorstep_protocol::exchange::ErrorResponse;
use std::sync::Once;
use std::time::Duration;

/// How the exchange stands, for a screen.
#[derive(Debug, Default)]
pub struct SyncState {
    pub is_running: bool,
    pub problem: Option<String>,
}

const CONNECT_SECONDS_MAX: u64 = 10;
const REQUEST_SECONDS_MAX: u64 = 90;

/// An HTTP client with our one TLS provider.
pub(crate) fn client() -> Result<reqwest::Client, DeviceError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .timeout(Duration::from_secs(REQUEST_SECONDS_MAX))
        // A device talks to its own server and nobody in between.
        .no_proxy()
        .build()
        .map_err(|_| StoreError::Lock("start the HTTP client").into())
}

/// What a server says when it does not do what it was asked.
pub(crate) struct ServerRefusal(String);

impl From<ServerRefusal> for DeviceError {
    fn from(refusal: ServerRefusal) -> Self {
        Self::Server(refusal.0)
    }
}

/// Reads the code of an error answer; a proxy in between may have none.
pub(crate) async fn read_error(answer: reqwest::Response) -> ServerRefusal {
    let status = answer.status();
    let code = answer
        .json::<ErrorResponse>()
        .await
        .map_or_else(|_| format!("http.{}", status.as_u16()), |error| error.code);
    ServerRefusal(code)
}
