//! Who may do what, and what nobody may take back.

use crate::{note, owed, phone, ruling, take_in};
use chrono::NaiveDate;
use doorstep_domain::case::FactField;
use doorstep_domain::checklist::Answers;
use doorstep_domain::clearance::Clearance;
use doorstep_domain::conflict::Choice;
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::outcome::Outcome;
use doorstep_domain::safety::FlagKind;
use doorstep_domain::visit::VisitIntent;
use doorstep_domain::{Case, Change, Role, Ruling, VisitId};
use doorstep_testkit::build::{
    Actor, EPOCH, agent, case, lead, morning, opening, other_agent, plan_policy, revision,
};

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
    let clear = Change::ClearFlag {
        raise: first.id,
        reason: "It was a toy.".into(),
    };
    let (case, _) = take_in(case, &desk.does(clear, revision(3)), Role::Lead, 5);
    assert_eq!(
        case.unwrap()
            .flags
            .iter()
            .filter(|flag| flag.is_open())
            .count(),
        1
    );
}

#[test]
fn a_flag_speaks_at_once_and_somebody_else_approves_it_for_a_year_at_most() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let (mut desk, mut other) = (Actor::new(lead(), 0x100), Actor::new(other_agent(), 0x200));
    let raise = desk.does(
        Change::RaiseFlag {
            flag: FlagKind::DangerousAnimal,
            incident: "A dog.".into(),
            review_on: day("2027-05-01"),
        },
        revision(2),
    );
    let (raised, _) = take_in(case(), &raise, Role::Lead, 3);
    let flag = |case: &Option<Case>| case.as_ref().unwrap().flags[0].clone();
    assert_eq!(
        raised.as_ref().unwrap().flags_in_force(morning()).count(),
        1
    );
    assert_eq!(
        flag(&raised).look_on(),
        flag(&raised).raised_on,
        "nobody has looked"
    );
    let review = |text| Change::ReviewFlag {
        raise: raise.id,
        review_on: day(text),
    };
    let by_raiser = desk.does(review("2027-05-01"), revision(3));
    for (action, rule) in [
        (by_raiser, "flag.raised_by_you"),
        (
            other.does(review("2026-11-21"), revision(3)),
            "flag.review_day",
        ),
        (
            other.does(review("2027-11-22"), revision(3)),
            "flag.review_day",
        ),
    ] {
        assert_eq!(ruling(&raised, &action, Role::Lead), Ruling::refused(rule));
    }
    let approve = other.does(review("2027-11-21"), revision(3));
    assert_eq!(
        ruling(&raised, &approve, Role::Agent),
        Ruling::refused("role.not_permitted")
    );
    let (approved, _) = take_in(raised, &approve, Role::Lead, 4);
    assert_eq!(flag(&approved).approved.unwrap().by, other_agent());
    assert_eq!(flag(&approved).look_on(), day("2027-11-21"));
    let clear = Change::ClearFlag {
        raise: raise.id,
        reason: "It moved away.".into(),
    };
    let (cleared, _) = take_in(approved, &desk.does(clear, revision(4)), Role::Lead, 5);
    let late = other.does(review("2027-05-01"), revision(5));
    assert_eq!(
        ruling(&cleared, &late, Role::Lead),
        Ruling::refused("flag.unknown")
    );
}

#[test]
fn nobody_raises_a_flag_for_longer_than_its_kind_is_held() {
    let raise = Change::RaiseFlag {
        flag: FlagKind::NeedsLargePrint,
        incident: "Asked for it.".into(),
        review_on: "2099-01-01".parse().unwrap(),
    };
    let action = Actor::new(lead(), 0x100).does(raise, revision(2));
    let (case, _) = take_in(case(), &action, Role::Lead, 3);
    let flag = case.unwrap().flags.remove(0);
    assert_eq!(flag.review_on, "2027-11-21".parse().unwrap());
    assert_eq!(flag.expires_on(), "2028-11-21".parse().unwrap());
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

fn check(visit: VisitId) -> Change {
    Change::CheckVisit {
        visit,
        intent: VisitIntent {
            planned_minutes: 30,
            headcount: 2,
            lead_approval: None,
            lifts: Vec::new(),
            partner_code: None,
        },
        answers: Answers::new(),
        clearance: Box::new(Clearance {
            reasons: Vec::new(),
            unmet: [].into(),
            checklist_version: 1,
            pack_id: "test".into(),
            pack_version: 1,
            also: Vec::new(),
            valid_until: None,
        }),
    }
}

#[test]
fn nobody_takes_over_the_visit_that_another_has_cleared() {
    let visit = VisitId(uuid::Uuid::from_u128(0x72));
    let (mut door, mut other) = (Actor::new(agent(), 0x100), Actor::new(other_agent(), 0x300));
    let (case, _) = take_in(
        case(),
        &door.does(check(visit), revision(2)),
        Role::Agent,
        3,
    );
    let (case, _) = take_in(case, &other.does(check(visit), revision(2)), Role::Agent, 4);
    let known = case.unwrap();
    assert_eq!(known.visit(visit).unwrap().agent, agent());
    assert_eq!(known.last_visit_of(agent()).unwrap().id, visit);
    assert!(known.last_visit_of(other_agent()).is_none());
}

#[test]
fn a_visit_under_way_when_the_case_is_taken_away_may_be_ended() {
    let (mut door, mut desk) = (Actor::new(agent(), 0x100), Actor::new(lead(), 0x200));
    let visit = VisitId(uuid::Uuid::from_u128(0x71));
    let check = check(visit);
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
