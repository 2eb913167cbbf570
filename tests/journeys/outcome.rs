//! How a visit ended: what may be said of it, and what follows by itself.

use crate::work::{arrive, stop};
use doorstep_device::DeviceError;
use doorstep_domain::outcome::{Conduct, LeftBehind, NextStep, Outcome, OutcomeKind};
use doorstep_domain::safety::StopKind;
use doorstep_tests::company::Company;

fn outcome(kind: OutcomeKind) -> Outcome {
    Outcome {
        kind,
        cause: None,
        next_step: None,
        conduct: Conduct::default(),
        note: String::new(),
        left_behind: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_offers_what_is_permitted_and_protects_by_itself() {
    let company = Company::start().await.unwrap();
    let device = company.device().await.unwrap();
    let case = stop(&device, 0);
    arrive(&device, case);
    let refused = |outcome: Outcome| match device.end_visit(case, outcome) {
        Err(DeviceError::NotNow(rule)) => rule.as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    let mut again = outcome(OutcomeKind::Dispute);
    again.next_step = Some(NextStep::VisitAgain);
    assert_eq!(refused(again), "outcome.not_offered");
    let mut card = outcome(OutcomeKind::Met);
    card.left_behind = Some(LeftBehind::PlainCard);
    assert_eq!(refused(card), "outcome.not_offered");
    device
        .end_visit(case, outcome(OutcomeKind::Dispute))
        .unwrap();
    let stops = device.case(case).unwrap().summary.stops;
    assert!(stops.contains(&StopKind::Dispute), "{stops:?}");
    device.sync().await.unwrap();
    let known = company.store.read(|tx| tx.case(case)).unwrap().unwrap();
    assert!(
        known
            .stops
            .iter()
            .any(|stop| stop.kind == StopKind::Dispute)
    );
}
