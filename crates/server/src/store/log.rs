//! The log of verdicts: leaves that are only ever added, and the heads that were published.

use super::sql::values;
use super::{Result, StoreError, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{Epoch, Lineage, Origin};

/// One leaf.
#[derive(Debug, Clone)]
pub struct LeafRow {
    pub leaf: u64,
    /// What is hashed and signed, word for word.
    pub statement: String,
    pub signature: String,
}

/// A published head of the tree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct HeadRow {
    pub epoch: Epoch,
    pub size: u64,
    /// The RFC 6962 tree hash over that many leaves, in hex.
    pub root: String,
    pub at: DateTime<Utc>,
    pub signature: String,
}

/// The current history line.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// The restores that led to it.
    pub lineage: Lineage,
    /// How many of its verdicts a backup covers.
    pub durable: u64,
}

impl Tx<'_> {
    pub(super) fn append_leaf(
        &self,
        epoch: Epoch,
        leaf: u64,
        statement: &str,
        signature: &str,
    ) -> Result<()> {
        self.sql.put(
            "INSERT INTO log_leaf (tenant, epoch, leaf, statement, signature)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            &values![self.tenant, epoch, leaf, statement, signature],
        )?;
        Ok(())
    }

    /// The leaves of an epoch from `from` on, in order.
    pub fn leaves(&self, epoch: Epoch, from: u64, limit: u32) -> Result<Vec<LeafRow>> {
        let rows = self.sql.query(
            "SELECT leaf, statement, signature FROM log_leaf
             WHERE tenant = ?1 AND epoch = ?2 AND leaf >= ?3 ORDER BY leaf LIMIT ?4",
            &values![self.tenant, epoch, from, limit],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(LeafRow {
                    leaf: row.int(0)?,
                    statement: row.text(1)?,
                    signature: row.text(2)?,
                })
            })
            .collect()
    }

    /// All epochs that have a log, in the order in which they began.
    pub fn epochs(&self) -> Result<Vec<Epoch>> {
        let rows = self.sql.query(
            "SELECT epoch FROM log_leaf WHERE tenant = ?1 GROUP BY epoch ORDER BY epoch",
            &values![self.tenant],
        )?;
        rows.iter().map(|row| Ok(Epoch(row.int(0)?))).collect()
    }

    /// Keeps a head that was signed.
    pub fn put_log_head(&self, head: &HeadRow) -> Result<()> {
        self.sql.put(
            "INSERT INTO log_head (tenant, epoch, size, root, at, signature)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, epoch, size) DO NOTHING",
            &values![
                self.tenant,
                head.epoch,
                head.size,
                &head.root,
                head.at,
                &head.signature
            ],
        )?;
        Ok(())
    }

    /// The heads that were published of an epoch, the smallest first.
    pub fn log_heads(&self, epoch: Epoch) -> Result<Vec<HeadRow>> {
        let rows = self.sql.query(
            "SELECT epoch, size, root, at, signature FROM log_head
             WHERE tenant = ?1 AND epoch = ?2 ORDER BY size",
            &values![self.tenant, epoch],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(HeadRow {
                    epoch: Epoch(row.int(0)?),
                    size: row.int(1)?,
                    root: row.text(2)?,
                    at: row.parsed(3, "head time")?,
                    signature: row.text(4)?,
                })
            })
            .collect()
    }

    /// How the current epoch came about, and what of it a backup covers.
    pub fn line(&self) -> Result<Line> {
        let mut row = self
            .sql
            .first(
                "SELECT lineage, durable FROM head WHERE tenant = ?1",
                &values![self.tenant],
            )?
            .ok_or(StoreError::Value("head"))?;
        Ok(Line {
            lineage: serde_json::from_str(&row.text(0)?)?,
            durable: row.int(1)?,
        })
    }

    /// How many verdicts the log of the current epoch has.
    pub fn leaf_count(&self) -> Result<u64> {
        let row = self.sql.first(
            "SELECT leaves FROM head WHERE tenant = ?1",
            &values![self.tenant],
        )?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Notes that a verified backup covers the first `leaves` verdicts of `epoch`.
    pub fn set_durable(&self, epoch: Epoch, leaves: u64, now: DateTime<Utc>) -> Result<()> {
        self.sql.put(
            "UPDATE head SET durable = ?3, backed_up_at = ?4
             WHERE tenant = ?1 AND epoch = ?2 AND durable < ?3",
            &values![self.tenant, epoch, leaves, now],
        )?;
        Ok(())
    }

    /// When the last backup was made; empty where there was none.
    pub fn backed_up_at(&self) -> Result<String> {
        let row = self.sql.first(
            "SELECT backed_up_at FROM head WHERE tenant = ?1",
            &values![self.tenant],
        )?;
        row.map_or(Ok(String::new()), |mut row| row.text(0))
    }

    /// Begins a new history line after a restore; its log begins with the last published head.
    pub fn begin_epoch(&self, epoch: Epoch) -> Result<()> {
        let head = self.head()?;
        let mut lineage = self.line()?.lineage;
        lineage.begin(
            epoch,
            Origin {
                from: head.epoch,
                began: head.number,
            },
        );
        self.sql.put(
            "UPDATE head SET epoch = ?2, lineage = ?3, leaves = 0, durable = 0 WHERE tenant = ?1",
            &values![self.tenant, epoch, serde_json::to_string(&lineage)?],
        )?;
        self.entered.set(None);
        Ok(())
    }

    /// Writes the first leaf of a new epoch: what the log of the last one was known to be.
    pub fn append_first_leaf(&self, epoch: Epoch, statement: &str, signature: &str) -> Result<()> {
        self.sql.put(
            "UPDATE head SET leaves = leaves + 1 WHERE tenant = ?1 AND epoch = ?2",
            &values![self.tenant, epoch],
        )?;
        self.entered.set(None);
        self.append_leaf(epoch, 0, statement, signature)
    }
}
