//! What a device does with what it knows: record, show, hand in, take in. Over any store: the real
//! one and the simulation's run the same lines.

mod books;
mod commit;
mod exchange;
mod round;
mod view;

pub use books::{Books, CaseHead, ConflictOnly, Entry, HandBack, JournalHead, names, read, write};
pub use books::{cursor, incarnation};
pub use commit::{Author, NewAction, append, begin_life, draft, journal_head};
pub use exchange::{
    Peer, Received, begin_snapshot, end_snapshot, outbox, request, snapshot_after, take_frame,
    take_in,
};
pub use round::{Meanwhile, Round, held};
pub use view::{Pending, case, fold_pending, pending};
