//! Attachments: content-addressed, encrypted at rest, in a folder by default and in S3 at scale.
//!
//! What is stored was verified as a whole: half a file, or one with another hash, never is.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use std::path::Path;
use std::sync::Arc;

/// The largest attachment: a long recording.
pub const ATTACHMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
const NONCE_BYTES: usize = 24;

/// Why an attachment can't be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    #[error("the object store")]
    Store(#[from] object_store::Error),
    #[error("the folder of the attachments")]
    Folder(#[from] std::io::Error),
    #[error("an object can't be decrypted: it is damaged, or of another tenant")]
    Damaged,
    #[error(transparent)]
    Randomness(#[from] crate::secrets::NoRandomness),
    #[error("`{0}` is no place for attachments: name a folder, or s3://BUCKET")]
    Place(String),
}

/// Where the attachments are.
pub struct Attachments {
    objects: Arc<dyn ObjectStore>,
}

impl Attachments {
    /// A folder on this machine; every write is on the disk before it counts.
    pub fn in_folder(folder: &Path) -> Result<Self, AttachmentError> {
        std::fs::create_dir_all(folder)?;
        let objects = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
        })
    }

    /// A folder, or `s3://BUCKET` with the usual AWS_* settings in the environment.
    pub fn at(place: &str) -> Result<Self, AttachmentError> {
        let Some(bucket) = place.strip_prefix("s3://") else {
            return match place.contains("://") {
                true => Err(AttachmentError::Place(place.to_owned())),
                false => Self::in_folder(Path::new(place)),
            };
        };
        crate::secrets::install_tls();
        let objects = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()?;
        Ok(Self {
            objects: Arc::new(objects),
        })
    }

    /// Encrypts and keeps `bytes` under `name`.
    pub async fn put(
        &self,
        name: &str,
        bytes: &[u8],
        key: &[u8; 32],
    ) -> Result<(), AttachmentError> {
        let nonce = crate::secrets::random::<NONCE_BYTES>()?;
        let sealed = XChaCha20Poly1305::new(key.into())
            .encrypt(&XNonce::from(nonce), bytes)
            .map_err(|_| AttachmentError::Damaged)?;
        let mut whole = nonce.to_vec();
        whole.extend(sealed);
        self.objects
            .put(&ObjectPath::from(name), PutPayload::from(whole))
            .await?;
        Ok(())
    }

    /// Reads and decrypts what is kept under `name`.
    pub async fn get(&self, name: &str, key: &[u8; 32]) -> Result<Vec<u8>, AttachmentError> {
        let whole = self
            .objects
            .get(&ObjectPath::from(name))
            .await?
            .bytes()
            .await?;
        let (nonce, sealed) = whole
            .split_at_checked(NONCE_BYTES)
            .ok_or(AttachmentError::Damaged)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| AttachmentError::Damaged)?;
        XChaCha20Poly1305::new(key.into())
            .decrypt(&XNonce::from(nonce), sealed)
            .map_err(|_| AttachmentError::Damaged)
    }

    /// Removes what is kept under `name`; nothing there is as good.
    pub async fn remove(&self, name: &str) -> Result<(), AttachmentError> {
        match self.objects.delete(&ObjectPath::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_noise_on_the_disk_and_only_its_key_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::in_folder(folder.path()).unwrap();
        attachments
            .put("a/b", b"a photograph", &[1; 32])
            .await
            .unwrap();
        let raw = std::fs::read(folder.path().join("a/b")).unwrap();
        assert!(!raw.windows(5).any(|window| window == b"photo"));
        assert_eq!(
            attachments.get("a/b", &[1; 32]).await.unwrap(),
            b"a photograph"
        );
        assert!(attachments.get("a/b", &[2; 32]).await.is_err());
    }
}
