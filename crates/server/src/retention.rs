//! Evidence leaves when its time is over: the bytes are removed, and the journal says that they were.

use crate::attachments::{AttachmentError, Attachments};
use crate::intake::{OwnAction, act};
use crate::policies::InForce;
use crate::store::{Store, StoreError, aside};
use chrono::{DateTime, Utc};
use doorstep_domain::evidence::Evidence;
use doorstep_domain::policy::Policies;
use doorstep_domain::{CaseId, Change, Role, UserId};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;

/// Cases that are read at a time: other writers get their turn.
const CASES_AT_ONCE: u32 = 200;

/// Why evidence could not be removed; nothing is recorded as removed that was not.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Attachments(#[from] AttachmentError),
}

/// Nobody: the server itself acts, by the policy.
pub const BY_POLICY: UserId = UserId(Uuid::nil());

/// Removes the evidence whose time is over at `now`; says how many pieces. The bytes go first, so that
/// what was cut off between is done again.
pub async fn sweep(
    store: &Arc<Store>,
    attachments: &Attachments,
    policies: &Arc<InForce>,
    now: DateTime<Utc>,
) -> Result<u32, RetentionError> {
    let (of, by) = (Arc::clone(store), Arc::clone(policies));
    let (over, kept) = aside(move || sort(&of, &by.policies, now)).await?;
    let mut removed = 0;
    for (case, sha256) in over {
        // The same bytes may be evidence of another case, whose time is not over.
        if !kept.contains(&sha256) {
            attachments.remove(&store.attachment_name(&sha256)).await?;
        }
        let by = Arc::clone(policies);
        let own = OwnAction {
            actor: BY_POLICY,
            role: Role::BackOffice,
            case,
            change: Change::DeleteEvidence { sha256 },
            seen: None,
        };
        store
            .write_aside(move |tx| act(tx, own, &by.policies, now))
            .await?;
        removed += 1;
    }
    if removed > 0 {
        tracing::info!(removed, "evidence was deleted by the policy");
    }
    Ok(removed)
}

/// What is over, by case; and what some case still needs.
type Sorted = (Vec<(CaseId, String)>, BTreeSet<String>);

fn sort(store: &Store, policies: &Policies, now: DateTime<Utc>) -> Result<Sorted, StoreError> {
    let (mut over, mut kept) = (Vec::new(), BTreeSet::new());
    let mut after = None;
    loop {
        let cases = store.read(|tx| tx.cases_after(after, CASES_AT_ONCE))?;
        let Some(last) = cases.last() else {
            return Ok((over, kept));
        };
        after = Some(last.id);
        for case in &cases {
            let today = now.with_timezone(&case.address.zone).date_naive();
            let is_over = |piece: &&Evidence| policies.is_evidence_over(case, piece, today);
            let present = || {
                case.evidence
                    .iter()
                    .filter(|piece| piece.deleted_on.is_none())
            };
            over.extend(
                present()
                    .filter(is_over)
                    .map(|piece| (case.id, piece.sha256.clone())),
            );
            kept.extend(
                present()
                    .filter(|piece| !is_over(piece))
                    .map(|piece| piece.sha256.clone()),
            );
        }
    }
}
