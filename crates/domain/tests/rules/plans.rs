//! Plans: when they bind, when they wait, and what they stop.

use crate::{note, owed, ruling, take_in};
use chrono::NaiveDate;
use doorstep_domain::case::FactField;
use doorstep_domain::conflict::Choice;
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::plan::PlanState;
use doorstep_domain::safety::StopKind;
use doorstep_domain::{Action, Case, Change, Role, Ruling};
use doorstep_testkit::build::{
    Actor, EPOCH, agent, case, lead, morning, other_agent, plan, plan_policy, revision,
};

/// A case with a plan that is held because a payment landed meanwhile, at revision 4.
fn a_plan_that_waits(door: &mut Actor) -> (Option<Case>, Action) {
    let payment = Change::PostPayment {
        amount: owed(50_000),
        on: morning().date_naive(),
    };
    let paid = Actor::new(lead(), 0x300).does(payment, revision(2));
    let (case, _) = take_in(case(), &paid, Role::BackOffice, 3);
    let agreed = Change::AgreePlan {
        terms: Box::new(plan(1, owed(120_000)).unwrap()),
    };
    let held = door.does(agreed, revision(2));
    let (case, told) = take_in(case, &held, Role::Agent, 4);
    assert_eq!(told, Ruling::held("plan.balance_moved"));
    (case, held)
}

#[test]
fn a_plan_signed_while_a_payment_lands_is_held_and_stops_collection() {
    let (mut door, mut office) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let payment = Change::PostPayment {
        amount: owed(20_000),
        on: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
    };
    let (case, _) = take_in(
        case(),
        &office.does(payment, revision(2)),
        Role::BackOffice,
        3,
    );
    let terms = plan(1, owed(120_000)).unwrap();
    let signed = door.does(
        Change::AgreePlan {
            terms: Box::new(terms),
        },
        revision(2),
    );
    let (case, ruling) = take_in(case, &signed, Role::Agent, 4);
    assert_eq!(ruling, Ruling::held("plan.balance_moved"));
    let held = case.clone().unwrap();
    assert_eq!(held.plans[0].state, PlanState::Provisional);
    assert!(
        held.stops_in_force(morning())
            .any(|stop| stop.kind == StopKind::ActivePlan)
    );

    let mut desk = Actor::new(lead(), 0x300);
    let confirm = Change::Decide {
        conflict: signed.id,
        choice: Choice::TakeHeld,
    };
    let (confirmed, _) = take_in(
        case.clone(),
        &desk.does(confirm, revision(4)),
        Role::Lead,
        5,
    );
    assert_eq!(confirmed.unwrap().plans[0].state, PlanState::Active);

    let void = Change::Decide {
        conflict: signed.id,
        choice: Choice::KeepCurrent,
    };
    let (voided, _) = take_in(case, &desk.does(void, revision(4)), Role::Lead, 5);
    let voided = voided.unwrap();
    assert_eq!(voided.plans[0].state, PlanState::Void);
    assert_eq!(voided.stops_in_force(morning()).count(), 0);
}

#[test]
fn daily_interest_is_not_a_conflict() {
    let mut door = Actor::new(agent(), 0x100);
    let mut moved = case();
    moved.as_mut().unwrap().balance.total = owed(123_000);
    let terms = plan(1, owed(120_000)).unwrap();
    let signed = door.does(
        Change::AgreePlan {
            terms: Box::new(terms),
        },
        revision(2),
    );
    assert_eq!(ruling(&moved, &signed, Role::Agent), Ruling::Applied);
}

#[test]
fn two_plans_in_one_evening_the_second_is_held() {
    let mut door = Actor::new(agent(), 0x100);
    let agree = |id| Change::AgreePlan {
        terms: Box::new(plan(id, owed(120_000)).unwrap()),
    };
    let (case, first) = take_in(case(), &door.does(agree(1), revision(2)), Role::Agent, 3);
    let (case, second) = take_in(case, &door.does(agree(2), revision(2)), Role::Agent, 4);
    assert_eq!(
        (first, second),
        (Ruling::Applied, Ruling::held("plan.already_active"))
    );
    assert_eq!(case.unwrap().plans.len(), 2);
}

#[test]
fn a_plan_above_what_is_affordable_is_refused_and_leaves_a_void_trace() {
    let mut door = Actor::new(agent(), 0x100);
    let mut terms = plan(1, owed(120_000)).unwrap();
    terms.lines.truncate(1);
    terms.lines[0].amount = owed(120_000);
    let signed = door.does(
        Change::AgreePlan {
            terms: Box::new(terms),
        },
        revision(2),
    );
    let (case, ruling) = take_in(case(), &signed, Role::Agent, 3);
    assert_eq!(ruling, Ruling::refused("plan.above_surplus"));
    assert_eq!(case.unwrap().plans[0].state, PlanState::Void);
}

#[test]
fn a_moratorium_the_agent_knew_of_refuses_a_plan_and_one_they_could_not_know_holds_it() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let stop = |effective| Change::RaiseStop {
        stop: StopKind::Moratorium,
        effective,
        until: None,
    };
    let agree = || Change::AgreePlan {
        terms: Box::new(plan(1, owed(120_000)).unwrap()),
    };
    let (known, _) = take_in(
        case(),
        &desk.does(stop(morning()), revision(2)),
        Role::Lead,
        3,
    );
    let knew = door.does(agree(), revision(3));
    assert_eq!(
        ruling(&known, &knew, Role::Agent),
        Ruling::refused("plan.legal_stop")
    );

    // The stop is younger than the author's cursor and older than the arrival: only possible.
    let later = morning() + chrono::Duration::hours(1);
    let (recent, _) = take_in(case(), &desk.does(stop(later), revision(2)), Role::Lead, 3);
    let signed = door.does(agree(), revision(2));
    let policy = plan_policy();
    let context = Context {
        not_before: Some(morning()),
        ..Context::new(
            Role::Agent,
            &policy,
            later + chrono::Duration::hours(1),
            EPOCH,
        )
    };
    assert_eq!(
        judge(recent.as_ref(), &signed, &context),
        Ruling::held("plan.legal_stop_possible")
    );
}

#[test]
fn reassigned_while_offline_the_visit_is_kept_and_what_binds_is_held() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let day = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
    let away = Change::Assign {
        agent: other_agent(),
        day,
        position: 1,
    };
    let (case, _) = take_in(case(), &desk.does(away, revision(2)), Role::Lead, 3);
    let (case, ruling_note) = take_in(
        case,
        &door.does(note("was there"), revision(2)),
        Role::Agent,
        4,
    );
    assert_eq!(ruling_note, Ruling::Applied);
    assert!(case.as_ref().unwrap().history[0].late);
    let agree = Change::AgreePlan {
        terms: Box::new(plan(1, owed(120_000)).unwrap()),
    };
    assert_eq!(
        ruling(&case, &door.does(agree, revision(2)), Role::Agent),
        Ruling::held("plan.late_work")
    );
}

#[test]
fn a_plan_that_is_decided_twice_has_one_stop_that_follows_it() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let (mut case, held) = a_plan_that_waits(&mut door);
    let mut settles = held.id;
    for (number, choice, state, stops) in [
        (5, Choice::KeepCurrent, PlanState::Void, 0),
        (6, Choice::TakeHeld, PlanState::Void, 0),
        (7, Choice::TakeHeld, PlanState::Active, 1),
        (8, Choice::KeepCurrent, PlanState::Active, 1),
    ] {
        let action = desk.does(
            Change::Decide {
                conflict: settles,
                choice,
            },
            revision(number - 1),
        );
        case = take_in(case, &action, Role::Lead, number).0;
        // The second decision on the plan is a conflict of its own, which the third settles.
        settles = if number == 6 { action.id } else { held.id };
        let now = case.as_ref().unwrap();
        assert_eq!(now.plans[0].state, state, "after {number}");
        assert_eq!(
            now.stops_in_force(morning()).count(),
            stops,
            "after {number}"
        );
        assert!(now.stops.len() == 1, "never a second stop for one plan");
    }
}

#[test]
fn what_depends_on_a_held_action_shares_its_fate() {
    for (choice, state) in [
        (Choice::TakeHeld, PlanState::Active),
        (Choice::KeepCurrent, PlanState::Void),
    ] {
        let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
        let (case, held) = a_plan_that_waits(&mut door);

        let mut email = door.does(
            Change::SetFact {
                field: FactField::Email,
                old: None,
                new: "after the plan".into(),
            },
            revision(2),
        );
        email.after = vec![held.id];
        let policy = plan_policy();
        let after = [(held.id, Some(Ruling::held("plan.balance_moved")))];
        let context = Context {
            after: &after,
            ..Context::new(Role::Agent, &policy, morning(), EPOCH)
        };
        let told = judge(case.as_ref(), &email, &context);
        assert_eq!(told, Ruling::held("action.depends_on_held"));
        let case = fold(case, &email, &Standing::of(&told, &[], revision(5)));
        assert_eq!(case.as_ref().unwrap().fact(FactField::Email), None);

        let decision = Change::Decide {
            conflict: held.id,
            choice: choice.clone(),
        };
        let (case, told) = take_in(case, &desk.does(decision, revision(5)), Role::Lead, 6);
        assert_eq!(told, Ruling::Applied);
        let case = case.unwrap();
        let expected = matches!(choice, Choice::TakeHeld).then_some("after the plan");
        assert_eq!(case.fact(FactField::Email), expected);
        assert_eq!(case.plans[0].state, state);
        // What comes later and depends on it is told the same.
        let settled = judge(Some(&case), &email, &context);
        let refused = Ruling::refused("action.depends_on_refused");
        assert_eq!(settled == refused, expected.is_none());
    }
}
