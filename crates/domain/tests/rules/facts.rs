//! Single facts: who had seen what they replaced.

use crate::{phone, ruling, take_in};
use doorstep_domain::case::FactField;
use doorstep_domain::conflict::{Choice, Sides};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::{Action, Case, Change, Epoch, Revision, Role, Ruling};
use doorstep_testkit::build::{Actor, agent, case, lead, morning, plan_policy, revision};

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
