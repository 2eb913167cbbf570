//! Recording an action: drafted on what the person saw, numbered, chained, signed, and appended to
//! the journal. The outbox is the part of the journal that is not judged: there is no second write.

use super::books::{Books, JournalHead, cursor, incarnation, names, read, write};
use super::view::pending;
use crate::store::{Result, StoreError};
use doorstep_domain::case::FactField;
use doorstep_domain::conflict::Sides;
use doorstep_domain::moment::Moment;
use doorstep_domain::{Action, ActionId, Base, Case, Change, DeviceId, Incarnation, UserId};
use doorstep_protocol::chain::{Link, Sign};
use doorstep_protocol::envelope::Envelope;

/// Who records.
pub struct Author<'a> {
    pub device: DeviceId,
    pub user: UserId,
    pub key: &'a dyn Sign,
}

/// Something a person did, about to be recorded.
pub struct NewAction {
    pub id: ActionId,
    pub change: Change,
    pub recorded: Moment,
    /// The policies that the person had, by hash.
    pub policies: Option<String>,
}

/// The action as it follows from what the person had before their eyes; not recorded yet.
pub fn draft(
    books: &impl Books,
    author: &Author<'_>,
    case: &Case,
    new: NewAction,
) -> Result<Action> {
    let row = books.case_row(case.id)?.ok_or(StoreError::Value("case"))?;
    let head = journal_head(books)?;
    let pending = pending(books, case.id, row.revision)?;
    let unjudged: Vec<&Action> = pending
        .iter()
        .filter(|pending| pending.verdict.is_none())
        .map(|pending| &pending.action)
        .collect();
    // Whatever is folded on top hides the document below it, judged or not.
    let on_top: Vec<&Action> = pending.iter().map(|pending| &pending.action).collect();
    let prev = last_edit(&on_top, case, &new.change);
    Ok(Action {
        id: new.id,
        device: author.device,
        incarnation: head.incarnation,
        n: head.n + 1,
        actor: author.user,
        case: case.id,
        recorded: new.recorded,
        base: Base {
            cursor: cursor(books)?.unwrap_or(row.revision),
            // What arrived under one's own edit was never seen: keep the first base.
            case: prev.map_or(row.revision, |edit| edit.base.case),
        },
        prev: prev.map(|edit| edit.id),
        after: depends_on(&unjudged, &new.change),
        policies: new.policies,
        change: new.change,
    })
}

/// This device's last action on the same fact, while no document shows it: an edit, or a decision
/// that put another value on the screen.
fn last_edit<'a>(on_top: &[&'a Action], case: &Case, change: &Change) -> Option<&'a Action> {
    let field = fact_of(case, change)?;
    on_top
        .iter()
        .rev()
        .copied()
        .find(|action| fact_of(case, &action.change) == Some(field))
}

fn fact_of(case: &Case, change: &Change) -> Option<FactField> {
    match change {
        Change::SetFact { field, .. } => Some(*field),
        Change::Decide { conflict, .. } => match case.conflict(*conflict)?.sides {
            Sides::Fact { field, .. } => Some(field),
            _ => None,
        },
        _ => None,
    }
}

/// A second plan stands or falls with the first, while nobody has judged that.
fn depends_on(unjudged: &[&Action], change: &Change) -> Vec<ActionId> {
    let is_plan = |change: &Change| matches!(change, Change::AgreePlan { .. });
    match is_plan(change) {
        true => unjudged
            .iter()
            .filter(|action| is_plan(&action.change))
            .map(|action| action.id)
            .collect(),
        false => Vec::new(),
    }
}

/// Seals a drafted action as the next of its journal, and appends it.
pub fn append(
    books: &impl Books,
    author: &Author<'_>,
    action: &Action,
    subject: &str,
    salt: [u8; 16],
) -> Result<Envelope> {
    let head = journal_head(books)?;
    let envelope = Envelope::seal(action, head.link, hex::encode(salt), author.key)?;
    books.append(action, &envelope, subject)?;
    let head = JournalHead {
        n: action.n,
        link: envelope.link,
        ..head
    };
    write(books, names::HEAD, &head)?;
    Ok(envelope)
}

/// The end of this life's journal.
pub fn journal_head(books: &impl Books) -> Result<JournalHead> {
    let incarnation = incarnation(books)?;
    let known: Option<JournalHead> = read(books, names::HEAD)?;
    Ok(known
        .filter(|head| head.incarnation == incarnation)
        .unwrap_or(JournalHead {
            incarnation,
            n: 0,
            link: Link::START,
        }))
}

/// Begins a new life: the journal is numbered anew, and what waits is sealed again under it. For a
/// restored or copied device, whose numbers the server has seen with other actions.
pub fn begin_life(
    books: &impl Books,
    author: &Author<'_>,
    fresh: Incarnation,
    salt: &mut dyn FnMut() -> Result<[u8; 16]>,
) -> Result<()> {
    write(books, names::INCARNATION, &fresh)?;
    let mut head = journal_head(books)?;
    for entry in books.outbox(usize::MAX >> 1)? {
        let mut action = entry.action()?;
        (action.incarnation, action.n) = (fresh, head.n + 1);
        let envelope = Envelope::seal(&action, head.link, hex::encode(salt()?), author.key)?;
        books.reseal(&envelope)?;
        (head.n, head.link) = (action.n, envelope.link);
    }
    write(books, names::HEAD, &head)
}
