//! The digest of a person's scope, as of the end of a transaction: read before it begins, and followed
//! through what the transaction changes.

use super::Page;
use crate::intake::Books;
use crate::store::Result;
use doorstep_domain::{Revision, UserId};
use doorstep_protocol::digest::{Digest, Tally};

/// What a person had a moment ago.
pub struct Scope {
    at: Revision,
    cases: Tally,
}

impl Scope {
    /// What `person` has as of this transaction.
    pub fn read<B: Books>(books: &B, person: UserId) -> Result<Self> {
        // First: what changes in between is in both, and is put in its place again.
        let at = books.head()?;
        let cases = Tally::of(books.scope(person)?);
        Ok(Self { at, cases })
    }

    /// The digest as of `page`, which ends at the head; none where the page begins too late to say.
    fn followed(&self, page: &Page) -> Option<Digest> {
        let is_seamless = self.at.epoch == page.cursor.epoch
            && page.after <= self.at.number
            && self.at.number <= page.cursor.number;
        let departures = page.left.iter().map(|id| (*id, None));
        // Whatever changed since is of this epoch.
        let since = page.changed.iter();
        let since = since.filter(|(_, number)| *number > self.at.number);
        let changes = since.map(|(id, number)| {
            let revision = Revision {
                epoch: page.cursor.epoch,
                number: *number,
            };
            (*id, Some(revision))
        });
        is_seamless.then(|| self.cases.after(departures.chain(changes)))
    }
}

/// The digest of what `person` has at the end of their last page.
pub fn digest<B: Books>(
    books: &B,
    person: UserId,
    before: Option<&Scope>,
    page: &Page,
) -> Result<Digest> {
    match before.and_then(|scope| scope.followed(page)) {
        Some(digest) => Ok(digest),
        None => Ok(Digest::of(books.scope(person)?)),
    }
}
