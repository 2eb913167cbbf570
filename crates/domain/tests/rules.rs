//! The rules on a case: what is applied, held and refused, and that nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::NaiveDate;
use doorstep_domain::case::FactField;
use doorstep_domain::checklist::Answers;
use doorstep_domain::clearance::Clearance;
use doorstep_domain::conflict::{Choice, Sides};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::outcome::Outcome;
use doorstep_domain::plan::PlanState;
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::visit::VisitIntent;
use doorstep_domain::{
    Action, Case, Change, Currency, Epoch, Money, Revision, Role, Ruling, VisitId,
};
use doorstep_testkit::build::{
    Actor, EPOCH, agent, case, lead, morning, opening, other_agent, plan, plan_policy, revision,
};

fn ruling(case: &Option<Case>, action: &Action, role: Role) -> Ruling {
    let policy = plan_policy();
    let context = Context {
        not_before: Some(morning()),
        ..Context::new(role, &policy, morning(), EPOCH)
    };
    judge(case.as_ref(), action, &context)
}

/// Judges and folds, as the server does.
fn take_in(case: Option<Case>, action: &Action, role: Role, number: u64) -> (Option<Case>, Ruling) {
    let ruling = ruling(&case, action, role);
    let revision = revision(number);
    let standing = Standing::of(&ruling, &[], revision);
    (fold(case, action, &standing), ruling)
}

fn phone(new: &str) -> Change {
    Change::SetFact {
        field: FactField::Phone,
        old: None,
        new: new.into(),
    }
}

fn note(text: &str) -> Change {
    Change::AddNote { text: text.into() }
}

fn owed(minor: i64) -> Money {
    Money::new(minor, Currency::Cny)
}

#[test]
fn two_agents_two_fields_both_apply() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let email = Change::SetFact {
        field: FactField::Email,
        old: None,
        new: "r@sample.example".into(),
    };
    let (case, first) = take_in(case(), &desk.does(email, revision(2)), Role::Lead, 3);
    let (case, second) = take_in(
        case,
        &door.does(phone("07700 900009"), revision(2)),
        Role::Agent,
        4,
    );
    assert_eq!((first, second), (Ruling::Applied, Ruling::Applied));
    let case = case.unwrap();
    assert_eq!(case.fact(FactField::Phone), Some("07700 900009"));
    assert_eq!(case.fact(FactField::Email), Some("r@sample.example"));
}

#[test]
fn same_field_two_values_is_held_with_both_sides() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let (case, _) = take_in(
        case(),
        &desk.does(phone("desk"), revision(2)),
        Role::Lead,
        3,
    );
    let (case, ruling) = take_in(case, &door.does(phone("door"), revision(2)), Role::Agent, 4);
    assert_eq!(ruling, Ruling::held("fact.changed_meanwhile"));
    let case = case.unwrap();
    assert_eq!(case.fact(FactField::Phone), Some("desk"));
    let Sides::Fact { held, current, .. } = &case.conflicts[0].sides else {
        panic!("not a fact")
    };
    assert_eq!((held.as_str(), current.as_deref()), ("door", Some("desk")));
}

#[test]
fn same_field_same_value_is_applied_once() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let (case, _) = take_in(
        case(),
        &desk.does(phone("same"), revision(2)),
        Role::Lead,
        3,
    );
    let (case, ruling) = take_in(case, &door.does(phone("same"), revision(2)), Role::Agent, 4);
    assert_eq!(ruling, Ruling::Applied);
    assert!(case.unwrap().conflicts.is_empty());
}

#[test]
fn a_value_changed_and_changed_back_is_not_mistaken_for_untouched() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let (case, _) = take_in(
        case(),
        &desk.does(phone("other"), revision(2)),
        Role::Lead,
        3,
    );
    let (case, _) = take_in(
        case,
        &desk.does(phone("07700 900001"), revision(3)),
        Role::Lead,
        4,
    );
    let (_, ruling) = take_in(case, &door.does(phone("door"), revision(2)), Role::Agent, 5);
    assert_eq!(ruling, Ruling::held("fact.changed_meanwhile"));
}

#[test]
fn three_edits_of_one_field_offline_apply_in_order() {
    let mut door = Actor::new(agent(), 0x100);
    let mut case = case();
    let mut prev = None;
    for (number, value) in (3..).zip(["one", "two", "three"]) {
        let mut edit = door.does(phone(value), revision(2));
        edit.prev = prev;
        prev = Some(edit.id);
        let ruling;
        (case, ruling) = take_in(case, &edit, Role::Agent, number);
        assert_eq!(ruling, Ruling::Applied);
    }
    assert_eq!(case.unwrap().fact(FactField::Phone), Some("three"));
}

#[test]
fn edits_after_a_held_one_join_its_conflict() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let (case, _) = take_in(
        case(),
        &desk.does(phone("desk"), revision(2)),
        Role::Lead,
        3,
    );
    let first = door.does(phone("one"), revision(2));
    let mut second = door.does(phone("two"), revision(2));
    second.prev = Some(first.id);
    let (case, _) = take_in(case, &first, Role::Agent, 4);
    let (case, ruling) = take_in(case, &second, Role::Agent, 5);
    assert_eq!(ruling, Ruling::held("fact.changed_meanwhile"));
    let case = case.unwrap();
    assert_eq!(case.conflicts.len(), 1);
    assert_eq!(case.conflicts[0].joined, [second.id]);
    let decision = Change::Decide {
        conflict: first.id,
        choice: Choice::TakeHeld,
    };
    let (case, _) = take_in(Some(case), &desk.does(decision, revision(5)), Role::Lead, 6);
    assert_eq!(case.unwrap().fact(FactField::Phone), Some("two"));
}

#[test]
fn an_edit_from_another_epoch_is_never_taken_for_fresh() {
    let mut door = Actor::new(agent(), 0x100);
    let future = Revision {
        epoch: Epoch(8),
        number: 99,
    };
    assert_eq!(
        ruling(&case(), &door.does(phone("door"), future), Role::Agent),
        Ruling::held("fact.changed_meanwhile")
    );
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
fn another_agents_case_is_refused() {
    let mut stranger = Actor::new(other_agent(), 0x300);
    assert_eq!(
        ruling(
            &case(),
            &stranger.does(note("hello"), revision(2)),
            Role::Agent
        ),
        Ruling::refused("case.not_yours")
    );
}

#[test]
fn clearing_a_flag_clears_only_the_raise_that_was_seen() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let raise = || Change::RaiseFlag {
        flag: FlagKind::DangerousAnimal,
        incident: "A dog.".into(),
        review_on: NaiveDate::from_ymd_opt(2027, 5, 1).unwrap(),
    };
    let first = desk.does(raise(), revision(2));
    let (case, _) = take_in(case(), &first, Role::Lead, 3);
    let (case, _) = take_in(case, &door.does(raise(), revision(2)), Role::Agent, 4);
    let clear = Change::ClearFlag { raise: first.id };
    let (case, _) = take_in(case, &desk.does(clear, revision(3)), Role::Lead, 5);
    assert_eq!(case.unwrap().open_flags().count(), 1);
}

#[test]
fn roles_are_kept_apart() {
    let mut door = Actor::new(agent(), 0x100);
    let payment = Change::PostPayment {
        amount: owed(1),
        on: NaiveDate::MIN,
    };
    for change in [
        payment,
        Change::Unassign,
        Change::CloseCase { reason: "x".into() },
    ] {
        assert_eq!(
            ruling(&case(), &door.does(change, revision(2)), Role::Agent),
            Ruling::refused("role.not_permitted")
        );
    }
}

#[test]
fn two_decisions_that_differ_are_both_kept_and_decided_again() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let (case, _) = take_in(
        case(),
        &desk.does(phone("desk"), revision(2)),
        Role::Lead,
        3,
    );
    let held = door.does(phone("door"), revision(2));
    let (case, _) = take_in(case, &held, Role::Agent, 4);
    let decide = |choice| Change::Decide {
        conflict: held.id,
        choice,
    };
    let (case, _) = take_in(
        case,
        &door.does(decide(Choice::TakeHeld), revision(4)),
        Role::Agent,
        5,
    );
    assert_eq!(
        ruling(
            &case,
            &desk.does(decide(Choice::TakeHeld), revision(4)),
            Role::Lead
        ),
        Ruling::Applied
    );
    let late = desk.does(decide(Choice::KeepCurrent), revision(4));
    let (case, told) = take_in(case, &late, Role::Lead, 6);
    assert_eq!(told, Ruling::held("decision.already_settled"));
    let fact = |case: &Option<Case>| {
        case.as_ref()
            .unwrap()
            .fact(FactField::Phone)
            .unwrap()
            .to_owned()
    };
    assert_eq!(fact(&case), "door");
    let again = Change::Decide {
        conflict: late.id,
        choice: Choice::TakeHeld,
    };
    let (case, _) = take_in(case, &desk.does(again, revision(6)), Role::Lead, 7);
    assert_eq!(fact(&case), "desk");
    assert!(case.unwrap().conflicts.iter().all(|c| !c.is_open()));
}

#[test]
fn a_plan_that_is_decided_twice_has_one_stop_that_follows_it() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let mut back_office = Actor::new(lead(), 0x300);
    let payment = Change::PostPayment {
        amount: owed(50_000),
        on: morning().date_naive(),
    };
    let paid = back_office.does(payment, revision(2));
    let (case, _) = take_in(case(), &paid, Role::BackOffice, 3);
    let agreed = Change::AgreePlan {
        terms: Box::new(plan(1, owed(120_000)).unwrap()),
    };
    let held = door.does(agreed, revision(2));
    let (mut case, _) = take_in(case, &held, Role::Agent, 4);
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
        let mut back_office = Actor::new(lead(), 0x300);
        let payment = Change::PostPayment {
            amount: owed(50_000),
            on: morning().date_naive(),
        };
        let paid = back_office.does(payment, revision(2));
        let (case, _) = take_in(case(), &paid, Role::BackOffice, 3);
        let first = Change::AgreePlan {
            terms: Box::new(plan(1, owed(120_000)).unwrap()),
        };
        let held = door.does(first, revision(2));
        let (case, told) = take_in(case, &held, Role::Agent, 4);
        assert_eq!(told, Ruling::held("plan.balance_moved"));

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
        let after = [(held.id, Some(told))];
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

#[test]
fn a_safety_action_waits_for_nothing() {
    let mut door = Actor::new(agent(), 0x100);
    let flag = Change::RaiseFlag {
        flag: FlagKind::DangerousAnimal,
        incident: "a dog".into(),
        review_on: morning().date_naive(),
    };
    let mut action = door.does(flag, revision(2));
    let before = door.does(note("before"), revision(2)).id;
    action.after = vec![before];
    let policy = plan_policy();
    let after = [(before, Some(Ruling::refused("test")))];
    let context = Context {
        after: &after,
        ..Context::new(Role::Agent, &policy, morning(), EPOCH)
    };
    assert_eq!(judge(case().as_ref(), &action, &context), Ruling::Applied);
}

#[test]
fn the_second_of_two_leads_gets_the_present_owner() {
    let (mut first, mut second) = (Actor::new(lead(), 0x100), Actor::new(lead(), 0x200));
    let give = |agent| Change::Assign {
        agent,
        day: morning().date_naive(),
        position: 1,
    };
    let (case, _) = take_in(
        case(),
        &first.does(give(other_agent()), revision(2)),
        Role::Lead,
        3,
    );
    let third = doorstep_domain::UserId(uuid::Uuid::from_u128(0xa9e2));
    assert_eq!(
        ruling(&case, &second.does(give(third), revision(2)), Role::Lead),
        Ruling::refused("assignment.changed_meanwhile")
    );
    assert_eq!(
        ruling(&case, &second.does(give(third), revision(3)), Role::Lead),
        Ruling::Applied
    );
}

#[test]
fn what_a_restored_server_lost_is_not_taken_for_seen() {
    let mut door = Actor::new(agent(), 0x100);
    let new_line = Epoch(8);
    let judged_in = |action: &Action, case: &Option<Case>| {
        let policy = plan_policy();
        let context = Context::new(Role::Agent, &policy, morning(), new_line);
        judge(case.as_ref(), action, &context)
    };
    let there = |number| Revision {
        epoch: new_line,
        number,
    };
    // What the restored server still has was there for everybody in the new epoch.
    let seen = door.does(phone("new"), there(3));
    assert_eq!(judged_in(&seen, &case()), Ruling::Applied);
    // The same number in the new epoch is another fact: who comes from the old one never saw it.
    let mut desk = Actor::new(lead(), 0x200);
    let desk_edit = desk.does(phone("desk"), there(3));
    let case = fold(case(), &desk_edit, &Standing::applied(there(3)));
    let stale = door.does(phone("door"), revision(9));
    assert_eq!(
        judged_in(&stale, &case),
        Ruling::held("fact.changed_meanwhile")
    );
}

#[test]
fn a_negative_balance_opens_no_case() {
    let mut office = Actor::new(lead(), 0x200);
    let mut facts = opening();
    facts.balance.total = owed(-1);
    let open = office.does(
        Change::OpenCase {
            facts: Box::new(facts),
        },
        revision(0),
    );
    assert_eq!(
        ruling(&None, &open, Role::BackOffice),
        Ruling::refused("balance.negative")
    );
}

#[test]
fn a_visit_under_way_when_the_case_is_taken_away_may_be_ended() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let visit = VisitId(uuid::Uuid::from_u128(0x71));
    let check = Change::CheckVisit {
        visit,
        intent: VisitIntent {
            planned_minutes: 30,
            headcount: 2,
            lead_approval: None,
        },
        answers: Answers::new(),
        clearance: Box::new(Clearance {
            reasons: Vec::new(),
            unmet: [].into(),
            checklist_version: 1,
            pack_id: "test".into(),
            pack_version: 1,
            valid_until: None,
        }),
    };
    let (case, _) = take_in(case(), &door.does(check, revision(2)), Role::Agent, 3);
    let (case, _) = take_in(
        case,
        &desk.does(Change::Unassign, revision(3)),
        Role::Lead,
        4,
    );
    // The device has seen that the case is gone: its cursor is past the end of the assignment.
    let end = Change::EndVisit {
        visit,
        outcome: Box::new(Outcome::withdrawn()),
    };
    let (case, ruling) = take_in(case, &door.does(end, revision(4)), Role::Agent, 5);
    assert_eq!(ruling, Ruling::Applied);
    let after = door.does(note("later"), revision(4));
    assert_eq!(
        self::ruling(&case, &after, Role::Agent),
        Ruling::refused("case.not_yours")
    );
}
