//! Sending down: what changed in a device's scope, what left it, and what both ends hold.
//!
//! Scope is checked when a row is read, never from an old event: a case that has left is never sent.

mod scope;
mod snapshot;
pub mod wait;

pub use scope::Scope;
pub use snapshot::{Frame, frame};

use crate::intake::{Books, TakenIn};
use crate::policies::InForce;
use crate::store::{DeviceState, Result};
use chrono::{DateTime, Utc};
use doorstep_domain::{CaseId, DeviceId, Revision, UserId};
use doorstep_protocol::PROTOCOL;
use doorstep_protocol::digest::bucket_of;
use doorstep_protocol::exchange::{CaseDocument, CustodyOrder, SyncRequest, SyncResponse};

/// A device that is further behind than so many pages gets the snapshot, and keeps its outbox.
const SNAPSHOT_BEYOND_PAGES: usize = 4;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub device: DeviceId,
    pub person: UserId,
    pub state: DeviceState,
    /// At most so many cases in one answer.
    pub page_cases: usize,
}

/// An answer, with the ids of the cases in it for the custody ledger.
#[derive(Debug)]
pub struct Answer {
    pub response: SyncResponse,
    pub sent: Vec<CaseId>,
}

/// The answer to a request, as of this transaction; `before` is what the person had before it, where
/// somebody looked.
pub fn answer<B: Books>(
    books: &B,
    reader: Reader,
    before: Option<&Scope>,
    request: &SyncRequest,
    taken_in: TakenIn,
    policies: &InForce,
    now: DateTime<Utc>,
) -> Result<Answer> {
    let mut page = match reader.state {
        DeviceState::Active => page(books, reader, request.cursor)?,
        // Nothing new for a device that is to give up what it has.
        DeviceState::Retired | DeviceState::Lost => Page::nothing(books.head()?),
    };
    let mut verdicts = taken_in.verdicts;
    verdicts.extend(books.late_verdicts(reader.device, page.after)?);
    let is_last = !page.more && !page.snapshot && reader.state == DeviceState::Active;
    let mut repaired = Vec::new();
    let mut digest = None;
    if is_last {
        let held = scope::digest(books, reader.person, before, &page)?;
        if let Some(theirs) = &request.repair {
            repaired = held.differing(theirs);
            page.add_buckets(books, reader.person, &repaired)?;
        }
        digest = Some(held.total());
    }
    let line = books.line()?;
    let has_policies = request.policies.as_deref() == Some(policies.hash.as_str());
    let response = SyncResponse {
        protocol: PROTOCOL,
        verdicts,
        halt: taken_in.halt,
        cases: page.cases,
        left: page.left,
        policies: match has_policies {
            true => None,
            false => Some(policies.document(books.key()?)?),
        },
        cursor: page.cursor,
        more: page.more,
        snapshot: page.snapshot,
        lineage: line.lineage,
        durable: line.durable,
        digest,
        repaired,
        retry_after_s: None,
        custody: match reader.state {
            DeviceState::Active => CustodyOrder::Keep,
            DeviceState::Retired => CustodyOrder::Retire,
            DeviceState::Lost => CustodyOrder::Destroy,
        },
        server_time: now,
    };
    Ok(Answer {
        response,
        sent: page.sent,
    })
}

struct Page {
    /// The number after which the page begins.
    after: u64,
    cases: Vec<CaseDocument>,
    sent: Vec<CaseId>,
    /// The cases that changed, each with its number.
    changed: Vec<(CaseId, u64)>,
    left: Vec<CaseId>,
    cursor: Revision,
    more: bool,
    snapshot: bool,
}

impl Page {
    const fn nothing(head: Revision) -> Self {
        Self {
            after: head.number,
            cases: Vec::new(),
            sent: Vec::new(),
            changed: Vec::new(),
            left: Vec::new(),
            cursor: head,
            more: false,
            snapshot: false,
        }
    }

    /// Adds whatever the person has in these buckets of the digest.
    fn add_buckets<B: Books>(&mut self, books: &B, person: UserId, buckets: &[u8]) -> Result<()> {
        if buckets.is_empty() {
            return Ok(());
        }
        for row in books.cases_in_scope(person, None, usize::MAX >> 1)? {
            if buckets.contains(&bucket_of(row.id)) && !self.sent.contains(&row.id) {
                self.sent.push(row.id);
                self.cases.push(CaseDocument::from_text(row.doc)?);
            }
        }
        Ok(())
    }
}

/// What changed in a person's scope since the cursor.
fn page<B: Books>(books: &B, reader: Reader, cursor: Option<Revision>) -> Result<Page> {
    let (person, page_cases) = (reader.person, reader.page_cases);
    let snapshot_beyond = SNAPSHOT_BEYOND_PAGES * page_cases;
    let head = books.head()?;
    // Another epoch, or a cursor ahead of us: everything again, applied only where newer.
    let after = match cursor {
        Some(cursor) if cursor.is_covered_by(head) == Some(true) => cursor.number,
        _ => 0,
    };
    let mut page = Page {
        after,
        ..Page::nothing(head)
    };
    let mut rows = books.changed_cases(person, after, page_cases + 1)?;
    page.more = rows.len() > page_cases;
    // Counted only where one page is not enough, which is rare.
    if page.more && books.count_changed(person, after, snapshot_beyond + 1)? > snapshot_beyond {
        page.more = false;
        page.snapshot = true;
        page.left = books.departures(person, after, head.number)?;
        return Ok(page);
    }
    rows.truncate(page_cases);
    if let Some(last) = rows.last().filter(|_| page.more) {
        page.cursor.number = last.number;
    }
    page.left = books.departures(person, after, page.cursor.number)?;
    for row in rows {
        page.sent.push(row.id);
        page.changed.push((row.id, row.number));
        page.cases.push(CaseDocument::from_text(row.doc)?);
    }
    Ok(page)
}
