//! A lead's approval by phone: the device asks a question, the lead reads a code back, and neither
//! needs a network. What was lifted holds for one visit on one day.

use super::check_visit::visit_to_check;
use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::lock;
use crate::store::{StoreError, Tx};
use crate::view::LiftQuestionView;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use doorstep_domain::visit::Lifted;
use doorstep_domain::{Case, CaseId, RuleId, VisitId};
use doorstep_protocol::lift::{Asked, LOCKED_MINUTES, LiftKey, TRIES_MAX};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was asked and answered for the visit that is being checked.
#[derive(Serialize, Deserialize)]
pub(super) struct Lifts {
    pub visit: VisitId,
    pub day: NaiveDate,
    pub lifted: Vec<Lifted>,
    asked: Option<Asked>,
    tries: u8,
    locked_until: Option<DateTime<Utc>>,
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
            let mut lifts = self.lifts_of(tx, &case)?;
            let now = self.instant(tx)?;
            if lifts.locked_until.is_some_and(|until| now < until) {
                return Err(not_now("lift.locked"));
            }
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
                lifts.tries = 0;
            }
            keep(tx, id, &lifts)?;
            let question = lifts.asked.as_ref().map(|asked| key.question(asked));
            Ok(LiftQuestionView {
                question: question.unwrap_or_default(),
                rules,
                tries_left: TRIES_MAX - lifts.tries,
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
            let mut lifts = self.lifts_of(tx, &case)?;
            let asked = lifts
                .asked
                .take()
                .ok_or_else(|| not_now("lift.not_asked"))?;
            let is_right = key.is_answer(&asked, code);
            if is_right {
                let question = key.question(&asked);
                lifts.lifted.extend(asked.rules.iter().map(|rule| Lifted {
                    rule: rule.clone(),
                    by: by.trim().to_owned(),
                    reason: reason.trim().to_owned(),
                    question: question.clone(),
                }));
            } else {
                lifts.tries += 1;
                match lifts.tries < TRIES_MAX {
                    true => lifts.asked = Some(asked),
                    false => {
                        let until = self.instant(tx)? + Duration::minutes(LOCKED_MINUTES);
                        lifts.locked_until = Some(until);
                    }
                }
            }
            // A wrong try is kept as well: it can't be taken back by trying again.
            keep(tx, id, &lifts)?;
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
        let checked = visit_to_check(case);
        let is_of = |kept: &Lifts| match checked {
            Some(visit) => visit == kept.visit,
            None => case.visit(kept.visit).is_none(),
        };
        Ok(match kept {
            Some(kept) if kept.day == day && is_of(&kept) => kept,
            kept => Lifts {
                visit: checked.unwrap_or_else(|| VisitId(Uuid::now_v7())),
                day,
                lifted: Vec::new(),
                asked: None,
                tries: 0,
                // Waiting for another day does not shorten it.
                locked_until: kept.and_then(|kept| kept.locked_until),
            },
        })
    }

    fn lift_key(&self) -> Result<LiftKey> {
        let key = self.profile().lift_key.clone();
        key.ok_or_else(|| not_now("lift.no_key"))
    }
}

fn keep(tx: &Tx<'_>, case: CaseId, lifts: &Lifts) -> Result<()> {
    let doc = serde_json::to_string(lifts).map_err(StoreError::from)?;
    Ok(tx.keep_draft(&draft_name(case), case, &doc)?)
}

/// What was lifted is used up with the visit that it was lifted for.
pub(super) fn use_up(tx: &Tx<'_>, case: CaseId) -> Result<()> {
    Ok(tx.drop_draft(&draft_name(case))?)
}
