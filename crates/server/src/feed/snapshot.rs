//! The first sync: everything in scope in the order of the ids, in frames. No state is kept here:
//! a dropped stream resumes after the last id that arrived.

use crate::intake::Books;
use crate::store::Result;
use doorstep_domain::{CaseId, UserId};
use doorstep_protocol::exchange::{CaseDocument, FRAME_BYTES};

/// About so many cases fill a frame.
const CASES_READ_AT_ONCE: usize = 128;

/// Some cases, and the last id among them.
#[derive(Debug)]
pub struct Frame {
    pub cases: Vec<CaseDocument>,
    pub ids: Vec<CaseId>,
    pub last: CaseId,
}

/// The next frame after `after`; none at the end. Rows are read as they are at this moment: the
/// device applies what is newer, and asks for what changed since the beginning afterwards.
pub fn frame<B: Books>(books: &B, person: UserId, after: Option<CaseId>) -> Result<Option<Frame>> {
    let mut frame: Option<Frame> = None;
    let mut size = 0;
    while size < FRAME_BYTES {
        let from = frame.as_ref().map_or(after, |frame| Some(frame.last));
        let rows = books.cases_in_scope(person, from, CASES_READ_AT_ONCE)?;
        let is_end = rows.len() < CASES_READ_AT_ONCE;
        for row in rows {
            size += row.doc.len();
            let frame = frame.get_or_insert_with(|| Frame {
                cases: Vec::new(),
                ids: Vec::new(),
                last: row.id,
            });
            frame.cases.push(CaseDocument::from_text(row.doc)?);
            frame.ids.push(row.id);
            frame.last = row.id;
        }
        if is_end {
            break;
        }
    }
    Ok(frame)
}
