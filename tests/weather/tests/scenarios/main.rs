//! The scenarios of the design that a simulation can show, each by its name. What needs real files,
//! real HTTP or real processes is in the journeys; the list at the end says which is where.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod calm;

use calm::{Calm, agree, phone, plan, raise, set, the_case};
use doorstep_domain::case::FactField;
use doorstep_domain::conflict::Choice;
use doorstep_domain::safety::StopKind;
use doorstep_domain::{Change, Currency, Money, Role, Ruling};
use doorstep_testkit::build;
use doorstep_weather::storm;
use doorstep_weather::world::{agent, case_id};
use std::rc::Rc;

/// A quiet world: three tablets, the first and the last of them the same agent's, all synced.
#[test]
fn scenario_1_two_agents_two_fields() {
    let mut calm = Calm::new();
    let one = calm.door(0, phone("one"));
    calm.desk(Role::Lead, set(FactField::Email, "two"));
    calm.sync(0);
    assert_eq!(calm.ruling(one), Ruling::Applied);
    let case = calm.server();
    assert_eq!(case.fact(FactField::Phone), Some("one"));
    assert_eq!(case.fact(FactField::Email), Some("two"));
    calm.rest();
}

#[test]
fn scenario_2_same_field_two_values() {
    let mut calm = Calm::new();
    let door = calm.door(0, phone("door"));
    calm.desk(Role::Lead, phone("desk"));
    calm.sync(0);
    assert_eq!(calm.ruling(door), Ruling::held("fact.changed_meanwhile"));
    let case = calm.server();
    assert_eq!(case.fact(FactField::Phone), Some("desk"));
    assert!(case.conflict(door).is_some());
    calm.rest();
}

#[test]
fn scenario_3_same_field_same_value() {
    let mut calm = Calm::new();
    let door = calm.door(0, phone("the same"));
    calm.desk(Role::Lead, phone("the same"));
    calm.sync(0);
    assert_eq!(calm.ruling(door), Ruling::Applied);
    assert!(calm.server().conflicts.is_empty());
    calm.rest();
}

#[test]
fn scenario_4_plan_signed_while_a_payment_lands() {
    let mut calm = Calm::new();
    let plan = calm.door(0, agree(1, 120_000));
    let payment = Change::PostPayment {
        amount: Money::new(50_000, Currency::Cny),
        on: build::morning().date_naive(),
    };
    calm.desk(Role::BackOffice, payment);
    calm.sync(0);
    assert_eq!(calm.ruling(plan), Ruling::held("plan.balance_moved"));
    let case = calm.server();
    let stops = case.stops_in_force(calm.0.now).count();
    assert_eq!(
        stops, 1,
        "the signature stops collection whatever is decided"
    );
    calm.rest();
}

#[test]
fn scenario_5_two_plans_in_one_evening() {
    let mut calm = Calm::new();
    let last = calm.0.tablets.len() - 1;
    let other = match calm.0.tablets[last].owner.user == agent(0) {
        true => last,
        false => 2,
    };
    let (first, second) = (
        calm.door(0, agree(1, 120_000)),
        calm.door(other, agree(2, 120_000)),
    );
    calm.sync(0);
    calm.sync(other);
    assert_eq!(calm.ruling(first), Ruling::Applied);
    assert_eq!(calm.ruling(second), Ruling::held("plan.already_active"));
    calm.rest();
}

#[test]
fn scenario_6_reassigned_while_offline_visit_made() {
    let mut calm = Calm::new();
    let note = calm.door(
        0,
        Change::AddNote {
            text: "was there".into(),
        },
    );
    let plan = calm.door(0, agree(1, 120_000));
    calm.0.assign(the_case(), agent(1)).unwrap();
    calm.sync(0);
    assert_eq!(calm.ruling(note), Ruling::Applied);
    assert_eq!(calm.ruling(plan), Ruling::held("plan.late_work"));
    assert!(calm.server().history[0].late);
    assert!(!calm.0.held(0).unwrap().contains(&the_case()));
    calm.rest();
}

#[test]
fn scenario_7_moratorium_older_than_the_visit_newer_than_the_last_sync() {
    let mut calm = Calm::new();
    let plan = calm.door(0, agree(1, 120_000));
    let stop = Change::RaiseStop {
        stop: StopKind::Moratorium,
        effective: calm.0.now - chrono::Duration::days(2),
        until: None,
    };
    calm.desk(Role::Lead, stop);
    calm.sync(0);
    assert_eq!(calm.ruling(plan), Ruling::refused("plan.legal_stop"));
    assert_eq!(
        calm.server().plans[0].state,
        doorstep_domain::plan::PlanState::Void
    );
    calm.rest();
}

#[test]
fn scenario_8_case_closed_meanwhile() {
    let mut calm = Calm::new();
    let (note, plan) = (
        calm.door(0, Change::AddNote { text: "x".into() }),
        calm.door(0, agree(1, 120_000)),
    );
    let close = Change::CloseCase {
        reason: "sold".into(),
    };
    calm.desk(Role::Lead, close);
    calm.sync(0);
    assert_eq!(calm.ruling(note), Ruling::Applied);
    assert_eq!(calm.ruling(plan), Ruling::held("plan.case_closed"));
    calm.rest();
}

#[test]
fn scenario_9_hazard_raised_here_cleared_there() {
    let mut calm = Calm::new();
    calm.desk(Role::Lead, raise());
    let known = calm.server().flags[0].id;
    let mine = calm.door(0, raise());
    calm.desk(
        Role::Lead,
        Change::ClearFlag {
            raise: known,
            reason: String::new(),
        },
    );
    calm.sync(0);
    let open: Vec<_> = calm
        .server()
        .flags
        .iter()
        .filter(|flag| flag.is_open())
        .map(|flag| flag.id)
        .collect();
    assert_eq!(open, [mine]);
    calm.rest();
}

#[test]
fn scenario_10_answer_lost_batch_sent_again_the_first_arriving_late() {
    let mut calm = Calm::new();
    let edit = calm.door(0, phone("once"));
    calm.0.send(0).unwrap();
    let Some(doorstep_weather::world::Message::Push { request, .. }) = calm.0.network.pop() else {
        panic!("a push");
    };
    // The answer to the first is lost; the second goes through; the first arrives once more.
    calm.0.serve(0, &request).unwrap();
    calm.sync(0);
    calm.desk(Role::Lead, phone("later"));
    calm.0.serve(0, &request).unwrap();
    assert_eq!(calm.0.seam.line.borrow().effects[&edit], 1);
    assert_eq!(calm.server().fact(FactField::Phone), Some("later"));
    calm.rest();
}

#[test]
fn scenario_11_tablet_restored_from_last_weeks_backup() {
    let mut calm = Calm::new();
    let first = calm.door(0, phone("before the backup"));
    let image = calm.0.tablets[0].database.image("unused".into()).unwrap();
    calm.sync(0);
    let after = calm.door(0, phone("after the backup"));
    calm.sync(0);
    // The whole folder comes back: nothing on the tablet tells that it is old.
    calm.0.tablets[0].database.restore(&image).unwrap();
    calm.0.tablets[0].deeds.remove(&after);
    let again = calm.door(0, set(FactField::Email, "on the old tablet"));
    calm.sync(0);
    for id in [first, after, again] {
        assert_eq!(calm.ruling(id), Ruling::Applied);
    }
    assert_eq!(
        calm.server().fact(FactField::Phone),
        Some("after the backup")
    );
    assert!(calm.0.counted.contains_key("a new life began"));
    calm.rest();
}

#[test]
fn scenario_11_tablet_cloned() {
    let mut calm = Calm::new();
    let image = calm.0.tablets[0].database.image("unused".into()).unwrap();
    let owner = calm.0.tablets[0].owner;
    let copy = doorstep_weather::world::Tablet {
        database: doorstep_weather::device::Database::from_image(&image, "unused".into()).unwrap(),
        owner,
        waits_for: None,
        wants_snapshot: false,
        images: Vec::new(),
        deeds: std::collections::BTreeSet::new(),
        clock_ahead: chrono::Duration::zero(),
    };
    calm.0.tablets.push(copy);
    let twin = calm.0.tablets.len() - 1;
    let (one, two) = (
        calm.door(0, phone("one")),
        calm.door(twin, set(FactField::Email, "two")),
    );
    calm.sync(0);
    calm.sync(twin);
    assert_eq!(calm.ruling(one), Ruling::Applied);
    assert_eq!(calm.ruling(two), Ruling::Applied);
    assert!(
        !calm.0.seam.aside.borrow().is_empty(),
        "the fork is kept aside"
    );
    calm.rest();
}

#[test]
fn scenario_12_clock_three_days_wrong_and_set_back_between_two_actions() {
    let mut calm = Calm::new();
    calm.0.tablets[0].clock_ahead = chrono::Duration::days(3);
    let first = calm.door(0, phone("first"));
    calm.0.tablets[0].clock_ahead = chrono::Duration::days(-3);
    let second = calm.door(0, phone("second"));
    calm.sync(0);
    assert_eq!(calm.ruling(first), Ruling::Applied);
    assert_eq!(calm.ruling(second), Ruling::Applied);
    assert_eq!(calm.server().fact(FactField::Phone), Some("second"));
    calm.rest();
}

#[test]
fn scenario_13_one_agent_two_devices() {
    let mut calm = Calm::new();
    let second = (1..calm.0.tablets.len())
        .find(|tablet| calm.0.tablets[*tablet].owner.user == agent(0))
        .unwrap();
    let one = calm.door(0, phone("one"));
    let two = calm.door(second, phone("two"));
    calm.sync(0);
    calm.sync(second);
    assert_eq!(calm.ruling(one), Ruling::Applied);
    assert_eq!(calm.ruling(two), Ruling::held("fact.changed_meanwhile"));
    calm.rest();
}

#[test]
fn scenario_15_a_gap_in_the_sequence() {
    let mut calm = Calm::new();
    calm.door(0, phone("one"));
    calm.sync(0);
    // The server loses what it had, without a new epoch: it answers with the number it expects.
    calm.0.back_up().unwrap();
    let last = calm.door(0, phone("two"));
    calm.0.send(0).unwrap();
    let Some(doorstep_weather::world::Message::Push { request, .. }) = calm.0.network.pop() else {
        panic!("a push");
    };
    let mut gapped = (*request).clone();
    for envelope in &mut gapped.outbox {
        envelope.n += 1;
    }
    let answer = calm.0.serve(0, &gapped).unwrap();
    assert!(matches!(
        answer.halt,
        Some(doorstep_protocol::exchange::Halt::Gap { expected: 2 })
    ));
    assert!(answer.verdicts.is_empty());
    calm.sync(0);
    assert_eq!(calm.ruling(last), Ruling::Applied);
    calm.rest();
}

#[test]
fn scenario_19_action_on_a_case_that_left_the_scope() {
    let mut calm = Calm::new();
    let edit = calm.door(0, phone("late"));
    calm.0.assign(the_case(), agent(1)).unwrap();
    // The case leaves before the action is sent: the answer to an empty push brings the news.
    calm.0.send(0).unwrap();
    let Some(doorstep_weather::world::Message::Push { request, .. }) = calm.0.network.pop() else {
        panic!("a push");
    };
    let mut only_ask = (*request).clone();
    only_ask.outbox.clear();
    let answer = calm.0.serve(0, &only_ask).unwrap();
    calm.0.take(0, &only_ask, &answer).unwrap();
    assert!(!calm.0.held(0).unwrap().contains(&the_case()));
    assert_eq!(
        storm::waiting(&mut calm.0, 0).unwrap(),
        1,
        "hidden, and kept"
    );
    calm.sync(0);
    assert_eq!(calm.ruling(edit), Ruling::Applied);
    calm.rest();
}

#[test]
fn scenario_20_process_killed_at_every_step_of_a_sync() {
    for step in 0..3 {
        let mut calm = Calm::new();
        let edit = calm.door(0, phone("kept"));
        calm.0.send(0).unwrap();
        let Some(doorstep_weather::world::Message::Push { request, .. }) = calm.0.network.pop()
        else {
            panic!("a push");
        };
        if step > 0 {
            let answer = calm.0.serve(0, &request).unwrap();
            if step > 1 {
                calm.0.take(0, &request, &answer).unwrap();
            }
        }
        // Killed here; started again.
        calm.0.tablets[0].waits_for = None;
        calm.sync(0);
        assert_eq!(calm.ruling(edit), Ruling::Applied);
        assert_eq!(calm.0.seam.line.borrow().effects[&edit], 1);
        calm.rest();
    }
}

#[test]
fn scenario_21_a_device_30_days_away() {
    let mut calm = Calm::new();
    let edit = calm.door(0, phone("a month ago"));
    calm.0.now += chrono::Duration::days(30);
    for number in 0..5 {
        for _ in 0..6 {
            let note = Change::AddNote {
                text: "meanwhile".into(),
            };
            calm.0
                .desk_does(build::lead(), Role::Lead, case_id(number), note, None)
                .unwrap();
        }
    }
    calm.sync(0);
    assert_eq!(calm.ruling(edit), Ruling::Applied);
    calm.rest();
}

#[test]
fn scenario_22_assignment_moves_a_case_out_and_back_in() {
    let mut calm = Calm::new();
    let edit = calm.door(0, phone("between"));
    calm.0.assign(the_case(), agent(1)).unwrap();
    calm.0.assign(the_case(), agent(0)).unwrap();
    calm.sync(0);
    assert_eq!(calm.ruling(edit), Ruling::Applied);
    assert!(calm.0.held(0).unwrap().contains(&the_case()));
    calm.rest();
}

#[test]
fn scenario_23_server_restored_from_last_nights_backup() {
    let mut calm = Calm::new();
    calm.0.back_up().unwrap();
    let edit = calm.door(0, phone("after the backup"));
    calm.sync(0);
    let held = calm.door(0, set(FactField::Email, "not sent yet"));
    assert!(calm.0.restore().unwrap());
    assert_ne!(
        calm.server().fact(FactField::Phone),
        Some("after the backup")
    );
    calm.sync(0);
    assert_eq!(calm.ruling(edit), Ruling::Applied);
    assert_eq!(calm.ruling(held), Ruling::Applied);
    assert_eq!(
        calm.server().fact(FactField::Phone),
        Some("after the backup")
    );
    calm.rest();
}

#[test]
fn scenario_25_three_edits_of_one_field_offline_and_edits_after_a_held_one() {
    let mut calm = Calm::new();
    let three: Vec<_> = ["a", "b", "c"]
        .map(|value| calm.door(0, phone(value)))
        .into();
    calm.sync(0);
    for id in three {
        assert_eq!(calm.ruling(id), Ruling::Applied);
    }
    let held = calm.door(0, phone("held"));
    calm.desk(Role::Lead, phone("desk"));
    let on_top = calm.door(0, phone("on top of it"));
    calm.sync(0);
    assert_eq!(calm.ruling(held), Ruling::held("fact.changed_meanwhile"));
    assert_eq!(calm.ruling(on_top), Ruling::held("fact.changed_meanwhile"));
    let case = calm.server();
    assert_eq!(case.conflicts.len(), 1, "both share one decision");
    let take = Change::Decide {
        conflict: held,
        choice: Choice::TakeHeld,
    };
    calm.desk(Role::Lead, take);
    assert_eq!(calm.server().fact(FactField::Phone), Some("on top of it"));
    calm.rest();
}

#[test]
fn a_second_restore_does_not_overwrite_what_nobody_had_seen() {
    // The first mistake that the weather found: a fact set between two restores, and an older edit
    // handed back after the second.
    let mut calm = Calm::new();
    calm.0.back_up().unwrap();
    let old = calm.door(0, phone("old line"));
    calm.sync(0);
    assert!(calm.0.restore().unwrap());
    calm.desk(Role::Lead, phone("new line"));
    calm.0.back_up().unwrap();
    assert!(calm.0.restore().unwrap());
    calm.sync(0);
    assert_eq!(calm.ruling(old), Ruling::held("fact.changed_meanwhile"));
    assert_eq!(calm.server().fact(FactField::Phone), Some("new line"));
    calm.rest();
}

#[test]
fn the_same_seed_is_the_same_weather() {
    let policies = Rc::new(doorstep_server::policies::shipped().unwrap());
    for seed in 1..=40 {
        let counted = |_| {
            let outcome = doorstep_weather::run::run(plan(seed), &policies).unwrap();
            (outcome.broken, outcome.counted, outcome.rules)
        };
        assert_eq!(counted(1), counted(2));
    }
}
