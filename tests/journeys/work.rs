//! What the journeys do on a device, in one line each.

use doorstep_device::commands::agree_plan::{AgreementInput, PlanInput};
use doorstep_device::commands::arrive::ArrivalInput;
use doorstep_device::commands::check_visit::ChecklistInput;
use doorstep_device::view::CommittedView;
use doorstep_device::{Device, DeviceError};
use doorstep_domain::CaseId;
use doorstep_domain::affordability::{Budget, BudgetLine};
use doorstep_domain::arrival::ArrivalReason;
use doorstep_domain::checklist::Answer;
use doorstep_domain::outcome::{Conduct, NextStep, Outcome, OutcomeKind};
use doorstep_domain::plan::{Consent, Frequency, PaymentMethod};

/// The questions where *yes* is the safe answer.
const SAFE_YES: [&str; 10] = [
    "Q15", "Q27", "Q28", "Q29", "Q34", "Q35", "Q36", "Q38", "Q39", "Q40",
];

/// The stop at this place of today's route.
pub fn stop(device: &Device, place: usize) -> CaseId {
    device.today().unwrap().stops[place].id
}

/// Answers the checklist so that a pair may go.
pub fn answer_safely(device: &Device, case: CaseId) {
    let questions = device.checklist(case).unwrap().questions;
    let answers = questions
        .into_iter()
        .map(|question| {
            let safe = if SAFE_YES.contains(&question.id.as_str()) {
                Answer::Yes
            } else {
                Answer::No
            };
            (question.id, safe)
        })
        .collect();
    let input = ChecklistInput {
        answers,
        ..ChecklistInput::default()
    };
    assert!(
        device
            .answer_checklist(case, &input)
            .unwrap()
            .clearance
            .may_go
    );
}

/// Two of us are there, and the device finds no position.
pub fn without_a_fix() -> ArrivalInput {
    ArrivalInput {
        fixes: Vec::new(),
        reason: Some(ArrivalReason::NoPosition),
        headcount: 2,
    }
}

/// Goes to the door.
pub fn arrive(device: &Device, case: CaseId) {
    answer_safely(device, case);
    device.save_checklist(case).unwrap();
    device.start_travel(case).unwrap();
    device.arrive(case, &without_a_fix()).unwrap();
}

/// A month with 20,000.00 left over.
pub fn plan_input(device: &Device, case: CaseId) -> PlanInput {
    let currency = device.case(case).unwrap().balance.total.currency;
    PlanInput {
        budget: Budget {
            currency,
            monthly_minor: [
                (BudgetLine::Wages, 5_000_000),
                (BudgetLine::Housing, 3_000_000),
            ]
            .into(),
            household: None,
            other_debts_minor: Vec::new(),
        },
        frequency: Frequency::Monthly,
        first_due: "2026-12-31".parse().unwrap(),
        discount_percent: 0,
        frozen_until: None,
        holiday: None,
    }
}

/// Agrees the fastest plan that fits.
pub fn agree_plan(device: &Device, case: CaseId) {
    agree(device, case).unwrap();
}

/// Tries to agree the fastest plan that fits.
pub fn agree(device: &Device, case: CaseId) -> Result<CommittedView, DeviceError> {
    agree_on(device, case, plan_input(device, case))
}

/// Agrees the fastest plan that fits into what is put in.
pub fn agree_on(
    device: &Device,
    case: CaseId,
    plan: PlanInput,
) -> Result<CommittedView, DeviceError> {
    let fastest = device.propose_plans(case, &plan)?.proposals.pop().unwrap();
    let agreement = AgreementInput {
        plan,
        instalment: fastest.instalment,
        consent: Consent::Spoken,
        method: PaymentMethod::BankTransfer,
        no_new_credit: true,
        limitation_told: true,
        other: String::new(),
        replaces: false,
        signature: None,
    };
    device.agree_plan(case, &agreement)
}

/// Ends the visit after a conversation.
pub fn end_met(device: &Device, case: CaseId, note: &str) {
    let outcome = Outcome {
        kind: OutcomeKind::Met,
        cause: None,
        next_step: Some(NextStep::PlanAgreed),
        conduct: Conduct::default(),
        note: note.to_owned(),
        left_behind: None,
    };
    device.end_visit(case, outcome).unwrap();
}
