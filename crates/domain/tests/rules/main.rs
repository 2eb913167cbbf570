//! The rules on a case: what is applied, held and refused, and that nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod facts;
mod people;
mod plan_life;
mod plans;

use doorstep_domain::case::FactField;
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::{Action, Case, Change, Currency, Money, Role, Ruling};
use doorstep_testkit::build::{EPOCH, morning, plan_policy, revision};

pub fn ruling(case: &Option<Case>, action: &Action, role: Role) -> Ruling {
    let policy = plan_policy();
    let context = Context {
        not_before: Some(morning()),
        ..Context::new(role, &policy, morning(), EPOCH)
    };
    judge(case.as_ref(), action, &context)
}

/// Judges and folds, as the server does.
pub fn take_in(
    case: Option<Case>,
    action: &Action,
    role: Role,
    number: u64,
) -> (Option<Case>, Ruling) {
    let ruling = ruling(&case, action, role);
    let revision = revision(number);
    let standing = Standing::of(&ruling, &[], revision);
    (fold(case, action, &standing), ruling)
}

pub fn phone(new: &str) -> Change {
    Change::SetFact {
        field: FactField::Phone,
        old: None,
        new: new.into(),
    }
}

pub fn note(text: &str) -> Change {
    Change::AddNote { text: text.into() }
}

pub fn owed(minor: i64) -> Money {
    Money::new(minor, Currency::Cny)
}
