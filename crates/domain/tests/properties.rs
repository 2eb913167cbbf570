//! Properties of fold and clearance that must hold for every case and every answer.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::{Duration, NaiveDate};
use doorstep_domain::case::FactField;
use doorstep_domain::checklist::{Answer, Answers, Effect};
use doorstep_domain::clearance::{Clearance, against_any_visit, clear};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::policy::{Check, Pack, Policies, Rule};
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::visit::{Lifted, VisitIntent};
use doorstep_domain::{Action, Change, Currency, Money, RuleId};
use doorstep_testkit::build::{
    Actor, agent, case, morning, plan, revision, safe_answers, shipped_policies,
};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Read once: reading takes longer than a thousand clearances.
static POLICIES: LazyLock<Policies> = LazyLock::new(|| shipped_policies().unwrap());

fn policies() -> Policies {
    POLICIES.clone()
}

fn intent() -> VisitIntent {
    VisitIntent {
        planned_minutes: 30,
        headcount: 2,
        lead_approval: None,
        lifts: Vec::new(),
        partner_code: None,
    }
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![Just(Answer::Yes), Just(Answer::No), Just(Answer::Unknown)]
}

fn answers() -> impl Strategy<Value = Answers> {
    let ids: Vec<_> = policies()
        .checklist
        .questions
        .into_iter()
        .map(|question| question.id)
        .collect();
    proptest::collection::vec(proptest::option::of(answer()), ids.len()).prop_map(move |given| {
        ids.iter()
            .cloned()
            .zip(given)
            .filter_map(|(id, answer)| answer.map(|answer| (id, answer)))
            .collect()
    })
}

/// Everything that `strict` permits, `loose` permits too.
fn is_no_looser(strict: &Clearance, loose: &Clearance) -> bool {
    let blocked = !loose.is_blocked() || strict.is_blocked();
    let conditions = loose.conditions().is_subset(&strict.conditions());
    let until = match (strict.valid_until, loose.valid_until) {
        (Some(strict), Some(loose)) => strict <= loose,
        (strict, _) => strict.is_none(),
    };
    blocked && conditions && until
}

#[test]
fn with_nothing_adverse_a_pair_may_go_until_the_clearance_ends() {
    let policies = policies();
    let clearance = clear(
        &case().unwrap(),
        &safe_answers(&policies),
        &policies,
        &intent(),
        morning(),
    );
    assert!(clearance.may_go());
    assert_eq!(clearance.conditions(), [Effect::Pair].into());
    assert_eq!(clearance.valid_until, Some(morning() + Duration::hours(4)));
}

#[test]
fn every_adverse_answer_has_the_effects_of_its_question() {
    let policies = policies();
    let case = case().unwrap();
    for question in policies.checklist.questions.iter().filter(|q| q.is_asked()) {
        for adverse in [question.adverse, Answer::Unknown] {
            let mut answers = safe_answers(&policies);
            answers.insert(question.id.clone(), adverse);
            let clearance = clear(&case, &answers, &policies, &intent(), morning());
            for effect in &question.effects {
                let named = |reason: &&doorstep_domain::clearance::Reason| {
                    reason.citation.rule == question.id && reason.effect == *effect
                };
                let reason = clearance.reasons.iter().find(named);
                assert!(
                    reason.is_some_and(|reason| !reason.citation.source.is_empty()),
                    "{}",
                    question.id
                );
            }
        }
    }
}

#[test]
fn alone_at_a_door_that_needs_two_is_a_block_that_names_its_rule() {
    let policies = policies();
    let alone = VisitIntent {
        headcount: 1,
        ..intent()
    };
    let clearance = clear(
        &case().unwrap(),
        &safe_answers(&policies),
        &policies,
        &alone,
        morning(),
    );
    assert!(clearance.is_blocked());
    assert_eq!(clearance.reasons[0].citation.rule, "CN-VIS-1");
}

fn lifted(rule: &str) -> Lifted {
    Lifted {
        rule: rule.into(),
        by: "Lin".into(),
        reason: "phoned ahead".into(),
        question: "7KQ2MX".into(),
    }
}

#[test]
fn a_lead_lifts_what_policy_lets_them_and_nothing_else() {
    let policies = policies();
    let mut answers = safe_answers(&policies);
    answers.insert("Q29".into(), Answer::No);
    let with = |answers: &Answers, rules: &[&str]| {
        let intent = VisitIntent {
            lifts: rules.iter().map(|rule| lifted(rule)).collect(),
            ..intent()
        };
        clear(&case().unwrap(), answers, &policies, &intent, morning())
    };
    assert_eq!(with(&answers, &[]).liftable(), ["Q29"]);
    assert!(with(&answers, &["Q29"]).may_go());
    assert!(!with(&answers, &["Q12"]).may_go(), "another one");
    // Violence, weapons and self-harm: nobody lifts them.
    for fatal in ["Q01", "Q03", "Q07"] {
        answers.insert(fatal.into(), Answer::Yes);
        let clearance = with(&answers, &["Q29", fatal]);
        assert!(
            clearance.is_blocked() && clearance.liftable().is_empty(),
            "{fatal}"
        );
        answers.insert(fatal.into(), Answer::No);
    }
}

proptest! {
    #[test]
    fn an_unknown_or_adverse_answer_never_loosens(answers in answers(), at in 0..16_usize, minutes in 0_i64..1_440) {
        let policies = policies();
        let case = case().unwrap();
        let now = morning() + Duration::minutes(minutes);
        let before = clear(&case, &answers, &policies, &intent(), now);
        let question = &policies.checklist.questions[at % policies.checklist.questions.len()];
        for stricter in [Answer::Unknown, question.adverse] {
            let mut changed = answers.clone();
            changed.insert(question.id.clone(), stricter);
            prop_assert!(is_no_looser(&clear(&case, &changed, &policies, &intent(), now), &before));
        }
    }

    #[test]
    fn a_flag_or_a_stop_never_loosens(answers in answers(), kind in 0..9_usize, minutes in 0_i64..1_440) {
        let policies = policies();
        let now = morning() + Duration::minutes(minutes);
        let mut desk = Actor::new(agent(), 0x400);
        let review_on = NaiveDate::from_ymd_opt(2027, 5, 1).unwrap();
        let flags = [
            FlagKind::PastViolence, FlagKind::ThreatOrAggression, FlagKind::WeaponInHome, FlagKind::DangerousAnimal,
            FlagKind::PoorLighting, FlagKind::CapacityLimit, FlagKind::ParticularlyVulnerable,
            FlagKind::SelfHarmStatement, FlagKind::DomesticAbuse,
        ];
        let before = clear(&case().unwrap(), &answers, &policies, &intent(), now);
        for change in [
            Change::RaiseFlag { flag: flags[kind], incident: "x".into(), review_on },
            Change::RaiseStop { stop: StopKind::Dispute, effective: now, until: None },
        ] {
            let stricter = fold(case(), &desk.does(change, revision(2)), &Standing::Unjudged).unwrap();
            prop_assert!(is_no_looser(&clear(&stricter, &answers, &policies, &intent(), now), &before));
        }
    }

    #[test]
    fn what_speaks_against_any_visit_speaks_against_each(answers in answers(), kind in 0..9_usize, minutes in 0_i64..1_440, overdue in 0_u16..3) {
        let policies = policies();
        let now = morning() + Duration::minutes(minutes);
        let mut desk = Actor::new(agent(), 0x400);
        let stops = [
            StopKind::Moratorium, StopKind::Attorney, StopKind::CeaseRequest, StopKind::Dispute, StopKind::Bereavement,
            StopKind::Incapacity, StopKind::ActivePlan, StopKind::StandDown, StopKind::Complaint,
        ];
        let stop = Change::RaiseStop { stop: stops[kind], effective: now, until: None };
        let mut case = fold(case(), &desk.does(stop, revision(2)), &Standing::Unjudged).unwrap();
        case.account.months_overdue = overdue;
        let against = against_any_visit(&case, &policies, now);
        prop_assert!(!against.is_empty());
        let clearance = clear(&case, &answers, &policies, &intent(), now);
        for reason in &against {
            prop_assert!(clearance.reasons.contains(reason), "{reason:?}");
        }
        prop_assert!(!clearance.may_go());
    }

    #[test]
    fn a_further_rule_or_pack_never_loosens(answers in answers(), which in 0..140_usize, minutes in 0_i64..1_440) {
        let all = policies();
        let now = morning() + Duration::minutes(minutes);
        let rules: Vec<Rule> = all.packs.iter().flat_map(|pack| pack.rules.clone()).collect();
        let rule = rules[which % rules.len()].clone();
        let house = all.packs.iter().find(|pack| pack.id == "house").unwrap();
        // What is known only by its absence: a pack of a place can but lift this one.
        let known: Vec<_> = house.rules.iter().filter(|rule| !matches!(rule.check, Check::KnownPlace {})).cloned().collect();
        let few = Policies { packs: vec![Pack { rules: known.clone(), ..house.clone() }], checklist: all.checklist.clone() };
        let mut more = few.clone();
        more.packs[0].rules.push(rule.clone());
        let mut beside = few.clone();
        beside.packs.push(Pack { id: "other".into(), rules: vec![rule], ..house.clone() });
        let at = |policies: &Policies| clear(&case().unwrap(), &answers, policies, &intent(), now);
        prop_assert!(is_no_looser(&at(&more), &at(&few)));
        prop_assert!(is_no_looser(&at(&beside), &at(&few)));
    }

    #[test]
    fn no_lift_opens_what_law_or_a_fatal_answer_closes(answers in answers(), at in 0..40_usize, minutes in 0_i64..1_440) {
        let policies = policies();
        let now = morning() + Duration::minutes(minutes);
        let everything = policies.packs.iter().flat_map(|pack| &pack.rules).map(|rule| rule.id.clone());
        let everything = everything.chain(policies.checklist.questions.iter().map(|q| q.id.clone()));
        let lifts = everything.map(|rule| lifted(&rule)).collect();
        let mut answers = answers;
        let question = &policies.checklist.questions[at];
        answers.insert(question.id.clone(), question.adverse);
        let clearance = clear(&case().unwrap(), &answers, &policies, &VisitIntent { lifts, ..intent() }, now);
        for reason in &clearance.reasons {
            prop_assert!(!reason.is_lifted || policies.may_be_lifted(&reason.citation.rule));
        }
        if question.is_asked() && question.effects.contains(&Effect::Block) {
            prop_assert!(clearance.is_blocked(), "{}", question.id);
        }
    }

    #[test]
    fn packs_merge_in_any_order_and_twice_is_once(answers in answers(), turned in 0..7_usize, minutes in 0_i64..1_440) {
        let all = policies();
        let now = morning() + Duration::minutes(minutes);
        let at = |policies: &Policies| {
            let clearance = clear(&case().unwrap(), &answers, policies, &intent(), now);
            let mut said: Vec<_> = clearance.reasons.iter().map(|r| (r.effect, r.because, r.citation.rule.clone())).collect();
            said.sort();
            said.dedup();
            (said, clearance.unmet, clearance.valid_until)
        };
        let mut other = all.clone();
        other.packs.rotate_left(turned);
        let mut twice = all.clone();
        twice.packs.push(all.packs[turned].clone());
        prop_assert_eq!(at(&other), at(&all));
        prop_assert_eq!(at(&twice), at(&all));
    }

    #[test]
    fn folding_an_action_twice_is_folding_it_once(kind in 0..6_usize, standing in 0..4_usize) {
        let mut door = Actor::new(agent(), 0x500);
        let action = any_action(&mut door, kind);
        let rule = RuleId::named("test");
        let revision = revision(9);
        let standing = [
            Standing::Unjudged,
            Standing::applied(revision),
            Standing::Held { revision, rule: rule.clone() },
            Standing::Refused { revision, rule },
        ][standing].clone();
        let once = fold(case(), &action, &standing);
        prop_assert_eq!(fold(once.clone(), &action, &standing), once);
    }

    #[test]
    fn a_case_survives_its_own_json(kind in 0..6_usize) {
        let mut door = Actor::new(agent(), 0x600);
        let action = any_action(&mut door, kind);
        let case = fold(case(), &action, &Standing::Unjudged).unwrap();
        let read: doorstep_domain::Case = serde_json::from_str(&serde_json::to_string(&case).unwrap()).unwrap();
        prop_assert_eq!(read, case);
        let read: Action = serde_json::from_str(&serde_json::to_string(&action).unwrap()).unwrap();
        prop_assert_eq!(read, action);
    }
}

fn any_action(door: &mut Actor, kind: usize) -> Action {
    let changes = [
        Change::SetFact {
            field: FactField::Phone,
            old: None,
            new: "new".into(),
        },
        Change::AddNote {
            text: "seen".into(),
        },
        Change::RaiseFlag {
            flag: FlagKind::DangerousAnimal,
            incident: "A dog.".into(),
            review_on: NaiveDate::from_ymd_opt(2027, 5, 1).unwrap(),
        },
        Change::RaiseStop {
            stop: StopKind::Dispute,
            effective: morning(),
            until: None,
        },
        Change::AgreePlan {
            terms: Box::new(plan(1, Money::new(120_000, Currency::Cny)).unwrap()),
        },
        Change::Unassign,
    ];
    door.does(changes[kind].clone(), revision(2))
}
