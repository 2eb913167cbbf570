//! What can go wrong on a device, each with a code that a screen decides by.

use crate::store::StoreError;
use doorstep_domain::RuleId;
use doorstep_domain::plan::PlanError;

/// Why a command did not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// You can't do that now; the rule says why.
    #[error("the rules do not permit this: {}", .0.as_str())]
    NotNow(RuleId),
    #[error("the passphrase does not open this device")]
    WrongPassphrase,
    #[error("the passphrase is shorter than {0} characters")]
    PassphraseTooShort(usize),
    #[error("the passphrase under force must be another one")]
    SamePassphrase,
    #[error("this device is not enrolled")]
    NotEnrolled,
    #[error("this device was retired or reported lost; its key is gone")]
    Retired,
    #[error("the server was not met for two weeks")]
    LeaseOver,
    #[error("the first sync has not finished")]
    NotReady,
    #[error("the case is not on this device")]
    UnknownCase,
    #[error("the server's address is not a web address")]
    BadAddress,
    #[error("no connection to the server")]
    NoConnection,
    #[error("the server answered with {0}")]
    Server(String),
    #[error("the server's answer could not be read")]
    UnreadableAnswer,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeviceError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::NotNow(rule) => rule.as_str(),
            Self::WrongPassphrase => "unlock.wrong_passphrase",
            Self::PassphraseTooShort(_) => "unlock.passphrase_too_short",
            Self::SamePassphrase => "unlock.same_passphrase",
            Self::NotEnrolled => "enrol.needed",
            Self::Retired => "device.retired",
            Self::LeaseOver => "device.lease_over",
            Self::NotReady => "sync.not_ready",
            Self::UnknownCase => "case.unknown",
            Self::BadAddress => "enrol.bad_address",
            Self::NoConnection => "sync.no_connection",
            Self::Server(code) => code,
            Self::UnreadableAnswer => "sync.unreadable_answer",
            Self::Store(error) => error.code(),
        }
    }
}

impl From<PlanError> for DeviceError {
    fn from(error: PlanError) -> Self {
        Self::NotNow(RuleId::named(error.code()))
    }
}

/// Shorthand for results of the device.
pub type Result<T> = std::result::Result<T, DeviceError>;
