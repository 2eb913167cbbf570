//! Recording an action: drafted on what the person saw, numbered, chained, signed, and appended to
//! the journal. The outbox is the part of the journal that is not judged: there is no second write.

use super::books::{Books, JournalHead, cursor, incarnation, names, read, write};
use super::view::{Pending, pending};
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
    let shown = books.revision(case.id)?.ok_or(StoreError::Value("case"))?;
    let head = journal_head(books)?;
    // Most actions follow from nothing before them: then there is nothing to look for.
    let field = fact_of(case, &new.change);
    let on_top = match field.is_some() || is_plan(&new.change) {
        true => pending(books, case.id, shown)?,
        false => Vec::new(),
    };
    let prev = field.and_then(|field| last_edit(&on_top, case, field));
    Ok(Action {
        id: new.id,
        device: author.device,
        incarnation: head.incarnation,
        n: head.n + 1,
        actor: author.user,
        case: case.id,
        recorded: new.recorded,
        base: Base {
            cursor: cursor(books)?.unwrap_or(shown),
            // What arrived under one's own edit was never seen: keep the first base.
            case: prev.map_or(shown, |edit| edit.base.case),
        },
        prev: prev.map(|edit| edit.id),
        after: depends_on(&on_top, &new.change),
        policies: new.policies,
        change: new.change,
    })
}

/// This device's last action on the same fact, while no document shows it: an edit, or a decision
/// that put another value on the screen. Whatever is folded on top hides the document below it, judged
/// or not.
fn last_edit<'a>(on_top: &'a [Pending], case: &Case, field: FactField) -> Option<&'a Action> {
    let mut actions = on_top.iter().rev().map(|pending| &pending.action);
    actions.find(|action| fact_of(case, &action.change) == Some(field))
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
fn depends_on(on_top: &[Pending], change: &Change) -> Vec<ActionId> {
    if !is_plan(change) {
        return Vec::new();
    }
    let unjudged = on_top.iter().filter(|pending| pending.verdict.is_none());
    unjudged
        .map(|pending| &pending.action)
        .filter(|action| is_plan(&action.change))
        .map(|action| action.id)
        .collect()
}

const fn is_plan(change: &Change) -> bool {
    matches!(change, Change::AgreePlan { .. })
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
