//! The debtor's copy: what stands on it, from what this device knows.

use crate::device::Device;
use crate::error::Result;
use crate::record::{Books, Entry};
use crate::store::Tx;
use doorstep_domain::action::Change;
use doorstep_domain::payment::{COSTS_FIRST, DebtParts};
use doorstep_domain::plan::{Plan, PlanState};
use doorstep_domain::policy::Policies;
use doorstep_domain::words::{Bilingual, Language};
use doorstep_domain::{Case, CaseId, Money};
use doorstep_protocol::check::CheckCode;
use doorstep_view::copy::{CopyCheck, CopyPlan, CopyRecord};

impl Device {
    /// What the debtor is left with after the last visit: also without a network, and before the
    /// server has judged anything.
    pub fn copy_record(&self, id: CaseId) -> Result<CopyRecord> {
        self.read(|tx| {
            let case = self.case_in(tx, id)?;
            let policies = &self.policies_in(tx)?.1;
            let language = case.person.language;
            let plan = case.plans.iter().rev().find(|plan| plan.stands());
            let entry = self.entry_to_check(tx, &case, plan)?;
            let visit = case.last_visit_of(self.profile().user);
            let visited_at = visit.and_then(|visit| visit.arrived_at.as_ref()).map(|at| {
                let there = at.instant().with_timezone(&case.address.zone);
                there.naive_local()
            });
            let words = Words {
                language,
                policies,
                case: &case,
            };
            let parts = DebtParts::left_of(&case.balance, &COSTS_FIRST);
            // A creditor that does not split its claim has principal alone: nothing to show.
            let is_split = parts.costs_minor != 0 || parts.interest_minor != 0;
            Ok(CopyRecord {
                language,
                organisation: words.organisation(),
                agent: self.profile().display_name.clone(),
                creditor: case.account.creditor.clone(),
                reference: case.account.reference.clone(),
                product: case.account.product.clone(),
                person: case.person.name.clone(),
                street: case.address.street.clone(),
                town: case.address.town.clone(),
                visited_at,
                items: case.balance.lines.clone(),
                parts: is_split.then_some(parts),
                total: case.balance.total,
                as_of: case.balance.as_of,
                plan: plan.map(|plan| copy_plan(plan, words.grace_days())),
                rights: words.rights(),
                complaints: words.complaints(),
                advice: words.advice(),
                check: entry.and_then(|entry| self.check(&entry)),
            })
        })
    }

    /// The action that the copy is about: the plan that was agreed, or else the newest one here.
    fn entry_to_check(
        &self,
        tx: &Tx<'_>,
        case: &Case,
        plan: Option<&Plan>,
    ) -> Result<Option<Entry>> {
        if let Some(plan) = plan {
            return Ok(tx.entry(plan.action)?);
        }
        let is_end = |entry: &Entry| {
            let action = entry.action();
            action.is_ok_and(|action| matches!(action.change, Change::EndVisit { .. }))
        };
        Ok(tx.entries(case.id)?.into_iter().rev().find(is_end))
    }

    fn check(&self, entry: &Entry) -> Option<CopyCheck> {
        let code = CheckCode {
            action: entry.envelope.id,
            link: entry.envelope.link,
            signature: entry.envelope.signature.clone(),
        };
        let server = self.profile().server.trim_end_matches('/');
        Some(CopyCheck {
            // Behind the `#`: no server on the way writes it into its log.
            url: format!("{server}/#/check/{}", code.encode()?),
            short: code.short(),
        })
    }
}

fn copy_plan(plan: &Plan, grace_days: u16) -> CopyPlan {
    let terms = &plan.terms;
    CopyPlan {
        agreed_on: terms.agreed_on,
        kinds: terms.kinds(),
        frequency: terms.frequency,
        lines: terms.lines.clone(),
        total_before: terms.balance_seen,
        total_after: terms
            .total()
            .unwrap_or(Money::zero(terms.balance_seen.currency)),
        relief: terms.relief,
        method: terms.method,
        no_new_credit: terms.no_new_credit.unwrap_or_default(),
        other: terms.other.clone(),
        consent: terms.consent,
        limitation_told: terms.limitation_told,
        grace_days,
        is_confirmed: plan.state == PlanState::Active,
    }
}

/// What the packs of a case say beside the record.
struct Words<'a> {
    language: Language,
    policies: &'a Policies,
    case: &'a Case,
}

impl Words<'_> {
    fn say(&self, words: &Bilingual) -> String {
        match self.language {
            Language::English => words.en.clone(),
            Language::Chinese => words.zh.clone(),
        }
    }

    /// What a pack of the organisation's own says comes before the shipped one.
    fn organisation(&self) -> String {
        let mut names: Vec<_> = self
            .policies
            .for_case(self.case)
            .filter_map(|pack| Some((pack.is_shipped_house(), pack.copy.organisation.as_ref()?)))
            .collect();
        names.sort_by_key(|(is_house, _)| *is_house);
        names
            .first()
            .map(|(_, name)| self.say(name))
            .unwrap_or_default()
    }

    fn rights(&self) -> Vec<String> {
        let packs = self.policies.for_case(self.case);
        let rights = packs.flat_map(|pack| &pack.copy.rights);
        rights.map(|right| self.say(right)).collect()
    }

    fn complaints(&self) -> String {
        let packs = self.policies.for_case(self.case);
        // The house first, then the regulator of the place.
        let mut all: Vec<_> = packs
            .flat_map(|pack| {
                let is_place = pack.is_of_a_place();
                pack.copy
                    .complaints
                    .iter()
                    .map(move |text| (is_place, text))
            })
            .collect();
        all.sort_by_key(|(is_place, _)| *is_place);
        self.joined(all.into_iter().map(|(_, text)| text))
    }

    fn advice(&self) -> String {
        let packs = self.policies.for_case(self.case);
        self.joined(packs.flat_map(|pack| &pack.copy.advice))
    }

    fn joined<'w>(&self, all: impl Iterator<Item = &'w Bilingual>) -> String {
        let all: Vec<_> = all.map(|text| self.say(text)).collect();
        all.join(match self.language {
            Language::English => " ",
            Language::Chinese => "",
        })
    }

    fn grace_days(&self) -> u16 {
        self.policies.plan_policy(self.case).grace_days
    }
}
