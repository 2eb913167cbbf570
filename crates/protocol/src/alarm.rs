//! Alarms: beside the queue, never in it. Small, idempotent, retried every few seconds.

use chrono::{DateTime, FixedOffset};
use doorstep_domain::CaseId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody at a door says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The panic button.
    Panic,
    /// A code given under force.
    Duress,
    /// Left at once: a red withdrawal.
    Red,
    /// *I'm all right.*
    CheckIn,
    /// Nothing was heard in time: the server's own watch says so, never a device.
    Silent,
}

impl AlarmKind {
    /// Somebody calls for help: no step of the ladder is waited for.
    pub const fn is_cry(self) -> bool {
        matches!(self, Self::Panic | Self::Duress)
    }

    /// Somebody must look: everything but *I'm all right*.
    pub const fn needs_somebody(self) -> bool {
        !matches!(self, Self::CheckIn)
    }

    /// As it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Duress => "duress",
            Self::Red => "red",
            Self::CheckIn => "check_in",
            Self::Silent => "silent",
        }
    }
}

/// A text that names no kind of alarm.
#[derive(Debug, thiserror::Error)]
#[error("no kind of alarm")]
pub struct UnknownAlarm;

impl std::str::FromStr for AlarmKind {
    type Err = UnknownAlarm;
    fn from_str(text: &str) -> Result<Self, UnknownAlarm> {
        [
            Self::Panic,
            Self::Duress,
            Self::Red,
            Self::CheckIn,
            Self::Silent,
        ]
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or(UnknownAlarm)
    }
}

/// One alarm. The journal records what happened as well; this is what cannot wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alarm {
    /// Made on the device: the same alarm sent again is the same row.
    pub id: Uuid,
    pub kind: AlarmKind,
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseId>,
    /// The device's wall clock.
    pub recorded_at: DateTime<FixedOffset>,
}
