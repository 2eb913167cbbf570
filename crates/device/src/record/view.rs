//! A case as its person sees it: the server's document with what was done here folded on top. Rules
//! are not run again: what was judged is shown as it was judged.

use super::books::{Books, lineage};
use crate::store::Result;
use doorstep_domain::fold::{Standing, fold};
use doorstep_domain::{Action, Case, CaseId, Lineage, Revision};
use doorstep_protocol::verdict::SignedVerdict;

/// An action that the server's document may not show yet.
pub struct Pending {
    pub action: Action,
    pub verdict: Option<SignedVerdict>,
}

/// A case as its person sees it; none that is not here.
pub fn case(books: &impl Books, id: CaseId) -> Result<Option<Case>> {
    match books.document(id)? {
        Some(document) => fold_pending(books, serde_json::from_str(&document)?),
        None => Ok(None),
    }
}

/// Folds what the document does not show yet.
pub fn fold_pending(books: &impl Books, case: Case) -> Result<Option<Case>> {
    let pending = pending(books, case.id, case.revision)?;
    let epoch = case.revision.epoch;
    let mut view = Some(case);
    for pending in pending {
        let judged = pending.verdict.as_ref().and_then(|signed| {
            let verdict = &signed.verdict;
            let revision = verdict.revision?;
            let standing = Standing::of(&verdict.ruling, &verdict.remarks, revision);
            // On its way back to a restored server, or just come back: what followed it in its first
            // epoch stays on top, as it does there.
            let is_earlier = revision.epoch < epoch;
            let first = verdict.first.or(is_earlier.then_some(revision));
            Some(match first {
                Some(first) => standing.replayed(first),
                None => standing,
            })
        });
        view = fold(view, &pending.action, &judged.unwrap_or(Standing::Unjudged));
    }
    Ok(view)
}

/// The actions on a case that a document of revision `shown` may not show yet, in order.
pub fn pending(books: &impl Books, case: CaseId, shown: Revision) -> Result<Vec<Pending>> {
    let lineage = lineage(books)?;
    let mut pending = Vec::new();
    for entry in books.entries(case)? {
        if !is_shown(entry.verdict.as_ref(), shown, &lineage) {
            pending.push(Pending {
                action: entry.action()?,
                verdict: entry.verdict,
            });
        }
    }
    Ok(pending)
}

/// Whether a document of revision `shown` has what became of a judged action in it.
fn is_shown(verdict: Option<&SignedVerdict>, shown: Revision, lineage: &Lineage) -> bool {
    match verdict.map(|signed| signed.verdict.revision) {
        None => false,
        // It changed nothing: there is nothing to wait for.
        Some(None) => true,
        Some(Some(revision)) => lineage.shows(shown, revision),
    }
}
