//! Evidence that waits for the server: encrypted with everything else in the file.

use super::{Result, Tx};
use rusqlite::{OptionalExtension as _, params};

impl Tx<'_> {
    /// Keeps bytes until the server has them.
    pub fn keep_evidence(&self, sha256: &str, bytes: &[u8]) -> Result<()> {
        self.tx.execute(
            "INSERT INTO evidence (sha256, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![sha256, bytes],
        )?;
        Ok(())
    }

    /// The next piece of evidence that the server does not have, with its hash; the oldest first.
    pub fn next_evidence(&self) -> Result<Option<(String, Vec<u8>)>> {
        let row = self.tx.query_row(
            "SELECT sha256, bytes FROM evidence ORDER BY rowid LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
        Ok(row.optional()?)
    }

    /// Forgets what the server has.
    pub fn drop_evidence(&self, sha256: &str) -> Result<()> {
        self.tx
            .execute("DELETE FROM evidence WHERE sha256 = ?1", [sha256])?;
        Ok(())
    }

    /// How many pieces wait.
    pub fn count_evidence(&self) -> Result<u32> {
        Ok(self
            .tx
            .query_row("SELECT count(*) FROM evidence", [], |row| row.get(0))?)
    }
}
