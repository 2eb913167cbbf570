//! Uploads of attachments: how far each has come, and what is stored for good.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::DeviceId;

/// One upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    pub id: String,
    pub device: DeviceId,
    /// SHA-256 of the plaintext, in hex.
    pub hash: String,
    pub size_bytes: u64,
    pub received_bytes: u64,
    pub is_stored: bool,
}

/// A piece of an upload that is safe in the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    pub at: u64,
    pub size_bytes: u64,
    pub object: String,
}

impl Tx<'_> {
    /// Begins an upload, or finds the one that was begun under the same id.
    pub fn begin_upload(&self, upload: &UploadRow) -> Result<UploadRow> {
        self.sql.execute(
            "INSERT INTO upload (tenant, id, device, hash, size, received)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, id) DO NOTHING",
            &values![
                self.tenant,
                &upload.id,
                upload.device,
                &upload.hash,
                upload.size_bytes,
                upload.received_bytes
            ],
        )?;
        Ok(self.upload(&upload.id)?.unwrap_or_else(|| upload.clone()))
    }

    /// Finds an upload.
    pub fn upload(&self, id: &str) -> Result<Option<UploadRow>> {
        let found = self.sql.first(
            "SELECT id, device, hash, size, received, stored_at FROM upload
             WHERE tenant = ?1 AND id = ?2",
            &values![self.tenant, id],
        )?;
        found
            .map(|mut row| {
                Ok(UploadRow {
                    id: row.text(0)?,
                    device: row.parsed(1, "device id")?,
                    hash: row.text(2)?,
                    size_bytes: row.int(3)?,
                    received_bytes: row.int(4)?,
                    is_stored: !row.text(5)?.is_empty(),
                })
            })
            .transpose()
    }

    /// Takes a part in at the end of an upload; false where another writer was first.
    pub fn add_part(&self, id: &str, part: &PartRow) -> Result<bool> {
        let added = self.sql.execute(
            "INSERT INTO upload_part (tenant, upload, at, size, object) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, upload, at) DO NOTHING",
            &values![self.tenant, id, part.at, part.size_bytes, &part.object],
        )?;
        let moved = self.sql.execute(
            "UPDATE upload SET received = received + ?4
             WHERE tenant = ?1 AND id = ?2 AND received = ?3",
            &values![self.tenant, id, part.at, part.size_bytes],
        )?;
        Ok(added == 1 && moved == 1)
    }

    /// The parts of an upload in order.
    pub fn parts(&self, id: &str) -> Result<Vec<PartRow>> {
        let rows = self.sql.query(
            "SELECT at, size, object FROM upload_part WHERE tenant = ?1 AND upload = ?2 ORDER BY at",
            &values![self.tenant, id],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(PartRow {
                    at: row.int(0)?,
                    size_bytes: row.int(1)?,
                    object: row.text(2)?,
                })
            })
            .collect()
    }

    /// Forgets the parts of an upload, and begins it again where it was not stored.
    pub fn drop_parts(&self, id: &str) -> Result<()> {
        self.sql.execute(
            "DELETE FROM upload_part WHERE tenant = ?1 AND upload = ?2",
            &values![self.tenant, id],
        )?;
        self.sql.execute(
            "UPDATE upload SET received = 0 WHERE tenant = ?1 AND id = ?2 AND stored_at = ''",
            &values![self.tenant, id],
        )?;
        Ok(())
    }

    /// Notes an upload as stored: its whole hash was verified.
    pub fn set_stored(&self, id: &str, now: DateTime<Utc>) -> Result<()> {
        self.sql.execute(
            "UPDATE upload SET stored_at = ?3, received = size WHERE tenant = ?1 AND id = ?2",
            &values![self.tenant, id, now],
        )?;
        Ok(())
    }

    /// Whether an attachment with this hash is stored.
    pub fn is_stored(&self, hash: &str) -> Result<bool> {
        let found = self.sql.first(
            "SELECT 1 FROM upload WHERE tenant = ?1 AND hash = ?2 AND stored_at <> '' LIMIT 1",
            &values![self.tenant, hash],
        )?;
        Ok(found.is_some())
    }

    /// The key that encrypts the tenant's attachments at rest.
    pub fn attachment_key(&self) -> Result<[u8; 32]> {
        self.sql.execute(
            "INSERT INTO attachment_key (tenant, key) VALUES (?1, ?2)
             ON CONFLICT (tenant) DO NOTHING",
            &values![self.tenant, crate::secrets::random::<32>()?.as_slice()],
        )?;
        let row = self.sql.first(
            "SELECT key FROM attachment_key WHERE tenant = ?1",
            &values![self.tenant],
        )?;
        row.ok_or(super::StoreError::Value("attachment key"))?
            .bytes(0)?
            .try_into()
            .map_err(|_| super::StoreError::Value("attachment key"))
    }
}
