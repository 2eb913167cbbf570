//! Evidence that waits for the server: encrypted with everything else in the file.

use super::{Result, StoreError, ToSeal, Tx};
use doorstep_domain::CaseId;
use rusqlite::{OptionalExtension as _, params};

impl Tx<'_> {
    /// Keeps bytes until the server has them.
    pub fn keep_evidence(&self, sha256: &str, bytes: &[u8]) -> Result<()> {
        self.tx.execute(
            "INSERT INTO evidence (sha256, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![sha256, bytes],
        )?;
        self.to_seal(ToSeal::Evidence {
            sha256: sha256.to_owned(),
            bytes: bytes.to_vec(),
        });
        Ok(())
    }

    /// The hashes of what the server does not have; the oldest first.
    pub fn evidence_waiting(&self) -> Result<Vec<String>> {
        let mut statement = self
            .tx
            .prepare_cached("SELECT sha256 FROM evidence ORDER BY rowid")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The bytes of a piece that waits; none where it does no longer.
    pub fn evidence_bytes(&self, sha256: &str) -> Result<Option<Vec<u8>>> {
        let row = self.tx.query_row(
            "SELECT bytes FROM evidence WHERE sha256 = ?1",
            [sha256],
            |row| row.get(0),
        );
        Ok(row.optional()?)
    }

    /// Forgets what the server has.
    pub fn drop_evidence(&self, sha256: &str) -> Result<()> {
        self.tx
            .execute("DELETE FROM evidence WHERE sha256 = ?1", [sha256])?;
        self.to_seal(ToSeal::EvidenceIsSent {
            sha256: sha256.to_owned(),
        });
        Ok(())
    }

    /// Keeps the next piece of the recording that runs.
    pub fn keep_recording_piece(&self, case: CaseId, bytes: &[u8]) -> Result<()> {
        self.tx.execute(
            "INSERT INTO recording_piece (case_id, bytes) VALUES (?1, ?2)",
            params![case.to_string(), bytes],
        )?;
        Ok(())
    }

    /// What is left of a recording that was not ended, with its case.
    pub fn unfinished_recording(&self) -> Result<Option<(CaseId, Vec<u8>)>> {
        let mut statement = self
            .tx
            .prepare_cached("SELECT case_id, bytes FROM recording_piece ORDER BY n")?;
        let mut rows = statement.query([])?;
        let mut found: Option<(String, Vec<u8>)> = None;
        while let Some(row) = rows.next()? {
            let (case, piece): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            found.get_or_insert((case, Vec::new())).1.extend(piece);
        }
        found
            .map(|(case, bytes)| {
                let case = case.parse().map_err(|_| StoreError::Value("case id"))?;
                Ok((case, bytes))
            })
            .transpose()
    }

    /// The recording is kept whole, or a new one begins.
    pub fn drop_recording_pieces(&self) -> Result<()> {
        self.tx.execute("DELETE FROM recording_piece", [])?;
        Ok(())
    }

    /// How many pieces wait.
    pub fn count_evidence(&self) -> Result<u32> {
        Ok(self
            .tx
            .query_row("SELECT count(*) FROM evidence", [], |row| row.get(0))?)
    }
}
