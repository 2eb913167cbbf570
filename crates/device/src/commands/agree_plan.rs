//! A plan from income and outgoings: proposals that fit, and the one that was agreed.

use super::evidence::decode;
use super::make_visit::form_name;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::picture;
use crate::store::Tx;
use crate::view::{CommittedView, Pace, ProposalView, ProposalsView};
use chrono::NaiveDate;
use doorstep_domain::affordability::Budget;
use doorstep_domain::limitation::expired_on;
use doorstep_domain::plan::{
    Consent, Frequency, Instalment, Pause, PaymentMethod, PlanError, PlanTerms, Relief,
    ScheduleOrder, schedule,
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
    /// Later than usual: a deferral.
    pub first_due: NaiveDate,
    /// A settlement: what is let go once the rest is paid.
    #[serde(default)]
    #[ts(optional, as = "Option<u8>")]
    pub discount_percent: u8,
    #[serde(default)]
    #[ts(optional)]
    pub frozen_until: Option<NaiveDate>,
    #[serde(default)]
    #[ts(optional)]
    pub holiday: Option<Pause>,
}

/// What was agreed.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct AgreementInput {
    #[serde(flatten)]
    pub plan: PlanInput,
    /// The instalment of the proposal that was taken.
    pub instalment: Money,
    pub consent: Consent,
    pub method: PaymentMethod,
    /// They undertake to take no new card meanwhile.
    pub no_new_credit: bool,
    /// They heard that the claim may be too old to be enforced.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub limitation_told: bool,
    /// What else was agreed, in words.
    #[serde(default)]
    #[ts(optional, as = "Option<String>")]
    pub other: String,
    /// It takes the place of what was agreed before in the same visit.
    #[serde(default)]
    #[ts(optional, as = "Option<bool>")]
    pub replaces: bool,
    /// What they drew on the screen: a PNG in base64.
    #[serde(default)]
    #[ts(optional)]
    pub signature: Option<String>,
}

/// The part of the surplus that each pace takes, in quarters.
const PACES: [(Pace, i64); 3] = [(Pace::Gentle, 2), (Pace::Steady, 3), (Pace::Fastest, 4)];
const OTHER_BYTES_MAX: usize = 2_000;

impl Device {
    /// What is left in the budget, and the plans that fit into it.
    pub fn propose_plans(&self, id: CaseId, input: &PlanInput) -> Result<ProposalsView> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let policies = &self.policies_in(tx)?.1;
            let policy = policies.plan_policy(&case);
            let monthly_surplus = input.budget.surplus().map_err(PlanError::from)?;
            let instalment_max = input
                .budget
                .surplus_per(input.frequency)
                .map_err(PlanError::from)?;
            let fair_share = input
                .budget
                .fair_share(case.balance.total)
                .map_err(PlanError::from)?;
            let mut paces: Vec<_> = PACES
                .map(|(pace, quarters)| (pace, instalment_max.minor * quarters / 4))
                .to_vec();
            if fair_share.minor < monthly_surplus.minor && monthly_surplus.is_positive() {
                // Others are owed too: what is theirs is not offered here.
                let part = i128::from(instalment_max.minor) * i128::from(fair_share.minor)
                    / i128::from(monthly_surplus.minor);
                let part = i64::try_from(part).unwrap_or_default();
                paces.retain(|(_, most)| *most < part);
                paces.push((Pace::FairShare, part));
            }
            let mut proposals: Vec<ProposalView> = Vec::new();
            let mut none_because = None;
            for (pace, most) in paces {
                let most = Money::new(most, instalment_max.currency);
                match self.schedule(tx, &case, input, most) {
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
                owed: case.balance.total,
                none_because: none_because.filter(|_| proposals.is_empty()),
                proposals,
                needs_all_fields: policy.needs_all_fields,
                limitation_since: expired_on(&case, &policy, self.day(tx, &case)?),
                needs_lead: input.discount_percent > policy.discount_percent_max,
            })
        })
    }

    /// Records the plan that was agreed at the door. Its signature stops collection at once. Within
    /// the same visit it may take the place of the first, where that is asked for.
    pub fn agree_plan(&self, id: CaseId, input: &AgreementInput) -> Result<CommittedView> {
        if input.other.len() > OTHER_BYTES_MAX {
            return Err(DeviceError::NotNow(RuleId::named("text.too_long")));
        }
        // Read before anything is saved: what can't be read is said while they still stand there.
        let signature = match &input.signature {
            Some(drawn) => Some(picture::signature(&decode(drawn)?)?),
            None => None,
        };
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            self.may_take(tx, &case, Step::AgreePlan)?;
            let today = self.day(tx, &case)?;
            let standing = case.plans.iter().find(|plan| plan.stands());
            // The rules would hold a second plan; at the door nobody should be asked to sign it.
            let is_of_this_visit = standing.is_none_or(|plan| {
                let is_own = plan.agreed_by == self.profile().user;
                input.replaces && is_own && plan.terms.agreed_on == today
            });
            if !is_of_this_visit {
                return Err(DeviceError::NotNow(RuleId::named("plan.already_active")));
            }
            let policy = self.policies_in(tx)?.1.plan_policy(&case);
            let is_expired = expired_on(&case, &policy, today).is_some();
            if is_expired && !input.limitation_told {
                return Err(DeviceError::NotNow(RuleId::named(
                    "plan.limitation_warning",
                )));
            }
            let lines = self.schedule(tx, &case, &input.plan, input.instalment)?;
            let terms = PlanTerms {
                id: PlanId(Uuid::now_v7()),
                budget: input.plan.budget.clone(),
                balance_seen: case.balance.total,
                frequency: input.plan.frequency,
                lines,
                agreed_on: today,
                consent: input.consent,
                relief: relief(&case, &input.plan)?,
                method: Some(input.method),
                no_new_credit: Some(input.no_new_credit),
                limitation_told: input.limitation_told,
                replaces: standing.map(|plan| plan.terms.id),
                other: input.other.trim().to_owned(),
            };
            terms.check(&policy)?;
            let done = self.save(
                tx,
                &case,
                Change::AgreePlan {
                    terms: Box::new(terms),
                },
            )?;
            if let Some(bytes) = &signature {
                self.sign(tx, id, bytes, done.action)?;
            }
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
    ) -> Result<Vec<Instalment>> {
        if input.first_due < self.day(tx, case)? {
            return Err(PlanError::ImpossibleDate.into());
        }
        if most.currency != case.balance.total.currency {
            return Err(PlanError::NothingOwed.into());
        }
        let policies = &self.policies_in(tx)?.1;
        let order = ScheduleOrder {
            total: case.balance.total,
            instalment_max: most,
            frequency: input.frequency,
            first_due: input.first_due,
            months_max: policies.plan_policy(case).months_max,
            relief: relief(case, input)?,
        };
        Ok(schedule(&order, &policies.calendar(case))?)
    }

    /// Today, where the household lives.
    pub(crate) fn day(&self, tx: &Tx<'_>, case: &Case) -> Result<NaiveDate> {
        Ok(self
            .instant(tx)?
            .with_timezone(&case.address.zone)
            .date_naive())
    }
}

fn relief(case: &Case, input: &PlanInput) -> Result<Relief> {
    let discount_minor = Relief::discount(case.balance.total, input.discount_percent);
    Ok(Relief {
        discount_minor: discount_minor.ok_or(PlanError::NothingOwed)?,
        // What a door agrees bears none; what the creditor's account bears is not of the plan.
        interest_bp: 0,
        frozen_until: input.frozen_until,
        holiday: input.holiday,
    })
}

fn proposal(pace: Pace, lines: Vec<Instalment>, owed: Money) -> Option<ProposalView> {
    let largest = lines.iter().map(|line| line.amount).max()?;
    let ends_on = lines.last()?.due;
    let total = Money::sum(owed.currency, lines.iter().map(|line| line.amount))?;
    Some(ProposalView {
        pace,
        instalment: largest,
        lines,
        ends_on,
        total,
    })
}
