//! A lead approves by telephone from a device of their own, while neither side has a network: the keys
//! of the team came with the last sync, and what was approved is handed in with the next.

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::record;
use crate::store::Tx;
use crate::view::{TeamAgentView, TeamView};
use doorstep_domain::{RuleId, UserId};
use doorstep_protocol::lift::normal;
use doorstep_protocol::team::{GivenLift, TeamKeys};
use uuid::Uuid;

const TEAM: &str = "team_keys";
const GIVEN: &str = "given_lifts";
const QUESTION_LENGTH: usize = 6;
const TEXT_BYTES_MAX: usize = 4_000;

/// What an agent reads out, and why the lead agrees.
#[derive(Debug, Clone, serde::Deserialize, ts_rs::TS)]
pub struct GiveLift {
    pub agent: UserId,
    /// The number of the account.
    pub reference: String,
    /// Six letters and digits.
    pub question: String,
    pub rules: Vec<String>,
    pub reason: String,
}

fn not_now(rule: &'static str) -> DeviceError {
    DeviceError::NotNow(RuleId::named(rule))
}

impl Device {
    /// Who may ask, and for what.
    pub fn team(&self) -> Result<TeamView> {
        self.read(|tx| {
            let liftable = self.policies_in(tx)?.1.liftable();
            let mut agents: Vec<_> = team(tx)?
                .devices
                .into_iter()
                .filter(|device| device.agent != self.profile().user)
                .map(|device| TeamAgentView {
                    agent: device.agent,
                    name: device.name,
                })
                .collect();
            agents.dedup_by_key(|agent| agent.agent);
            let waiting = u32::try_from(given(tx)?.len()).unwrap_or(u32::MAX);
            Ok(TeamView {
                agents,
                liftable,
                waiting,
            })
        })
    }

    /// Approves, and says the codes to read back: one for each device of the agent, almost always one.
    /// The approval is kept before the code is shown.
    ///
    /// # Errors
    /// [`DeviceError::NotNow`] with `lift.question`, `lift.account`, `lift.reason_missing`,
    /// `lift.not_liftable` or `lift.no_key`.
    pub fn give_lift(&self, wanted: &GiveLift) -> Result<Vec<String>> {
        let question = normal(&wanted.question);
        if question.len() != QUESTION_LENGTH {
            return Err(not_now("lift.question"));
        }
        if wanted.reference.trim().is_empty() {
            return Err(not_now("lift.account"));
        }
        let reason = wanted.reason.trim();
        if reason.is_empty() || reason.len() > TEXT_BYTES_MAX {
            return Err(not_now("lift.reason_missing"));
        }
        let mut rules = wanted.rules.clone();
        rules.sort();
        rules.dedup();
        self.write(|tx| {
            let policies = self.policies_in(tx)?;
            let may_be = |rule: &String| policies.1.may_be_lifted(rule);
            if rules.is_empty() || !rules.iter().all(may_be) {
                return Err(not_now("lift.not_liftable"));
            }
            let moment = self.moment(tx)?;
            let (at, day) = (moment.instant(), moment.day());
            let devices = team(tx)?.devices.into_iter();
            let codes: Vec<_> = devices
                .filter(|device| device.agent == wanted.agent)
                .map(|device| {
                    let reference = &wanted.reference;
                    device.key.code(&question, reference, day, &rules)
                })
                .collect();
            if codes.is_empty() {
                return Err(not_now("lift.no_key"));
            }
            let mut all = given(tx)?;
            all.push(GivenLift {
                id: Uuid::now_v7(),
                agent: wanted.agent,
                reference: wanted.reference.trim().to_owned(),
                question,
                day,
                rules,
                reason: reason.to_owned(),
                at,
            });
            record::write(tx, GIVEN, &all)?;
            Ok(codes)
        })
    }
}

fn team(tx: &Tx<'_>) -> Result<TeamKeys> {
    Ok(record::read(tx, TEAM)?.unwrap_or_default())
}

fn given(tx: &Tx<'_>) -> Result<Vec<GivenLift>> {
    Ok(record::read(tx, GIVEN)?.unwrap_or_default())
}

impl Device {
    /// What was approved and is not handed in.
    pub(crate) fn given_lifts(&self) -> Result<Vec<GivenLift>> {
        self.read(given)
    }

    /// The server has these; what was given since stays.
    pub(crate) fn forget_given(&self, taken: &[GivenLift]) -> Result<()> {
        self.write(|tx| {
            let mut all = given(tx)?;
            all.retain(|lift| taken.iter().all(|taken| taken.id != lift.id));
            Ok(record::write(tx, GIVEN, &all)?)
        })
    }

    /// Keeps the team as the server has it now: a device that was lost is gone from it.
    pub(crate) fn keep_team(&self, keys: &TeamKeys) -> Result<()> {
        self.write(|tx| Ok(record::write(tx, TEAM, keys)?))
    }
}
