//! The debtor's copy: what they are left with, and nothing that they were not told.

use chrono::{NaiveDate, NaiveDateTime};
use doorstep_domain::Money;
use doorstep_domain::case::BalanceLine;
use doorstep_domain::payment::DebtParts;
use doorstep_domain::plan::{Consent, Frequency, Instalment, PaymentMethod, PlanKind, Relief};
use doorstep_domain::words::Language;
use serde::Serialize;
use ts_rs::TS;

/// Everything that stands on a copy. The same record gives the same document, byte for byte.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CopyRecord {
    /// In the debtor's language.
    pub language: Language,
    pub organisation: String,
    /// Who came.
    pub agent: String,
    /// For whom.
    pub creditor: String,
    pub reference: String,
    pub product: String,
    pub person: String,
    pub street: String,
    pub town: String,
    /// When they came, by the clock of the place.
    pub visited_at: Option<NaiveDateTime>,
    pub items: Vec<BalanceLine>,
    /// What is left of each part, where the creditor states the parts.
    pub parts: Option<DebtParts>,
    pub total: Money,
    pub as_of: NaiveDate,
    pub plan: Option<CopyPlan>,
    pub rights: Vec<String>,
    pub complaints: String,
    pub advice: String,
    /// Where the record can be checked, as the code on the copy carries it.
    pub check: Option<CopyCheck>,
}

/// The plan on a copy.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CopyPlan {
    pub agreed_on: NaiveDate,
    pub kinds: Vec<PlanKind>,
    pub frequency: Frequency,
    pub lines: Vec<Instalment>,
    /// What is paid without the plan, and with it.
    pub total_before: Money,
    pub total_after: Money,
    pub relief: Relief,
    pub method: Option<PaymentMethod>,
    pub no_new_credit: bool,
    pub other: String,
    pub consent: Consent,
    pub limitation_told: bool,
    pub grace_days: u16,
    /// The server has confirmed it; until then it may be countered or voided, and they are told.
    pub is_confirmed: bool,
}

/// How anybody can check that the record is known.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CopyCheck {
    pub url: String,
    /// The start of the action's commitment, to be compared by eye.
    pub short: String,
}
