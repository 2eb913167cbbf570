//! The append-only log of verdicts: an RFC 6962 tree over their statements, one an epoch.
//!
//! The leaves are in the store; the tree is built from them in memory and grows with them. A head is
//! signed when somebody asks for it, and kept, so that later heads can be held against it.

use crate::store::{HeadRow, Result, StoreError, Tx};
use chrono::{DateTime, Utc};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use doorstep_domain::{ActionId, Epoch};
use doorstep_protocol::chain::{Sign, Verify};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use utoipa::ToSchema;

/// The tree of one epoch. A leaf is the SHA-256 of its statement.
pub type Tree = MemoryBackedTree<Sha256, [u8; 32]>;

const LEAVES_READ_AT_ONCE: u32 = 5_000;

/// The trees that this process has built so far.
#[derive(Default)]
pub struct Log {
    trees: Mutex<BTreeMap<Epoch, Tree>>,
}

/// That a statement is in the log.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct InclusionView {
    #[schema(value_type = serde_json::Value)]
    pub head: HeadRow,
    pub leaf: u64,
    pub statement: String,
    /// Sibling hashes from the leaf up, in hex, RFC 6962 section 2.1.1.
    pub proof: Vec<String>,
}

/// That an earlier log is a beginning of this one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ConsistencyView {
    #[schema(value_type = serde_json::Value)]
    pub head: HeadRow,
    pub earlier_size: u64,
    /// RFC 6962 section 2.1.2, in hex.
    pub proof: Vec<String>,
}

/// The leaf of a statement.
pub fn leaf_of(statement: &str) -> [u8; 32] {
    Sha256::digest(statement.as_bytes()).into()
}

/// The root of a tree, in hex.
pub fn root_of(tree: &Tree) -> String {
    hex::encode(tree.root().as_bytes())
}

fn head_hash(epoch: Epoch, size: u64, root: &str, at: DateTime<Utc>) -> [u8; 32] {
    let text = format!(
        "doorstep head 1\n{}\n{size}\n{root}\n{}",
        epoch.0,
        at.timestamp_millis()
    );
    Sha256::digest(text.as_bytes()).into()
}

/// Signs a head.
pub fn sign_head(epoch: Epoch, tree: &Tree, at: DateTime<Utc>, key: &dyn Sign) -> HeadRow {
    let (size, root) = (tree.len(), root_of(tree));
    let signature = key.sign_hash(&head_hash(epoch, size, &root, at));
    HeadRow {
        epoch,
        size,
        root,
        at,
        signature,
    }
}

/// Whether a head is signed by `key`.
pub fn is_signed_head(head: &HeadRow, key: &dyn Verify) -> bool {
    let hash = head_hash(head.epoch, head.size, &head.root, head.at);
    key.has_signed(&hash, &head.signature)
}

impl Log {
    /// Runs `work` with the tree as of this transaction.
    fn with_tree<T>(&self, tx: &Tx<'_>, work: impl FnOnce(Epoch, &Tree) -> T) -> Result<T> {
        let epoch = tx.head()?.epoch;
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let tree = trees.entry(epoch).or_default();
        loop {
            let leaves = tx.leaves(epoch, tree.len(), LEAVES_READ_AT_ONCE)?;
            if leaves.is_empty() {
                return Ok(work(epoch, tree));
            }
            for leaf in leaves {
                if leaf.leaf != tree.len() {
                    return Err(StoreError::Value("a leaf of the log is missing"));
                }
                tree.push(leaf_of(&leaf.statement));
            }
        }
    }

    /// The published head, where nothing was added since.
    pub fn whole(&self, tx: &Tx<'_>) -> Result<Option<HeadRow>> {
        let size = tx.leaf_count()?;
        let known = tx.log_heads(tx.head()?.epoch)?.pop();
        Ok(known.filter(|known| known.size == size))
    }

    /// Signs and keeps the head of the log as it is; the same head again where nothing was added.
    pub fn publish(&self, tx: &Tx<'_>, now: DateTime<Utc>) -> Result<HeadRow> {
        tx.enter()?;
        if let Some(known) = self.whole(tx)? {
            return Ok(known);
        }
        let key = &tx.origin()?.key;
        let head = self.with_tree(tx, |epoch, tree| sign_head(epoch, tree, now, key))?;
        tx.put_log_head(&head)?;
        Ok(head)
    }

    /// Proves that the verdict on an action is among the leaves of `head`.
    pub fn inclusion(
        &self,
        tx: &Tx<'_>,
        action: ActionId,
        head: HeadRow,
    ) -> Result<Option<InclusionView>> {
        let Some(taken) = tx.taken_action(action)? else {
            return Ok(None);
        };
        let leaf = taken.verdict.leaf;
        if taken.verdict.epoch != head.epoch || leaf >= head.size {
            return Ok(None);
        }
        let statement = tx
            .leaves(head.epoch, leaf, 1)?
            .pop()
            .ok_or(StoreError::Value("leaf"))?
            .statement;
        let index = usize::try_from(leaf).map_err(|_| StoreError::Value("leaf"))?;
        let proof = self.prove(tx, &head, |tree| {
            in_hex(tree.prove_inclusion(index).as_bytes())
        })?;
        Ok(proof.map(|proof| InclusionView {
            head,
            leaf,
            statement,
            proof,
        }))
    }

    /// Proves that the first `size` leaves have not changed until `head`; none where there never were
    /// so many.
    pub fn consistency(
        &self,
        tx: &Tx<'_>,
        size: u64,
        head: HeadRow,
    ) -> Result<Option<ConsistencyView>> {
        if size == 0 || size > head.size {
            return Ok(None);
        }
        let additions = usize::try_from(head.size - size).map_err(|_| StoreError::Value("size"))?;
        let proof = self.prove(tx, &head, |tree| {
            in_hex(tree.prove_consistency(additions).as_bytes())
        })?;
        Ok(proof.map(|proof| ConsistencyView {
            head,
            earlier_size: size,
            proof,
        }))
    }

    /// Whether the tree in memory has not grown beyond `head` meanwhile.
    pub fn is_at(&self, head: &HeadRow) -> bool {
        let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let known = trees.get(&head.epoch);
        known.is_none_or(|tree| tree.len() <= head.size)
    }

    /// A proof in the tree of `head`; none where another transaction has made the tree grow.
    fn prove<T>(
        &self,
        tx: &Tx<'_>,
        head: &HeadRow,
        work: impl FnOnce(&Tree) -> T,
    ) -> Result<Option<T>> {
        self.with_tree(tx, |epoch, tree| {
            let is_of_head = epoch == head.epoch && tree.len() == head.size;
            is_of_head.then(|| work(tree))
        })
    }
}

fn in_hex(proof: &[u8]) -> Vec<String> {
    proof.chunks(32).map(hex::encode).collect()
}
