//! Policy packs that were published, word for word with their signatures; none is ever overwritten.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, Utc};

/// A version of a pack, as somebody signed it.
#[derive(Debug, Clone)]
pub struct PackRow {
    pub id: String,
    pub version: u32,
    pub text: String,
    pub signature: String,
    pub at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Keeps a version of a pack.
    pub fn publish_pack(&self, pack: &PackRow) -> Result<()> {
        let n = self.count_published_packs()? + 1;
        self.sql.put(
            "INSERT INTO pack (tenant, n, id, version, doc, signature, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &values![
                self.tenant,
                n,
                &pack.id,
                pack.version,
                &pack.text,
                &pack.signature,
                pack.at
            ],
        )?;
        Ok(())
    }

    /// How often something was published.
    pub fn count_published_packs(&self) -> Result<u32> {
        self.sql.count(
            "SELECT count(*) FROM pack WHERE tenant = ?1",
            &values![self.tenant],
        )
    }

    /// The newest version of each published pack.
    pub fn published_packs(&self) -> Result<Vec<PackRow>> {
        let rows = self.sql.query(
            "SELECT id, version, doc, signature, at FROM pack AS this
             WHERE tenant = ?1 AND version = (
                 SELECT max(version) FROM pack AS other
                 WHERE other.tenant = ?1 AND other.id = this.id
             )
             ORDER BY id",
            &values![self.tenant],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(PackRow {
                    id: row.text(0)?,
                    version: row.int(1)?,
                    text: row.text(2)?,
                    signature: row.text(3)?,
                    at: row.parsed(4, "publication time")?,
                })
            })
            .collect()
    }
}
