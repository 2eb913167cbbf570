//! Taking actions in: verify, judge, fold, record. One transaction a request; one action never blocks
//! those of other cases. Where one meets something that can't be read, what was done for it is undone
//! alone: the push is taken again with a savepoint an action, which would cost all others.

mod books;
mod own;
mod partner;
mod settle;

pub use books::{Books, JournalRow, OwnKey, Taken, TakenAction};
pub use own::{Fresh, OwnAction, act, act_over};
pub use partner::confirm_partners;

use crate::policies::InForce;
use crate::store::StoreError;
use chrono::{DateTime, Utc};
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{Action, DeviceId, Role, UserId};
use doorstep_protocol::chain::Verify;
use doorstep_protocol::envelope::{Envelope, OpenError, SCHEMA};
use doorstep_protocol::exchange::{Halt, SyncRequest};
use doorstep_protocol::sequence::{Arrival, Head, place};
use doorstep_protocol::verdict::{SignedVerdict, Subject};
use settle::{Recorded, Rule, settle};
use std::collections::BTreeMap;

/// Why a push as a whole can't be taken. The device's outbox stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error("an action is not signed by this device")]
    BadSignature,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who pushes.
pub struct Sender<'a> {
    pub device: DeviceId,
    pub person: UserId,
    pub role: Role,
    pub key: &'a dyn Verify,
    /// Reported lost: what arrives from now on waits for a person, whatever its date.
    pub is_lost: bool,
}

/// What became of a push.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// One for each action that was taken, in order.
    pub verdicts: Vec<SignedVerdict>,
    pub halt: Option<Halt>,
    /// How many were new.
    pub fresh: usize,
}

/// Takes in everything that a request brings up.
pub fn receive<B: Books>(
    books: &B,
    sender: &Sender<'_>,
    request: &SyncRequest,
    policies: &InForce,
    now: DateTime<Utc>,
) -> Result<TakenIn, IntakeError> {
    books.enter()?;
    if !request.newer.is_empty() {
        books.note_newer(sender.device, &request.newer, now)?;
    }
    if !request.purged.is_empty() {
        books.note_purged(sender.device, &request.purged, now)?;
    }
    take_in(books, sender, &request.outbox, policies, now)
}

/// Judges the envelopes of a push in order and answers each with its verdict.
pub fn take_in<B: Books>(
    books: &B,
    sender: &Sender<'_>,
    envelopes: &[Envelope],
    policies: &InForce,
    now: DateTime<Utc>,
) -> Result<TakenIn, IntakeError> {
    let take = |undo| take_with(books, sender, envelopes, policies, now, undo);
    match books.apart(|| take(Undo::Together)) {
        Err(IntakeError::Store(error)) if error.is_unreadable() => take(Undo::Each),
        taken_in => taken_in,
    }
}

/// What is undone where something stored can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// The whole push, to be taken again.
    Together,
    /// What was done for that action.
    Each,
}

fn take_with<B: Books>(
    books: &B,
    sender: &Sender<'_>,
    envelopes: &[Envelope],
    policies: &InForce,
    now: DateTime<Utc>,
    undo: Undo,
) -> Result<TakenIn, IntakeError> {
    let mut heads = BTreeMap::new();
    let mut taken_in = TakenIn::default();
    for envelope in envelopes {
        let subject = Subject::of(sender.device, envelope);
        let head = match heads.get(&envelope.incarnation) {
            Some(head) => *head,
            None => books.journal_head(sender.device, envelope.incarnation)?,
        };
        let taken = match envelope.n <= head.n {
            true => books.taken(sender.device, envelope.incarnation, envelope.n)?,
            false => None,
        };
        let handed_back = match &envelope.verdict {
            Some(verdict) if verdict.is_signed(&subject, books.key()?) => Some(&**verdict),
            _ => None,
        };
        let link = taken.as_ref().map(|taken| taken.link);
        match place(head, envelope, link, handed_back.is_some()) {
            Arrival::Gap { expected } => {
                taken_in.halt = Some(Halt::Gap { expected });
                break;
            }
            Arrival::Fork => {
                if !sender.key.has_signed(&envelope.link.0, &envelope.signature) {
                    return Err(IntakeError::BadSignature);
                }
                books.put_aside(sender.device, envelope, "fork", now)?;
                taken_in.halt = Some(Halt::Fork);
                break;
            }
            Arrival::Again => taken_in.verdicts.extend(taken.map(|taken| taken.verdict)),
            Arrival::Next => {
                if !sender.key.has_signed(&envelope.link.0, &envelope.signature) {
                    return Err(IntakeError::BadSignature);
                }
                let one = One {
                    sender,
                    envelope,
                    subject,
                    handed_back,
                    policies,
                    now,
                };
                let verdict = match undo {
                    Undo::Together => one.judge(books)?,
                    Undo::Each => one.judge_apart(books)?,
                };
                taken_in.verdicts.push(verdict);
                taken_in.fresh += 1;
                let head = Head {
                    n: envelope.n,
                    link: envelope.link,
                };
                heads.insert(envelope.incarnation, head);
            }
        }
    }
    Ok(taken_in)
}

/// One envelope that is new under its number.
struct One<'a> {
    sender: &'a Sender<'a>,
    envelope: &'a Envelope,
    subject: Subject,
    handed_back: Option<&'a SignedVerdict>,
    policies: &'a InForce,
    now: DateTime<Utc>,
}

impl One<'_> {
    fn judge_apart<B: Books>(&self, books: &B) -> Result<SignedVerdict, StoreError> {
        match books.apart(|| self.judge(books)) {
            Err(error) if error.is_unreadable() => {
                self.unread(books, Ruling::held("server.could_not_judge"))
            }
            judged => judged,
        }
    }

    fn judge<B: Books>(&self, books: &B) -> Result<SignedVerdict, StoreError> {
        // The same action under another number: a device that took a new incarnation hands in again.
        if let Some(known) = books.taken_action(self.envelope.id)? {
            return match self.is_same(&known) {
                true => self.record_again(books, &known),
                false => self.unread(books, Ruling::refused("action.id_reused")),
            };
        }
        let action = match self.envelope.open() {
            Ok(action)
                if action.device == self.sender.device && action.actor == self.sender.person =>
            {
                action
            }
            Ok(_) => return self.unread(books, Ruling::refused("action.not_yours")),
            Err(OpenError::NewerSchema(_)) => {
                return self.unread(books, Ruling::held("action.newer_app"));
            }
            Err(OpenError::Malformed(_) | OpenError::Mislabelled) => {
                return self.unread(books, Ruling::refused("action.malformed"));
            }
        };
        if matches!(action.change, doorstep_domain::Change::JoinVisit { .. }) {
            // Nobody says of themselves that they go along: the code of their own device does.
            return self.unread(books, Ruling::refused("role.not_permitted"));
        }
        let rule = match (self.sender.is_lost, self.handed_back) {
            // Held work is shown to whoever decides on it, and what somebody complains of is for
            // the complaint handler alone: it is taken as it comes.
            (true, _) if !action.change.is_confidential() => Rule::Hold("device.reported_lost"),
            (_, Some(verdict)) => Rule::Replay(&verdict.verdict),
            (_, None) => Rule::Judge,
        };
        let older = match &action.policies {
            Some(hash) if *hash != self.policies.hash => books.policies(hash)?,
            _ => None,
        };
        settle(
            books,
            &self.recorded(Some(&action)),
            &action,
            rule,
            older.as_ref().unwrap_or(&self.policies.policies),
            self.now,
        )
    }

    /// Whether it is the same action, whatever number it has in which life of the device.
    fn is_same(&self, known: &TakenAction) -> bool {
        if known.device != self.sender.device {
            return false;
        }
        if known.envelope.payload == self.envelope.payload {
            return true;
        }
        let bare = |envelope: &Envelope| {
            envelope.open().ok().map(|action| Action {
                incarnation: self.envelope.incarnation,
                n: 0,
                ..action
            })
        };
        bare(&known.envelope).is_some_and(|known| Some(known) == bare(self.envelope))
    }

    fn record_again<B: Books>(
        &self,
        books: &B,
        known: &TakenAction,
    ) -> Result<SignedVerdict, StoreError> {
        let verdict = known.verdict.verdict.clone();
        self.recorded(None)
            .append(books, verdict, books.advance(false)?)
    }

    /// Keeps an action that can't be judged: whole, numbered, with the reason.
    fn unread<B: Books>(&self, books: &B, ruling: Ruling) -> Result<SignedVerdict, StoreError> {
        let verdict = doorstep_domain::Verdict {
            action: self.envelope.id,
            ruling,
            revision: None,
            first: None,
            remarks: Vec::new(),
            judged_at: self.now,
        };
        self.recorded(None)
            .append(books, verdict, books.advance(false)?)
    }

    fn recorded<'a>(&'a self, action: Option<&'a Action>) -> Recorded<'a> {
        Recorded {
            subject: self.subject,
            envelope: self.envelope,
            action,
            actor: self.sender.person,
            role: self.sender.role,
        }
    }
}

/// Judges what waited for a server that can read it. Run once, when a new version starts.
pub fn judge_what_waited(
    tx: &crate::store::Tx<'_>,
    policies: &InForce,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let waiting = tx.waiting_unread(SCHEMA)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    tx.enter()?;
    let mut judged = 0;
    for taken in &waiting {
        let Some(device) = tx.device(taken.device)? else {
            continue;
        };
        let (Some(person), Ok(action)) = (tx.person(device.person)?, taken.envelope.open()) else {
            continue;
        };
        let recorded = Recorded {
            subject: Subject::of(taken.device, &taken.envelope),
            envelope: &taken.envelope,
            action: Some(&action),
            actor: person.id,
            role: person.role,
        };
        settle::settle_late(tx, &recorded, &action, &policies.policies, now)?;
        judged += 1;
    }
    Ok(judged)
}
