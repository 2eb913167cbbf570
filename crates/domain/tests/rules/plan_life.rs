//! A plan after the door: paid, missed, voided, countered; and the complaint that stops everything.

use crate::{owed, take_in};
use chrono::{Days, NaiveDate};
use doorstep_domain::action::Told;
use doorstep_domain::case::BalanceItem;
use doorstep_domain::complaint::{Complaint, ComplaintChannel, ComplaintKind, Complexity};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::plan::{Consent, PlanKind, PlanState, PlanTerms, Relief};
use doorstep_domain::safety::StopKind;
use doorstep_domain::{Case, Change, PlanId, Role, Ruling};
use doorstep_testkit::build::{
    Actor, EPOCH, agent, case, lead, morning, plan, plan_policy, revision,
};

const TOTAL: i64 = 120_000;

fn terms() -> PlanTerms {
    plan(1, owed(TOTAL)).unwrap()
}

fn id() -> PlanId {
    terms().id
}

/// A case with an active plan, at revision 3.
fn agreed(terms: PlanTerms) -> Option<Case> {
    let change = Change::AgreePlan {
        terms: Box::new(terms),
    };
    let action = Actor::new(agent(), 0x100).does(change, revision(2));
    let (case, ruling) = take_in(case(), &action, Role::Agent, 3);
    assert_eq!(ruling, Ruling::Applied);
    case
}

fn does(case: Option<Case>, change: Change, role: Role, number: u64) -> (Option<Case>, Ruling) {
    let base = revision(number - 1);
    let action = Actor::new(lead(), 0x200 + u128::from(number) * 16).does(change, base);
    take_in(case, &action, role, number)
}

fn pays(case: Option<Case>, minor: i64, number: u64) -> Option<Case> {
    let payment = Change::PostPayment {
        amount: owed(minor),
        on: NaiveDate::from_ymd_opt(2026, 12, 30).unwrap(),
    };
    let (case, ruling) = does(case, payment, Role::BackOffice, number);
    assert_eq!(ruling, Ruling::Applied);
    case
}

fn is_stopped(case: &Case, kind: StopKind) -> bool {
    case.stops_in_force(morning()).any(|stop| stop.kind == kind)
}

#[test]
fn the_last_payment_keeps_the_plan_and_lifts_its_stop() {
    let mut case = agreed(terms());
    for number in 4..8 {
        assert!(is_stopped(case.as_ref().unwrap(), StopKind::ActivePlan));
        case = pays(case, 30_000, number);
    }
    let kept = case.unwrap();
    assert_eq!(kept.plans[0].state, PlanState::Kept);
    assert_eq!(kept.balance.total, owed(0));
    assert!(!is_stopped(&kept, StopKind::ActivePlan));
}

#[test]
fn a_settlement_that_is_kept_lets_the_rest_go() {
    let mut terms = terms();
    terms.relief = Relief {
        discount_minor: 12_000,
        ..Relief::default()
    };
    // Three of 300.00 and what is left.
    terms.lines.last_mut().unwrap().amount = owed(18_000);
    let mut case = agreed(terms.clone());
    assert!(terms.kinds().contains(&PlanKind::Settlement));
    case = pays(case, 100_000, 4);
    assert_eq!(case.as_ref().unwrap().plans[0].state, PlanState::Active);
    let kept = pays(case, 8_000, 5).unwrap();
    assert_eq!(kept.plans[0].state, PlanState::Kept);
    assert_eq!(kept.balance.total, owed(0));
    let last = kept.balance.lines.last().unwrap();
    assert_eq!(
        (last.item, last.amount),
        (BalanceItem::Discount, owed(-12_000))
    );
}

#[test]
fn a_larger_discount_is_for_a_lead_to_grant() {
    let mut terms = terms();
    terms.relief.discount_minor = 30_000;
    terms.lines.pop();
    let change = Change::AgreePlan {
        terms: Box::new(terms),
    };
    let action = Actor::new(agent(), 0x100).does(change, revision(2));
    let (case, ruling) = take_in(case(), &action, Role::Agent, 3);
    assert_eq!(ruling, Ruling::held("plan.discount_needs_approval"));
    assert!(is_stopped(&case.unwrap(), StopKind::ActivePlan));
}

#[test]
fn a_plan_without_what_the_pack_insists_on_waits_and_is_not_lost() {
    let mut terms = terms();
    terms.method = None;
    let change = Change::AgreePlan {
        terms: Box::new(terms),
    };
    let action = Actor::new(agent(), 0x100).does(change, revision(2));
    let (_, ruling) = take_in(case(), &action, Role::Agent, 3);
    assert_eq!(ruling, Ruling::held("plan.field_missing"));
}

#[test]
fn an_old_claim_is_revived_by_nobody_who_was_not_warned() {
    let mut old = case().unwrap();
    old.balance.lines[0].on = NaiveDate::from_ymd_opt(2023, 1, 1).unwrap();
    let agree = |told: bool| {
        let mut terms = terms();
        terms.limitation_told = told;
        let change = Change::AgreePlan {
            terms: Box::new(terms),
        };
        Actor::new(agent(), 0x100).does(change, revision(2))
    };
    let (_, ruling) = take_in(Some(old.clone()), &agree(false), Role::Agent, 3);
    assert_eq!(ruling, Ruling::held("plan.limitation_warning"));
    let (_, ruling) = take_in(Some(old), &agree(true), Role::Agent, 3);
    assert_eq!(ruling, Ruling::Applied);
}

#[test]
fn a_plan_is_broken_only_after_its_grace_and_by_a_person() {
    let case = agreed(terms()).unwrap();
    let first = case.plans[0].terms.lines[0].due;
    let change = Change::BreakPlan {
        plan: id(),
        reason: "No answer to two letters.".into(),
    };
    let action = Actor::new(lead(), 0x200).does(change, revision(3));
    let policy = plan_policy();
    let at = |days: u64| {
        let day = first + Days::new(days);
        let noon = day.and_hms_opt(12, 0, 0).unwrap().and_utc();
        judge(
            Some(&case),
            &action,
            &Context::new(Role::Lead, &policy, noon, EPOCH),
        )
    };
    assert_eq!(at(0), Ruling::refused("plan.not_missed"));
    assert_eq!(at(14), Ruling::refused("plan.not_missed"));
    assert_eq!(at(15), Ruling::Applied);
    let agents = Context::new(Role::Agent, &policy, morning(), EPOCH);
    assert_eq!(
        judge(Some(&case), &action, &agents),
        Ruling::refused("role.not_permitted")
    );
}

#[test]
fn a_voided_plan_ends_its_stop_and_somebody_tells_the_customer() {
    let void = Change::VoidPlan {
        plan: id(),
        reason: "The debt was sold.".into(),
    };
    let (case, ruling) = does(agreed(terms()), void.clone(), Role::Lead, 4);
    assert_eq!(ruling, Ruling::Applied);
    let voided = case.clone().unwrap();
    assert_eq!(voided.plans[0].state, PlanState::Void);
    assert!(voided.plans[0].is_to_be_told);
    assert!(!is_stopped(&voided, StopKind::ActivePlan));
    let (_, again) = does(case.clone(), void, Role::Lead, 5);
    assert_eq!(again, Ruling::refused("plan.not_now"));
    let tell = Change::TellOfPlan {
        plan: id(),
        how: Told::Phone,
    };
    let (case, ruling) = does(case, tell.clone(), Role::Lead, 5);
    assert_eq!(ruling, Ruling::Applied);
    assert!(!case.clone().unwrap().plans[0].is_to_be_told);
    assert_eq!(
        does(case, tell, Role::Lead, 6).1,
        Ruling::refused("plan.not_now")
    );
}

#[test]
fn a_counter_needs_new_consent_and_collection_stays_stopped_meanwhile() {
    let mut offered = terms();
    offered.lines = offered.lines.split_off(0);
    offered.other = "Another day of the month.".into();
    let counter = Change::CounterPlan {
        plan: id(),
        terms: Box::new(offered.clone()),
        reason: "The first day had passed.".into(),
    };
    let (case, ruling) = does(agreed(terms()), counter, Role::Lead, 4);
    assert_eq!(ruling, Ruling::Applied);
    let countered = case.clone().unwrap();
    assert_eq!(countered.plans[0].state, PlanState::Countered);
    assert!(countered.plans[0].is_to_be_told);
    assert!(is_stopped(&countered, StopKind::ActivePlan));
    let accept = Change::AcceptCounter {
        plan: id(),
        consent: Consent::Signed,
    };
    let (case, ruling) = does(case, accept.clone(), Role::Lead, 5);
    assert_eq!(ruling, Ruling::Applied);
    let active = case.clone().unwrap();
    assert_eq!(active.plans[0].state, PlanState::Active);
    assert_eq!(active.plans[0].terms.other, offered.other);
    assert_eq!(active.plans[0].terms.consent, Consent::Signed);
    assert_eq!(
        does(case, accept, Role::Lead, 6).1,
        Ruling::refused("plan.not_now")
    );
}

#[test]
fn an_offer_above_the_surplus_is_refused() {
    let mut offered = terms();
    offered.lines[0].amount = owed(90_000);
    let counter = Change::CounterPlan {
        plan: id(),
        terms: Box::new(offered),
        reason: "Faster.".into(),
    };
    let (_, ruling) = does(agreed(terms()), counter, Role::Lead, 4);
    assert_eq!(ruling, Ruling::refused("plan.above_surplus"));
}

#[test]
fn agreed_once_more_it_takes_the_place_of_the_first() {
    let mut second = plan(2, owed(TOTAL)).unwrap();
    second.replaces = Some(id());
    let change = Change::AgreePlan {
        terms: Box::new(second),
    };
    let action = Actor::new(agent(), 0x900).does(change, revision(3));
    let (case, ruling) = take_in(agreed(terms()), &action, Role::Agent, 4);
    assert_eq!(ruling, Ruling::Applied);
    let case = case.unwrap();
    let states: Vec<_> = case.plans.iter().map(|plan| plan.state).collect();
    assert_eq!(states, [PlanState::Replaced, PlanState::Active]);
    let in_force = case.stops_in_force(morning());
    assert_eq!(in_force.count(), 1, "the new plan's own");
}

#[test]
fn interest_that_nobody_may_charge_and_sums_that_are_wrong_are_refused() {
    let mut policy = plan_policy();
    policy.interest_bp_max = 0;
    let mut dear = terms();
    dear.relief.interest_bp = 1;
    assert_eq!(
        dear.check(&policy).unwrap_err().code(),
        "plan.interest_above_cap"
    );
    let mut wrong = terms();
    wrong.lines[0].amount = owed(29_999);
    assert_eq!(
        wrong.check(&policy).unwrap_err().code(),
        "plan.does_not_sum"
    );
    let mut late = terms();
    for line in &mut late.lines {
        line.due = line.due + Days::new(150);
    }
    assert_eq!(
        late.check(&policy).unwrap_err().code(),
        "plan.deferred_too_long"
    );
}

#[test]
fn a_complaint_stops_visits_until_its_handler_has_answered() {
    let complaint = Complaint {
        about: ComplaintKind::Conduct,
        channel: ComplaintChannel::AtTheDoor,
        text: "Words that nobody but the handler reads.".into(),
    };
    let raise = Change::RaiseComplaint {
        complaint: Box::new(complaint),
    };
    let action = Actor::new(agent(), 0x100).does(raise, revision(2));
    let (case, ruling) = take_in(case(), &action, Role::Agent, 3);
    assert_eq!(ruling, Ruling::Applied);
    let stopped = case.clone().unwrap();
    assert!(is_stopped(&stopped, StopKind::Complaint));
    let document = serde_json::to_string(&stopped).unwrap();
    assert!(!document.contains("Words that nobody"), "{document}");
    let lift = Change::LiftStop {
        raise: action.id,
        reason: String::new(),
    };
    assert_eq!(
        does(case.clone(), lift, Role::Lead, 4).1,
        Ruling::refused("stop.complaint_is_open")
    );
    let grade = Change::GradeComplaint {
        complaint: action.id,
        complexity: Complexity::Complex,
    };
    let (case, _) = does(case, grade, Role::ComplaintHandler, 4);
    assert_eq!(
        case.as_ref().unwrap().complaints[0].complexity,
        Complexity::Complex
    );
    let answer = Change::AnswerComplaint {
        complaint: action.id,
        text: "We are sorry.".into(),
    };
    for role in [Role::Agent, Role::Lead] {
        let (_, ruling) = does(case.clone(), answer.clone(), role, 5);
        assert_eq!(ruling, Ruling::refused("role.not_permitted"));
    }
    let (case, ruling) = does(case, answer, Role::ComplaintHandler, 5);
    assert_eq!(ruling, Ruling::Applied);
    assert!(!is_stopped(&case.unwrap(), StopKind::Complaint));
}

#[test]
fn a_complaint_forbids_visits_and_no_agreement() {
    let complaint = Complaint {
        about: ComplaintKind::Amount,
        channel: ComplaintChannel::AtTheDoor,
        text: "It is less.".into(),
    };
    let mut door = Actor::new(agent(), 0x100);
    let raise = Change::RaiseComplaint {
        complaint: Box::new(complaint),
    };
    let (case, _) = take_in(case(), &door.does(raise, revision(2)), Role::Agent, 3);
    let agree = Change::AgreePlan {
        terms: Box::new(terms()),
    };
    for seen in [2, 3] {
        let action = door.does(agree.clone(), revision(seen));
        let (_, ruling) = take_in(case.clone(), &action, Role::Agent, 4);
        assert_eq!(ruling, Ruling::Applied, "the stop was seen at {seen}");
    }
}

#[test]
fn what_was_paid_before_an_offer_does_not_pay_for_it_twice() {
    let case = pays(agreed(terms()), 30_000, 4);
    let mut offered = plan(1, owed(90_000)).unwrap();
    offered.other = "From the balance of today.".into();
    let counter = |number| Change::CounterPlan {
        plan: id(),
        terms: Box::new(offered.clone()),
        reason: format!("Offer {number}."),
    };
    let accept = Change::AcceptCounter {
        plan: id(),
        consent: Consent::Spoken,
    };
    let (case, ruling) = does(case, counter(1), Role::Lead, 5);
    assert_eq!(ruling, Ruling::Applied);
    // Money that arrives meanwhile makes the offer one for another debt.
    let paid = pays(case.clone(), 20_000, 6);
    let (_, ruling) = does(paid, accept.clone(), Role::Lead, 7);
    assert_eq!(ruling, Ruling::refused("plan.balance_moved"));
    let (case, ruling) = does(case, accept, Role::Lead, 6);
    assert_eq!(ruling, Ruling::Applied);
    assert_eq!(case.as_ref().unwrap().plans[0].paid_minor, 0);
    let case = pays(case, 60_000, 7);
    assert_eq!(case.as_ref().unwrap().plans[0].state, PlanState::Active);
    let kept = pays(case, 30_000, 8).unwrap();
    assert_eq!(kept.plans[0].state, PlanState::Kept);
}

#[test]
fn a_plan_is_kept_when_nothing_is_owed_any_more() {
    // What was paid before the agreement arrived in the books after it.
    let mut case = agreed(terms());
    let early = Change::PostPayment {
        amount: owed(20_000),
        on: NaiveDate::from_ymd_opt(2026, 11, 1).unwrap(),
    };
    case = does(case, early, Role::BackOffice, 4).0;
    let kept = pays(case, 100_000, 5).unwrap();
    assert_eq!(kept.balance.total, owed(0));
    assert_eq!(kept.plans[0].state, PlanState::Kept);
    assert!(!is_stopped(&kept, StopKind::ActivePlan));
}

#[test]
fn nobody_replaces_what_another_agreed() {
    let mut second = plan(2, owed(TOTAL)).unwrap();
    second.replaces = Some(id());
    let mut case = agreed(terms()).unwrap();
    case.plans[0].agreed_by = lead();
    let change = Change::AgreePlan {
        terms: Box::new(second),
    };
    let action = Actor::new(agent(), 0x900).does(change, revision(3));
    let (_, ruling) = take_in(Some(case), &action, Role::Agent, 4);
    assert_eq!(ruling, Ruling::held("plan.already_active"));
}
