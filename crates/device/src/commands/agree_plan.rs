//! A plan from income and outgoings: proposals that fit, and the one that was agreed.

use super::make_visit::form_name;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::store::Tx;
use crate::view::{CommittedView, Pace, ProposalView, ProposalsView};
use chrono::NaiveDate;
use doorstep_domain::affordability::Budget;
use doorstep_domain::plan::{
    Consent, Frequency, Instalment, PlanError, PlanTerms, ScheduleOrder, schedule,
};
use doorstep_domain::visit::Step;
use doorstep_domain::{Case, CaseId, Change, Money, PlanId, RuleId};
use serde::Deserialize;
use ts_rs::TS;
use uuid::Uuid;

/// What a plan is made from.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct PlanInput {
    pub budget: Budget,
    pub frequency: Frequency,
    pub first_due: NaiveDate,
}

/// What was agreed.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct AgreementInput {
    #[serde(flatten)]
    pub plan: PlanInput,
    /// The instalment of the proposal that was taken.
    pub instalment: Money,
    pub consent: Consent,
}

/// The part of the surplus that each pace takes, in quarters.
const PACES: [(Pace, i64); 3] = [(Pace::Gentle, 2), (Pace::Steady, 3), (Pace::Fastest, 4)];

impl Device {
    /// What is left in the budget, and the plans that fit into it.
    pub fn propose_plans(&self, id: CaseId, input: &PlanInput) -> Result<ProposalsView> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let months_max = self.policies_in(tx)?.1.plan_policy(&case).months_max;
            let monthly_surplus = input.budget.surplus().map_err(PlanError::from)?;
            let instalment_max = input
                .budget
                .surplus_per(input.frequency)
                .map_err(PlanError::from)?;
            let mut proposals: Vec<ProposalView> = Vec::new();
            let mut none_because = None;
            for (pace, quarters) in PACES {
                let most = Money::new(instalment_max.minor * quarters / 4, instalment_max.currency);
                match self.schedule(tx, &case, input, most, months_max) {
                    Ok(lines) => proposals.extend(proposal(pace, lines, case.balance.total)),
                    Err(error) => none_because = Some(error.code().to_owned()),
                }
            }
            // A small debt gives the same plan at every pace: shown once, by its gentlest name.
            proposals.dedup_by(|later, earlier| later.lines == earlier.lines);
            Ok(ProposalsView {
                monthly_surplus,
                instalment_max,
                frequency: input.frequency,
                none_because: none_because.filter(|_| proposals.is_empty()),
                proposals,
            })
        })
    }

    /// Records the plan that was agreed at the door. Its signature stops collection at once.
    pub fn agree_plan(&self, id: CaseId, input: &AgreementInput) -> Result<CommittedView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            self.may_take(tx, &case, Step::AgreePlan)?;
            // The rules would hold a second plan; at the door nobody should be asked to sign it.
            if case.has_standing_plan() {
                return Err(DeviceError::NotNow(RuleId::named("plan.already_active")));
            }
            let months_max = self.policies_in(tx)?.1.plan_policy(&case).months_max;
            let lines = self.schedule(tx, &case, &input.plan, input.instalment, months_max)?;
            let terms = PlanTerms {
                id: PlanId(Uuid::now_v7()),
                budget: input.plan.budget.clone(),
                balance_seen: case.balance.total,
                frequency: input.plan.frequency,
                lines,
                agreed_on: self.day(tx, &case)?,
                consent: input.consent,
            };
            let done = self.save(
                tx,
                &case,
                Change::AgreePlan {
                    terms: Box::new(terms),
                },
            )?;
            tx.drop_draft(&form_name("plan", id))?;
            Ok(done)
        })
    }

    fn schedule(
        &self,
        tx: &Tx<'_>,
        case: &Case,
        input: &PlanInput,
        most: Money,
        months_max: u16,
    ) -> Result<Vec<Instalment>> {
        if input.first_due < self.day(tx, case)? {
            return Err(PlanError::ImpossibleDate.into());
        }
        if most.currency != case.balance.total.currency {
            return Err(PlanError::NothingOwed.into());
        }
        Ok(schedule(ScheduleOrder {
            total: case.balance.total,
            instalment_max: most,
            frequency: input.frequency,
            first_due: input.first_due,
            months_max,
        })?)
    }

    /// Today, where the household lives.
    pub(crate) fn day(&self, tx: &Tx<'_>, case: &Case) -> Result<NaiveDate> {
        Ok(self
            .instant(tx)?
            .with_timezone(&case.address.zone)
            .date_naive())
    }
}

fn proposal(pace: Pace, lines: Vec<Instalment>, total: Money) -> Option<ProposalView> {
    let largest = lines.iter().map(|line| line.amount).max()?;
    let ends_on = lines.last()?.due;
    Some(ProposalView {
        pace,
        instalment: largest,
        lines,
        ends_on,
        total,
    })
}
