//! A lead's approval by phone: the device asks a question, the lead reads a code back, and neither
//! needs a network. What was lifted holds for one visit on one day.

use super::check_visit::visit_to_check;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::lock;
use crate::record;
use crate::store::{StoreError, Tx};
use crate::view::LiftQuestionView;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use doorstep_domain::visit::Lifted;
use doorstep_domain::{Case, CaseId, RuleId, VisitId};
use doorstep_protocol::lift::{Asked, KnownByLeads, LOCKED_MINUTES, LiftKey, TRIES_MAX};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was asked and answered for the visit that is being checked: lifts, and who goes along.
#[derive(Serialize, Deserialize)]
pub(super) struct Lifts {
    pub visit: VisitId,
    pub day: NaiveDate,
    pub lifted: Vec<Lifted>,
    asked: Option<Asked>,
    /// What the device of the colleague who goes along answered.
    #[serde(default)]
    pub partner_code: Option<String>,
}

/// The wrong codes of this device, whatever they were typed for: another case, question or day gives
/// no more of them.
#[derive(Default, Serialize, Deserialize)]
struct Throttle {
    tries: u8,
    locked_until: Option<DateTime<Utc>>,
}

const THROTTLE: &str = "lift_throttle";

impl Throttle {
    /// Refuses while it is locked. A lock that has passed gives all tries back.
    fn check(tx: &Tx<'_>, now: DateTime<Utc>) -> Result<Self> {
        let kept: Self = record::read(tx, THROTTLE)?.unwrap_or_default();
        match kept.locked_until {
            Some(until) if now < until => Err(not_now("lift.locked")),
            Some(_) => Ok(Self::default()),
            None => Ok(kept),
        }
    }

    fn count_wrong(mut self, now: DateTime<Utc>) -> Self {
        self.tries += 1;
        if self.tries >= TRIES_MAX {
            self.locked_until = Some(now + Duration::minutes(LOCKED_MINUTES));
        }
        self
    }
}

fn draft_name(case: CaseId) -> String {
    format!("lifts {case}")
}

fn not_now(rule: &'static str) -> DeviceError {
    DeviceError::NotNow(RuleId::named(rule))
}

impl Device {
    /// Asks for everything that stands in the way and that a lead may lift. The same question again
    /// while nothing has changed.
    pub fn ask_lift(&self, id: CaseId) -> Result<LiftQuestionView> {
        self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let key = self.lift_key()?;
            let rules = self.clearance_now(tx, &case)?.liftable();
            if rules.is_empty() {
                return Err(not_now("lift.nothing"));
            }
            let throttle = Throttle::check(tx, self.instant(tx)?)?;
            let mut lifts = self.lifts_of(tx, &case)?;
            let is_same = lifts
                .asked
                .as_ref()
                .is_some_and(|asked| asked.rules == rules);
            if !is_same {
                lifts.asked = Some(Asked {
                    case: id,
                    visit: lifts.visit,
                    day: lifts.day,
                    rules: rules.clone(),
                    nonce: u64::from_be_bytes(lock::random()?),
                });
            }
            lifts.keep(tx, id)?;
            let question = lifts.asked.as_ref().map(|asked| key.question(asked));
            Ok(LiftQuestionView {
                question: question.unwrap_or_default(),
                reference: case.account.reference,
                rules,
                tries_left: TRIES_MAX - throttle.tries,
            })
        })
    }

    /// Takes the lead's code. A wrong one counts, and after five nothing is asked for a while.
    pub fn answer_lift(&self, id: CaseId, by: &str, reason: &str, code: &str) -> Result<()> {
        if by.trim().is_empty() || reason.trim().is_empty() {
            return Err(not_now("lift.reason_missing"));
        }
        let is_right = self.write(|tx| {
            let case = self.case_in(tx, id)?;
            let key = self.lift_key()?;
            let now = self.instant(tx)?;
            let throttle = Throttle::check(tx, now)?;
            let mut lifts = self.lifts_of(tx, &case)?;
            let asked = lifts
                .asked
                .as_ref()
                .ok_or_else(|| not_now("lift.not_asked"))?;
            let known = KnownByLeads {
                reference: &case.account.reference,
                leads_lost: self.credentials().leads_lost,
            };
            let is_right = key.is_answer(asked, &known, code);
            let throttle = if is_right {
                let question = key.question(asked);
                let lifted = asked.rules.iter().map(|rule| Lifted {
                    rule: rule.clone(),
                    by: by.trim().to_owned(),
                    reason: reason.trim().to_owned(),
                    question: question.clone(),
                });
                lifts.lifted.extend(lifted.collect::<Vec<_>>());
                lifts.asked = None;
                lifts.keep(tx, id)?;
                Throttle::default()
            } else {
                throttle.count_wrong(now)
            };
            // A wrong try is kept as well: it can't be taken back by trying again.
            record::write(tx, THROTTLE, &throttle)?;
            Ok::<_, DeviceError>(is_right)
        })?;
        match is_right {
            true => Ok(()),
            false => Err(not_now("lift.wrong_code")),
        }
    }

    /// What was lifted for the visit that is being checked; nothing of another day.
    pub(super) fn lifts_of(&self, tx: &Tx<'_>, case: &Case) -> Result<Lifts> {
        let day = self.day(tx, case)?;
        let kept = tx.draft(&draft_name(case.id))?;
        let kept: Option<Lifts> = kept
            .map(|doc| serde_json::from_str(&doc))
            .transpose()
            .map_err(StoreError::from)?;
        let checked = visit_to_check(case, self.profile().user);
        let is_of = |kept: &Lifts| match checked {
            Some(visit) => visit == kept.visit,
            None => case.visit(kept.visit).is_none(),
        };
        Ok(match kept {
            Some(kept) if kept.day == day && is_of(&kept) => kept,
            _ => Lifts {
                visit: checked.unwrap_or_else(|| VisitId(Uuid::now_v7())),
                day,
                lifted: Vec::new(),
                asked: None,
                partner_code: None,
            },
        })
    }

    pub(super) fn lift_key(&self) -> Result<LiftKey> {
        let key = self.credentials().lift_key;
        key.ok_or_else(|| not_now("lift.no_key"))
    }
}

impl Lifts {
    /// Keeps them until the checklist is saved.
    pub fn keep(&self, tx: &Tx<'_>, case: CaseId) -> Result<()> {
        let doc = serde_json::to_string(self).map_err(StoreError::from)?;
        Ok(tx.keep_draft(&draft_name(case), case, &doc)?)
    }
}

/// What was lifted is used up with the visit that it was lifted for.
pub(super) fn use_up(tx: &Tx<'_>, case: CaseId) -> Result<()> {
    Ok(tx.drop_draft(&draft_name(case))?)
}
