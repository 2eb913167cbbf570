//! The exchange with the server: one request a round, retried with backoff and jitter; alarms beside
//! it, retried every few seconds.

mod alarms;
mod evidence;
mod exchange;
mod keep_trying;
mod snapshot;
mod team;

pub use keep_trying::keep_in_touch;

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::lock::random;
use crate::store::StoreError;
use crate::view::ArrivedView;
use doorstep_protocol::exchange::{Credentials, ErrorResponse, RenewRequest};
use std::sync::Once;
use std::time::Duration;

/// How the exchange stands, for a screen.
#[derive(Debug, Default)]
pub struct SyncState {
    pub is_running: bool,
    pub problem: Option<String>,
    pub arrived: Option<ArrivedView>,
}

const CONNECT_SECONDS_MAX: u64 = 10;
/// Without a byte for this long a connection is given up; a long answer may take longer in all.
const SILENCE_SECONDS_MAX: u64 = 60;

/// An HTTP client with our one TLS provider.
pub(crate) fn client() -> Result<reqwest::Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error only says that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .read_timeout(Duration::from_secs(SILENCE_SECONDS_MAX))
        // A device talks to its own server and nobody in between.
        .no_proxy()
        .build()
        .map_err(|_| StoreError::Lock("start the HTTP client").into())
}

/// Sixteen random bytes for a payload's salt.
pub(crate) fn salt() -> std::result::Result<[u8; 16], StoreError> {
    random().map_err(|_| StoreError::Lock("get random bytes"))
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

impl Device {
    /// Asks with the device's token; where it has lapsed, the device's key gets it another, once.
    pub(crate) async fn ask(
        &self,
        request: impl Fn(&reqwest::Client) -> reqwest::RequestBuilder,
    ) -> Result<reqwest::Response> {
        let with = async |token: &str| {
            request(self.http())
                .bearer_auth(token)
                .send()
                .await
                .map_err(|_| DeviceError::NoConnection)
        };
        let shown = self.token();
        let answer = with(&shown).await?;
        if answer.status() != reqwest::StatusCode::UNAUTHORIZED {
            return accepted(answer).await;
        }
        let ServerRefusal(code) = read_error(answer).await;
        // Unknown it is to a server that was restored from before it was given.
        if code != "device.token_expired" && code != "device.unknown" {
            return Err(DeviceError::Server(code));
        }
        match self.renew(shown).await {
            Ok(()) => accepted(with(&self.token()).await?).await,
            // What it was asked first says more than why it may not renew.
            Err(DeviceError::Server(_)) => Err(DeviceError::Server(code)),
            Err(error) => Err(error),
        }
    }

    /// Fetches other credentials in place of the token that was `shown`, unless somebody just did.
    async fn renew(&self, shown: String) -> Result<()> {
        let _alone = self.renewal().await;
        if self.token() != shown {
            return Ok(());
        }
        let mut request = RenewRequest {
            device: self.profile().device,
            token: shown,
            signature: String::new(),
        };
        request.signature = self.author().key.sign_hash(&request.hash());
        let answer = self
            .http()
            .post(format!("{}/v1/devices/token", self.profile().server))
            .json(&request)
            .send()
            .await
            .map_err(|_| DeviceError::NoConnection)?;
        let fresh: Credentials = read(accepted(answer).await?).await?;
        self.take_credentials(fresh)
    }
}

async fn accepted(answer: reqwest::Response) -> Result<reqwest::Response> {
    match answer.status().is_success() {
        true => Ok(answer),
        false => Err(read_error(answer).await.into()),
    }
}

/// Reads an answer. What is no answer of our server (a captive portal's page) changes nothing.
pub(crate) async fn read<T: serde::de::DeserializeOwned>(answer: reqwest::Response) -> Result<T> {
    let bytes = answer
        .bytes()
        .await
        .map_err(|_| DeviceError::NoConnection)?;
    serde_json::from_slice(&bytes).map_err(|_| DeviceError::UnreadableAnswer)
}
