//! A tablet of a simulation: the real record and exchange over a model or over SQLCipher.

mod model;

pub use model::ModelDevice;

use crate::bug::Bug;
use crate::files::{self, copy};
use crate::stamp::Stamp;
use doorstep_device::record::{self, Books, CaseHead, Entry, HandBack, names};
use doorstep_device::store::{Result, Store, Tx};
use doorstep_domain::{Action, ActionId, CaseId, DeviceId, Epoch, Incarnation, Revision, UserId};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::SignedVerdict;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// A device's database, over whichever store.
pub enum Database {
    Model(ModelDevice),
    Sqlite {
        store: Option<Store>,
        folder: PathBuf,
    },
}

/// An image of a database.
pub enum Image {
    Model(ModelDevice),
    Sqlite(PathBuf),
}

fn key() -> Zeroizing<[u8; 32]> {
    Zeroizing::new([9; 32])
}

impl Database {
    /// A database over maps.
    pub fn model(life: Incarnation) -> anyhow::Result<Self> {
        let database = Self::Model(ModelDevice::default());
        database.begin(life)?;
        Ok(database)
    }

    /// A database over an encrypted file.
    pub fn sqlite(folder: PathBuf, life: Incarnation) -> anyhow::Result<Self> {
        files::fill(&folder, "tablet", |blank| {
            Store::open(blank, &key())?;
            Ok(())
        })?;
        let store = Some(Store::open(&folder, &key())?);
        let mut database = Self::Sqlite { store, folder };
        database.set_life(life)?;
        Ok(database)
    }

    fn begin(&self, life: Incarnation) -> anyhow::Result<()> {
        match self {
            Self::Model(model) => Ok(record::write(model, names::INCARNATION, &life)?),
            Self::Sqlite { .. } => Ok(()),
        }
    }

    /// Begins another life, as opening a restored file does.
    pub fn set_life(&mut self, life: Incarnation) -> anyhow::Result<()> {
        self.write(None, |books| {
            record::write(books, names::INCARNATION, &life)
        })??;
        if let Self::Sqlite {
            store: Some(store), ..
        } = self
        {
            store.note_life(life)?;
        }
        Ok(())
    }

    /// Runs `work` in a transaction that is undone where it fails.
    pub fn write<T>(
        &mut self,
        bug: Option<Bug>,
        work: impl FnOnce(&DeviceBooks<'_>) -> Result<T>,
    ) -> anyhow::Result<Result<T>> {
        match self {
            Self::Model(model) => {
                let done = work(&DeviceBooks {
                    inner: Inner::Model(model),
                    bug,
                });
                Ok(done)
            }
            Self::Sqlite {
                store: Some(store), ..
            } => Ok(store.write(|tx| {
                work(&DeviceBooks {
                    inner: Inner::Sql(tx),
                    bug,
                })
            })),
            Self::Sqlite { store: None, .. } => anyhow::bail!("the database is closed"),
        }
    }

    /// Copies the database as it is.
    pub fn image(&mut self, to: PathBuf) -> anyhow::Result<Image> {
        match self {
            Self::Model(model) => Ok(Image::Model(model.clone())),
            Self::Sqlite { store, folder } => {
                // Closed, the file has everything in it.
                *store = None;
                std::fs::create_dir_all(&to)?;
                copy(folder, &to)?;
                *store = Some(Store::open(folder, &key())?);
                Ok(Image::Sqlite(to))
            }
        }
    }

    /// Puts an image in the place of the database, file beside it included.
    pub fn restore(&mut self, image: &Image) -> anyhow::Result<()> {
        match (self, image) {
            (Self::Model(model), Image::Model(copy)) => *model = copy.clone(),
            (Self::Sqlite { store, folder }, Image::Sqlite(from)) => {
                *store = None;
                std::fs::remove_dir_all(&*folder)?;
                std::fs::create_dir_all(&*folder)?;
                copy(from, folder)?;
                *store = Some(Store::open(folder, &key())?);
            }
            _ => anyhow::bail!("an image of another store"),
        }
        Ok(())
    }

    /// A second database from an image: a copied tablet.
    pub fn from_image(image: &Image, folder: PathBuf) -> anyhow::Result<Self> {
        match image {
            Image::Model(copy) => Ok(Self::Model(copy.clone())),
            Image::Sqlite(from) => {
                std::fs::create_dir_all(&folder)?;
                copy(from, &folder)?;
                let store = Some(Store::open(&folder, &key())?);
                Ok(Self::Sqlite { store, folder })
            }
        }
    }
}

/// Who has a tablet, and its key.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    pub device: DeviceId,
    pub user: UserId,
    pub key: Stamp,
}

enum Inner<'a> {
    Model(&'a ModelDevice),
    Sql(&'a Tx<'a>),
}

/// One transaction, with the bug that was planted.
pub struct DeviceBooks<'a> {
    inner: Inner<'a>,
    bug: Option<Bug>,
}

macro_rules! pass {
    ($self:ident, $name:ident($($argument:expr),*)) => {
        match &$self.inner {
            Inner::Model(model) => Books::$name(*model $(, $argument)*),
            Inner::Sql(tx) => Books::$name(*tx $(, $argument)*),
        }
    };
}

impl Books for DeviceBooks<'_> {
    fn known(&self, name: &str) -> Result<Option<String>> {
        pass!(self, known(name))
    }
    fn know(&self, name: &str, value: &str) -> Result<()> {
        pass!(self, know(name, value))
    }
    fn document(&self, id: CaseId) -> Result<Option<String>> {
        pass!(self, document(id))
    }
    fn revision(&self, id: CaseId) -> Result<Option<Revision>> {
        pass!(self, revision(id))
    }
    fn put_case(&self, head: &CaseHead, doc: &str) -> Result<()> {
        pass!(self, put_case(head, doc))
    }
    fn mark_leaving(&self, id: CaseId) -> Result<()> {
        pass!(self, mark_leaving(id))
    }
    fn leaving(&self) -> Result<Vec<CaseId>> {
        pass!(self, leaving())
    }
    fn purge_case(&self, id: CaseId) -> Result<()> {
        if self.bug == Some(Bug::PurgeDropsUnjudged)
            && let Inner::Model(model) = &self.inner
        {
            model.drop_unjudged(id);
        }
        pass!(self, purge_case(id))
    }
    fn purged(&self) -> Result<Vec<CaseId>> {
        pass!(self, purged())
    }
    fn forget_purged(&self, cases: &[CaseId]) -> Result<()> {
        pass!(self, forget_purged(cases))
    }
    fn held(&self) -> Result<Vec<(CaseId, Revision)>> {
        pass!(self, held())
    }
    fn append(&self, action: &Action, envelope: &Envelope, subject: &str) -> Result<()> {
        pass!(self, append(action, envelope, subject))
    }
    fn entries(&self, case: CaseId) -> Result<Vec<Entry>> {
        let mut entries = pass!(self, entries(case))?;
        if self.bug == Some(Bug::VerdictBeforeDocument) {
            for signed in entries
                .iter_mut()
                .filter_map(|entry| entry.verdict.as_mut())
            {
                signed.verdict.revision = None;
            }
        }
        Ok(entries)
    }
    fn entry(&self, action: ActionId) -> Result<Option<Entry>> {
        pass!(self, entry(action))
    }
    fn outbox(&self, limit: usize) -> Result<Vec<Entry>> {
        pass!(self, outbox(limit))
    }
    fn set_verdict(&self, verdict: &SignedVerdict) -> Result<()> {
        pass!(self, set_verdict(verdict))
    }
    fn hand_back(&self, which: HandBack) -> Result<bool> {
        pass!(self, hand_back(which))
    }
    fn reseal(&self, envelope: &Envelope) -> Result<()> {
        pass!(self, reseal(envelope))
    }
    fn trim(&self, epoch: Epoch, durable: u64, keep: usize) -> Result<()> {
        match self.bug {
            Some(Bug::DroppedBeforeDurable) => pass!(self, trim(epoch, u64::MAX, keep)),
            _ => pass!(self, trim(epoch, durable, keep)),
        }
    }
}
