//! Taking actions in: verify, judge, fold, record. One transaction a request, a savepoint an
//! action; one action never blocks those of other cases.

mod own;

pub use own::{OwnAction, act};

use crate::store::{DeviceRow, JournalRow, StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::judge::{Context, judge};
use doorstep_domain::policy::Policies;
use doorstep_domain::verdict::{Ruling, Verdict};
use doorstep_domain::{Action, Change, DeviceId, Role, UserId};
use doorstep_protocol::chain;
use doorstep_protocol::envelope::{Envelope, OpenError};
use doorstep_protocol::sequence::{Arrival, place};

/// Why a push as a whole can't be taken. The device's outbox stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("an earlier action is missing")]
    Gap { expected: u64 },
    #[error("the same number with other content")]
    Fork,
    #[error("an action is not signed by this device")]
    BadSignature,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who pushes.
pub struct Sender<'a> {
    pub device: &'a DeviceRow,
    pub role: Role,
}

/// Judges the envelopes of a push in order and answers each with its verdict.
pub fn take_in(
    tx: &Tx<'_>,
    sender: &Sender<'_>,
    envelopes: &[Envelope],
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<Vec<Verdict>, IntakeError> {
    let key = chain::public_key(&sender.device.public_key).ok_or(IntakeError::BadSignature)?;
    let mut verdicts = Vec::with_capacity(envelopes.len());
    for envelope in envelopes {
        let device = sender.device.id;
        let head = tx.journal_head(device, envelope.incarnation)?;
        let taken = tx.taken(device, envelope.incarnation, envelope.n)?;
        let taken_link = taken.as_ref().map(|(link, _)| *link);
        match place(
            head,
            envelope.n,
            &envelope.payload,
            envelope.link,
            taken_link,
        ) {
            Arrival::Gap { expected } => return Err(IntakeError::Gap { expected }),
            Arrival::Fork => return Err(IntakeError::Fork),
            Arrival::Again => verdicts.extend(taken.map(|(_, verdict)| verdict)),
            Arrival::Next => {
                if !chain::is_signed_by(&key, envelope.link, &envelope.signature) {
                    return Err(IntakeError::BadSignature);
                }
                verdicts.push(tx.apart(|| take_one(tx, sender, envelope, policies, now))?);
            }
        }
    }
    Ok(verdicts)
}

fn take_one(
    tx: &Tx<'_>,
    sender: &Sender<'_>,
    envelope: &Envelope,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<Verdict, StoreError> {
    let (device, person) = (sender.device.id, sender.device.person);
    let unread = |ruling| unread(tx, device, person, envelope, ruling, now);
    // The same action under another number: a device that took a new incarnation hands in again.
    if let Some((payload, verdict)) = tx.taken_action(envelope.id)? {
        if payload != envelope.payload {
            return unread(Ruling::refused("action.id_reused"));
        }
        let again = Recorded {
            device,
            envelope,
            action: None,
            actor: person,
        };
        again.append(tx, &verdict)?;
        return Ok(verdict);
    }
    let action = match envelope.open() {
        Ok(action) if action.device == device && action.actor == person => action,
        Ok(_) => return unread(Ruling::refused("action.not_yours")),
        Err(OpenError::NewerSchema(_)) => return unread(Ruling::held("action.newer_app")),
        Err(OpenError::Malformed(_) | OpenError::Mislabelled) => {
            return unread(Ruling::refused("action.malformed"));
        }
    };
    let recorded = Recorded {
        device,
        envelope,
        action: Some(&action),
        actor: person,
    };
    settle(tx, &recorded, &action, sender.role, policies, now)
}

/// Keeps an action that can't be judged: whole, numbered, with the reason.
fn unread(
    tx: &Tx<'_>,
    device: DeviceId,
    actor: UserId,
    envelope: &Envelope,
    ruling: Ruling,
    now: DateTime<Utc>,
) -> Result<Verdict, StoreError> {
    let verdict = Verdict {
        action: envelope.id,
        ruling,
        revision: None,
        judged_at: now,
    };
    Recorded {
        device,
        envelope,
        action: None,
        actor,
    }
    .append(tx, &verdict)?;
    Ok(verdict)
}

/// Judges one readable action, folds it, and records both.
fn settle(
    tx: &Tx<'_>,
    recorded: &Recorded<'_>,
    action: &Action,
    role: Role,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<Verdict, StoreError> {
    let case = tx.case(action.case)?;
    let context = Context {
        role,
        plan_policy: &policies.pack.plan,
        not_before: tx.time_of(action.base.cursor)?,
        arrival: now,
    };
    let ruling = judge(case.as_ref(), action, &context);
    let leaves_trace = match &ruling {
        Ruling::Applied | Ruling::Held { .. } => true,
        Ruling::Refused { .. } => {
            case.is_some() && matches!(action.change, Change::AgreePlan { .. })
        }
    };
    let mut revision = None;
    if leaves_trace {
        let next = tx.next_revision()?;
        let agent_before = case
            .as_ref()
            .and_then(|case| case.assignment.as_ref())
            .map(|a| a.agent);
        let standing = match ruling.clone() {
            Ruling::Applied => Standing::Applied { revision: next },
            Ruling::Held { rule } => Standing::Held {
                revision: next,
                rule,
            },
            Ruling::Refused { rule } => Standing::Refused {
                revision: next,
                rule,
            },
        };
        if let Some(case) = fold(case, action, &standing) {
            tx.put_case(&case, agent_before)?;
            revision = Some(next);
        }
    }
    let verdict = Verdict {
        action: action.id,
        ruling,
        revision,
        judged_at: now,
    };
    recorded.append(tx, &verdict)?;
    Ok(verdict)
}

/// An action on its way into the journal.
struct Recorded<'a> {
    device: DeviceId,
    envelope: &'a Envelope,
    action: Option<&'a Action>,
    actor: UserId,
}

impl Recorded<'_> {
    fn append(&self, tx: &Tx<'_>, verdict: &Verdict) -> Result<(), StoreError> {
        tx.append(&JournalRow {
            device: self.device,
            envelope: self.envelope,
            case: self.action.map(|action| action.case),
            actor: self.actor,
            kind: self.action.map_or("unread", |action| action.change.kind()),
            verdict,
        })
    }
}
