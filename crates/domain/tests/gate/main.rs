//! The packs at their boundaries: the vectors of the reference, and what each pack adds.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use doorstep_domain::Case;
use doorstep_domain::checklist::Effect;
use doorstep_domain::clearance::{Clearance, clear};
use doorstep_domain::policy::Policies;
use doorstep_domain::visit::VisitIntent;
use doorstep_testkit::build::{case, safe_answers, shipped_policies};
use std::sync::LazyLock;

mod at_the_door;
mod hours;
mod reasons;
mod reference;

static POLICIES: LazyLock<Policies> = LazyLock::new(|| shipped_policies().unwrap());

fn door(zone: Tz) -> Case {
    let mut case = case().unwrap();
    case.address.zone = zone;
    case
}

fn pair(planned_minutes: u16) -> VisitIntent {
    VisitIntent {
        planned_minutes,
        headcount: 2,
        lead_approval: None,
        lifts: Vec::new(),
        partner_code: None,
    }
}

fn at(case: &Case, moment: &str, minutes: u16) -> Clearance {
    let moment: DateTime<FixedOffset> = moment.parse().unwrap();
    let answers = safe_answers(&POLICIES);
    clear(case, &answers, &POLICIES, &pair(minutes), moment.to_utc())
}

fn says(clearance: &Clearance, rule: &str) -> Option<Effect> {
    let reason = clearance.reasons.iter().find(|r| r.citation.rule == rule);
    reason.map(|reason| reason.effect)
}
