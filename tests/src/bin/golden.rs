//! Writes the golden files of shapes that have none yet. Files that exist are never touched.

use anyhow::{Context, Result};
use doorstep_domain::action::Told;
use doorstep_domain::affordability::BudgetLine;
use doorstep_domain::arrival::{Arrival, ArrivalReason, Whereabouts};
use doorstep_domain::case::FactField;
use doorstep_domain::checklist::Answer;
use doorstep_domain::clearance::clear;
use doorstep_domain::complaint::{
    Complaint, ComplaintChannel, ComplaintKind, Complexity, Feedback,
};
use doorstep_domain::conflict::Choice;
use doorstep_domain::evidence::{Evidence, EvidenceKind};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::outcome::{ArrearsCause, Conduct, NextStep, Outcome, OutcomeKind};
use doorstep_domain::plan::{Consent, Pause, Relief};
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::visit::VisitIntent;
use doorstep_domain::{ActionId, Change, Currency, Money, PlanId, VisitId};
use doorstep_testkit::build::{Actor, agent, case, lead, morning, opening, plan, revision};
use std::path::Path;
use uuid::Uuid;

fn changes() -> Result<Vec<Change>> {
    let case = case().context("build a case")?;
    let day = "2026-11-21".parse()?;
    let visit = VisitId(Uuid::from_u128(0x71517));
    let raise = ActionId(Uuid::from_u128(0x4a15e));
    let total = Money::new(120_000, Currency::Cny);
    let intent = VisitIntent {
        planned_minutes: 30,
        headcount: 2,
        lead_approval: Some("Lin: phoned ahead".into()),
        lifts: Vec::new(),
        partner_code: None,
    };
    let answers = [
        ("Q03".to_owned(), Answer::Yes),
        ("Q20".to_owned(), Answer::Unknown),
    ]
    .into();
    let policies = doorstep_server::policies::shipped()?.policies;
    let clearance = clear(&case, &answers, &policies, &intent, morning());
    let mut terms = plan(1, total).context("build a plan")?;
    terms
        .budget
        .monthly_minor
        .insert(BudgetLine::Savings, 1_000);
    let outcome = Outcome {
        kind: OutcomeKind::Met,
        cause: Some(ArrearsCause::LessIncome),
        next_step: Some(NextStep::PlanAgreed),
        conduct: Conduct {
            identity_confirmed_first: true,
            credentials_shown: true,
            right_to_refuse_said: true,
        },
        note: "Asked for messages in the evening.".into(),
        left_behind: None,
    };
    Ok(vec![
        Change::OpenCase {
            facts: Box::new(opening()),
        },
        Change::ReplaceBalance {
            balance: case.balance,
            months_overdue: 4,
            gentler_attempts: None,
        },
        Change::PostPayment {
            amount: total,
            on: day,
        },
        Change::CloseCase {
            reason: "paid".into(),
        },
        Change::Assign {
            agent: agent(),
            day,
            position: 1,
        },
        Change::Unassign,
        Change::SetFact {
            field: FactField::Phone,
            old: Some("1".into()),
            new: "2".into(),
        },
        Change::AddNote {
            text: "A note.".into(),
        },
        Change::RaiseFlag {
            flag: FlagKind::DangerousAnimal,
            incident: "A dog.".into(),
            review_on: day,
        },
        Change::ClearFlag {
            raise,
            reason: String::new(),
        },
        Change::RaiseStop {
            stop: StopKind::Moratorium,
            effective: morning(),
            until: Some(day),
        },
        Change::LiftStop {
            raise,
            reason: String::new(),
        },
        Change::CheckVisit {
            visit,
            intent,
            answers,
            clearance: Box::new(clearance),
        },
        Change::StartTravel { visit },
        Change::Arrive {
            visit,
            position: doorstep_domain::place::Position::from_degrees(31.2, 120.15),
            arrival: None,
        },
        Change::CheckIn { visit },
        Change::EndVisit {
            visit,
            outcome: Box::new(outcome),
        },
        Change::AgreePlan {
            terms: Box::new(terms),
        },
        Change::Decide {
            conflict: raise,
            choice: Choice::Write { value: "3".into() },
        },
    ])
}

/// What schema 4 brought.
fn changes_of_4() -> Result<Vec<Change>> {
    let raise = ActionId(Uuid::from_u128(0x4a15e));
    let visit = VisitId(Uuid::from_u128(0x71517));
    let total = Money::new(120_000, Currency::Cny);
    let mut terms = plan(2, total).context("build a plan")?;
    let id = terms.id;
    terms.relief = Relief {
        discount_minor: 100,
        interest_bp: 0,
        frozen_until: Some("2027-01-31".parse()?),
        holiday: Some(Pause {
            from: "2027-02-01".parse()?,
            to: "2027-02-28".parse()?,
        }),
    };
    terms.limitation_told = true;
    terms.replaces = Some(PlanId(Uuid::from_u128(1)));
    terms.other = "Pays by the creditor's own app.".into();
    let reason = "The balance was another one.".to_owned();
    let complaint = Complaint {
        about: ComplaintKind::Conduct,
        channel: ComplaintChannel::AtTheDoor,
        text: "They came twice.".into(),
    };
    Ok(vec![
        Change::AgreePlan {
            terms: Box::new(terms.clone()),
        },
        Change::VoidPlan {
            plan: id,
            reason: reason.clone(),
        },
        Change::CounterPlan {
            plan: id,
            terms: Box::new(terms),
            reason: reason.clone(),
        },
        Change::AcceptCounter {
            plan: id,
            consent: Consent::Signed,
        },
        Change::BreakPlan { plan: id, reason },
        Change::TellOfPlan {
            plan: id,
            how: Told::Phone,
        },
        Change::RaiseComplaint {
            complaint: Box::new(complaint),
        },
        Change::GradeComplaint {
            complaint: raise,
            complexity: Complexity::Complex,
        },
        Change::AnswerComplaint {
            complaint: raise,
            text: "We are sorry.".into(),
        },
        Change::GiveFeedback {
            visit,
            feedback: Feedback {
                respect: 5,
                clarity: 4,
            },
        },
        Change::AddEvidence {
            evidence: Evidence {
                kind: EvidenceKind::Signature,
                sha256: "0".repeat(64),
                bytes: 1_024,
                media: "image/png".into(),
                visit: Some(visit),
                signs: Some(raise),
                has_consent: true,
                taken_on: "2026-11-22".parse()?,
                deleted_on: None,
            },
        },
        Change::DeleteEvidence {
            sha256: "0".repeat(64),
        },
    ])
}

/// What schema 5 brought.
fn changes_of_5() -> Result<Vec<Change>> {
    let visit = VisitId(Uuid::from_u128(0x71517));
    let mut checked = changes()?;
    checked.retain(|change| matches!(change, Change::CheckVisit { .. }));
    for change in &mut checked {
        if let Change::CheckVisit { intent, .. } = change {
            intent.partner_code = Some("12345678".into());
        }
    }
    let arrival = Arrival {
        whereabouts: Whereabouts::Outside,
        distance_m: Some(420),
        accuracy_m: Some(25),
        reason: Some(ArrivalReason::MetElsewhere),
        headcount: 2,
    };
    checked.extend([
        Change::Arrive {
            visit,
            position: doorstep_domain::place::Position::from_degrees(31.2, 120.15),
            arrival: Some(arrival),
        },
        Change::JoinVisit { visit },
    ]);
    Ok(checked)
}

/// What schema 6 brought.
fn changes_of_6() -> Result<Vec<Change>> {
    let raise = ActionId(Uuid::from_u128(0xf1a6));
    let review_on = chrono::NaiveDate::from_ymd_opt(2027, 5, 1).context("a day")?;
    Ok(vec![
        Change::ReviewFlag { raise, review_on },
        Change::ClearFlag {
            raise,
            reason: "The dog moved away.".into(),
        },
        Change::LiftStop {
            raise,
            reason: "The mandate ended.".into(),
        },
    ])
}

fn keep(folder: &str, name: &str, value: &impl serde::Serialize) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("compat")
        .join(folder);
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{name}.json"));
    match path.exists() {
        true => Ok(()),
        false => Ok(std::fs::write(
            path,
            serde_json::to_string_pretty(value)? + "\n",
        )?),
    }
}

fn main() -> Result<()> {
    let (mut door, mut full) = (Actor::new(agent(), 0x901d_0000), case());
    for (number, change) in (3..).zip(changes()?) {
        let kind = change.kind();
        let action = door.does(change, revision(2));
        keep("actions", &format!("schema-1-{kind}"), &action)?;
        full = fold(full, &action, &Standing::applied(revision(number)));
    }
    let mut door_of_4 = Actor::new(agent(), 0x901f_0000);
    for change in changes_of_4()? {
        let kind = change.kind();
        let action = door_of_4.does(change, revision(2));
        keep("actions", &format!("schema-4-{kind}"), &action)?;
    }
    let mut door_of_5 = Actor::new(agent(), 0x9020_0000);
    for change in changes_of_5()? {
        let kind = change.kind();
        let action = door_of_5.does(change, revision(2));
        keep("actions", &format!("schema-5-{kind}"), &action)?;
    }
    let mut desk_of_6 = Actor::new(lead(), 0x9021_0000);
    for change in changes_of_6()? {
        let kind = change.kind();
        let action = desk_of_6.does(change, revision(2));
        keep("actions", &format!("schema-6-{kind}"), &action)?;
    }
    let mut desk = Actor::new(lead(), 0x901e_0000);
    let late = Change::SetFact {
        field: FactField::Email,
        old: None,
        new: "x".into(),
    };
    let standing = Standing::Held {
        revision: revision(99),
        rule: doorstep_domain::RuleId::named("fact.changed_meanwhile"),
    };
    full = fold(full, &desk.does(late, revision(2)), &standing);
    keep(
        "cases",
        "schema-1-full",
        &full.context("build a full case")?,
    )
}
