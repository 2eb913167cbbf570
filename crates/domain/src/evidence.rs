//! Evidence: what was photographed, signed or recorded. The bytes travel apart from the action, by
//! their hash; the case says what they are.

use crate::{ActionId, RuleId, VisitId};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Of papers or of a place outside; never of the inside of a home (reference section 5).
    Photo,
    Signature,
    /// Only after the person has agreed to it.
    Recording,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(ts_rs::TS, utoipa::ToSchema))]
pub struct Evidence {
    pub kind: EvidenceKind,
    /// SHA-256 of the bytes, in hexadecimal: also their address.
    pub sha256: String,
    #[cfg_attr(feature = "schema", ts(type = "number"))]
    pub bytes: u64,
    /// Such as `image/jpeg`.
    pub media: String,
    pub visit: Option<VisitId>,
    /// The plan's action that a signature is for.
    pub signs: Option<ActionId>,
    /// The person agreed before it was made.
    pub has_consent: bool,
    pub taken_on: NaiveDate,
    /// When its time was over, and the bytes were removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", ts(optional))]
    pub deleted_on: Option<NaiveDate>,
}

impl Evidence {
    /// Whether it may be kept: a recording only with consent, an address only where it can be one.
    pub fn check(&self) -> Result<(), RuleId> {
        let is_hash = self.sha256.len() == 64
            && self
                .sha256
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let refused = match self.kind {
            _ if !is_hash || self.bytes == 0 => "evidence.not_readable",
            EvidenceKind::Recording | EvidenceKind::Photo if !self.has_consent => {
                "evidence.no_consent"
            }
            _ => return Ok(()),
        };
        Err(RuleId::named(refused))
    }

    /// The last day on which it is kept, counted from the day it was made or from the last visit, whichever
    /// is later; it is deleted afterwards.
    pub fn kept_until(&self, months: u16, last_visit: Option<NaiveDate>) -> NaiveDate {
        let from = last_visit.map_or(self.taken_on, |visit| visit.max(self.taken_on));
        let until = from.checked_add_months(Months::new(u32::from(months)));
        until.unwrap_or(NaiveDate::MAX)
    }
}
