//! Where alarms go: webhooks and mailboxes. They carry the alarm's id and the agent's name, and
//! nothing about the person who owes money.

use super::Asked;
use chrono::{DateTime, Utc};
use doorstep_domain::CaseId;
use doorstep_protocol::alarm::AlarmKind;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde::Serialize;
use std::time::Duration;
use uuid::Uuid;

const SEND_SECONDS_MAX: u64 = 10;

/// Why a channel can't be used, or did not take an alarm.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("the webhook's address is not an http or https address")]
    Address,
    #[error("read the mailbox: {0}")]
    Mailbox(#[from] lettre::address::AddressError),
    #[error("read the mail server's address: {0}")]
    MailServer(lettre::transport::smtp::Error),
    #[error("the webhook did not take it: {0}")]
    Webhook(reqwest::Error),
    #[error("the mail server did not take it: {0}")]
    Mail(String),
}

/// What a channel is told.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// The same alarm has the same id, however often it is delivered.
    pub alarm: Uuid,
    pub kind: AlarmKind,
    /// Whose turn it is.
    pub rung: String,
    /// Who that is by name, with the number from the rota.
    pub asked: Option<Asked>,
    pub agent: String,
    pub case: Option<CaseId>,
    pub raised_at: DateTime<Utc>,
}

/// A place where alarms go.
pub enum Channel {
    Webhook {
        name: String,
        url: String,
        client: reqwest::Client,
    },
    Mail {
        name: String,
        transport: Box<AsyncSmtpTransport<Tokio1Executor>>,
        from: Box<Mailbox>,
        to: Box<Mailbox>,
    },
}

impl Channel {
    /// A webhook, the `place`th of them. It gets a POST with JSON.
    pub fn webhook(place: usize, url: &str) -> Result<Self, ChannelError> {
        let is_web = ["http://", "https://"].iter().any(|of| url.starts_with(of));
        if !is_web {
            return Err(ChannelError::Address);
        }
        crate::secrets::install_tls();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(SEND_SECONDS_MAX))
            .build()
            .map_err(ChannelError::Webhook)?;
        Ok(Self::Webhook {
            name: format!("webhook-{place}"),
            url: url.to_owned(),
            client,
        })
    }

    /// A mailbox, the `place`th of them, by way of `server`, such as `smtp://mail.example:587`.
    pub fn mail(place: usize, server: &str, from: &str, to: &str) -> Result<Self, ChannelError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server)
            .map_err(ChannelError::MailServer)?
            .timeout(Some(Duration::from_secs(SEND_SECONDS_MAX)))
            .build();
        Ok(Self::Mail {
            name: format!("mail-{place}"),
            transport: Box::new(transport),
            from: Box::new(from.parse()?),
            to: Box::new(to.parse()?),
        })
    }

    /// By which what was delivered is noted; never an address.
    pub fn name(&self) -> &str {
        match self {
            Self::Webhook { name, .. } | Self::Mail { name, .. } => name,
        }
    }

    /// Sends; done when the other end has taken it.
    pub async fn send(&self, message: &Message) -> Result<(), ChannelError> {
        match self {
            Self::Webhook { url, client, .. } => {
                let answer = client
                    .post(url)
                    .header("idempotency-key", message.alarm.to_string())
                    .json(message)
                    .send()
                    .await;
                answer
                    .and_then(reqwest::Response::error_for_status)
                    .map(drop)
                    .map_err(|error| ChannelError::Webhook(error.without_url()))
            }
            Self::Mail {
                transport,
                from,
                to,
                ..
            } => {
                let mail = lettre::Message::builder()
                    .from((**from).clone())
                    .to((**to).clone())
                    .subject(format!("Doorstep alarm: {}", message.kind.name()))
                    .body(words(message))
                    .map_err(|error| ChannelError::Mail(error.to_string()))?;
                let sent = transport.send(mail).await;
                sent.map(drop)
                    .map_err(|error| ChannelError::Mail(error.to_string()))
            }
        }
    }
}

fn words(message: &Message) -> String {
    let asked = match &message.asked {
        Some(asked) if asked.phone.is_empty() => asked.name.clone(),
        Some(asked) => format!("{} ({})", asked.name, asked.phone),
        None => "nobody is on call".to_owned(),
    };
    format!(
        "{} needs somebody: {}.\nRaised at {} (UTC). Now asked: {}, {asked}.\n\
         Open the console, call them, and close the alarm only after you have spoken.\n\
         Alarm {}\n",
        message.agent,
        message.kind.name(),
        message.raised_at.format("%Y-%m-%d %H:%M:%S"),
        message.rung,
        message.alarm
    )
}
