//! What a screen can ask for, one file a use case. All of it works with the server gone.

pub mod agree_plan;
pub mod arrive;
pub mod check_visit;
mod copy;
pub mod correct_case;
pub mod decide;
pub mod enrol;
mod evidence;
pub mod give_lift;
mod lease;
pub mod lift;
pub mod make_visit;
mod partner;
pub mod raise_alarm;
pub mod read_cases;
pub mod status;

use crate::device::Device;
use crate::error::{DeviceError, Result};
use crate::record::{self, NewAction};
use crate::store::{StoreError, Tx};
use crate::sync::salt;
use crate::view::CommittedView;
use chrono::{DateTime, Utc};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{Action, ActionId, Base, Case, CaseId, Change, DeviceId, Incarnation, Role};
use std::sync::Arc;
use uuid::Uuid;

impl Device {
    /// A case as its person sees it.
    pub(crate) fn case_in(&self, tx: &Tx<'_>, id: CaseId) -> Result<Case> {
        tx.case(id)?.ok_or(DeviceError::UnknownCase)
    }

    /// The policies; none before the first sync has finished.
    pub(crate) fn policies_in(&self, tx: &Tx<'_>) -> Result<Arc<(String, Policies)>> {
        match tx.is_ready()? {
            true => self.policies().ok_or(DeviceError::NotReady),
            false => Err(DeviceError::NotReady),
        }
    }

    /// Asks the rules, then saves: the action and its place in the outbox, as one.
    pub(crate) fn save(&self, tx: &Tx<'_>, case: &Case, change: Change) -> Result<CommittedView> {
        let policies = self.policies_in(tx)?;
        let recorded = self.moment(tx)?;
        let (hash, policies) = &*policies;
        let ruling = self.foresee(case, &change, &recorded, policies);
        let will_be_held = match ruling {
            Ruling::Refused { rule } => return Err(DeviceError::NotNow(rule)),
            Ruling::Held { rule } => Some(rule),
            Ruling::Applied => None,
        };
        let id = ActionId(Uuid::now_v7());
        let author = self.author();
        let new = NewAction {
            id,
            change,
            recorded,
            policies: Some(hash.clone()),
        };
        let action = record::draft(tx, &author, case, new)?;
        record::append(tx, &author, &action, &case.person.name, salt()?)?;
        self.bell().notify_one();
        Ok(CommittedView {
            action: action.id,
            will_be_held,
        })
    }

    /// What the rules would say to it now, on what this device knows.
    fn foresee(
        &self,
        case: &Case,
        change: &Change,
        recorded: &doorstep_domain::moment::Moment,
        policies: &Policies,
    ) -> Ruling {
        let seen = case.revision;
        let action = Action {
            id: ActionId(Uuid::nil()),
            device: DeviceId(Uuid::nil()),
            incarnation: Incarnation(Uuid::nil()),
            n: 0,
            actor: self.profile().user,
            case: case.id,
            recorded: recorded.clone(),
            base: Base {
                cursor: seen,
                case: seen,
            },
            prev: None,
            after: Vec::new(),
            policies: None,
            change: change.clone(),
        };
        let plan_policy = policies.plan_policy(case);
        let context = Context::new(Role::Agent, &plan_policy, recorded.instant(), seen.epoch);
        judge(Some(case), &action, &context)
    }

    pub(crate) fn instant(&self, tx: &Tx<'_>) -> std::result::Result<DateTime<Utc>, StoreError> {
        Ok(self.moment(tx)?.instant())
    }
}
