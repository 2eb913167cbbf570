//! What happens in the console, an import or the API: an action too, with the server as origin.

use super::Books;
use super::settle::{Recorded, Rule, settle};
use crate::store::{StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::moment::Moment;
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::Verdict;
use doorstep_domain::{Action, ActionId, Base, CaseId, Change, Revision, Role, UserId};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::Subject;
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

/// What is new about an action and comes from outside: its id, and the salt of its payload.
pub struct Fresh {
    pub id: ActionId,
    pub salt: [u8; 16],
}

/// Records an action of the server's own, judged like any other.
pub fn act(
    tx: &Tx<'_>,
    own: OwnAction,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<Verdict, StoreError> {
    let fresh = Fresh {
        id: ActionId(Uuid::now_v7()),
        salt: crate::secrets::random()?,
    };
    act_over(tx, own, policies, now, &fresh)
}

/// The same over any books.
pub fn act_over<B: Books>(
    books: &B,
    own: OwnAction,
    policies: &Policies,
    now: DateTime<Utc>,
    fresh: &Fresh,
) -> Result<Verdict, StoreError> {
    books.enter()?;
    let (device, incarnation) = books.own_life()?;
    let head = books.journal_head(device, incarnation)?;
    let cursor = books.head()?;
    let action = Action {
        id: fresh.id,
        device,
        incarnation,
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
    let salt = hex::encode(fresh.salt);
    let envelope = Envelope::seal(&action, head.link, salt, books.key()?)?;
    let recorded = Recorded {
        subject: Subject::of(device, &envelope),
        envelope: &envelope,
        action: Some(&action),
        actor: own.actor,
        role: own.role,
    };
    let signed = settle(books, &recorded, &action, Rule::Judge, policies, now)?;
    Ok(signed.verdict)
}
