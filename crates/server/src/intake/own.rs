//! What happens in the console, an import or the API: an action too, with the server as origin.

use super::settle::{Recorded, Rule, settle};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::moment::Moment;
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::Verdict;
use doorstep_domain::{Action, ActionId, Base, CaseId, Change, Revision, Role, UserId};
use doorstep_protocol::envelope::Envelope;
use uuid::Uuid;

/// What somebody did on this side of the network.
pub struct OwnAction {
    pub actor: UserId,
    pub role: Role,
    pub case: CaseId,
    pub change: Change,
    /// The revision of the case on the person's screen; absent where none was shown.
    pub seen: Option<Revision>,
}

/// Records an action of the server's own, judged like any other.
pub fn act(
    tx: &Tx<'_>,
    own: OwnAction,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<Verdict, StoreError> {
    tx.enter()?;
    let origin = tx.origin()?;
    let head = tx.journal_head(origin.device, origin.incarnation)?;
    let cursor = tx.head()?;
    let action = Action {
        id: ActionId(Uuid::now_v7()),
        device: origin.device,
        incarnation: origin.incarnation,
        n: head.n + 1,
        actor: own.actor,
        case: own.case,
        recorded: Moment::read(now.fixed_offset(), None, Some(now)),
        base: Base {
            cursor,
            case: own.seen.unwrap_or(cursor),
        },
        prev: None,
        after: Vec::new(),
        policies: None,
        change: own.change,
    };
    let salt = hex::encode(crate::secrets::random::<16>()?);
    let envelope = Envelope::seal(&action, head.link, salt, &origin.key)?;
    let recorded = Recorded {
        subject: super::subject(origin.device, &envelope),
        envelope: &envelope,
        action: Some(&action),
        actor: own.actor,
        role: own.role,
    };
    let signed = settle(tx, &recorded, &action, Rule::Judge, policies, now)?;
    Ok(signed.verdict)
}
