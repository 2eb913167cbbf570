//! An unlocked device: the store, the clock and the way to the server, shared by screen and sync.

use crate::clock::DeviceClock;
use crate::error::{DeviceError, Result};
use crate::lock;
use crate::record::Author;
use crate::store::{Profile, Store, StoreError, Tx};
use crate::sync::{SyncState, client};
use chrono::{DateTime, Utc};
use doorstep_domain::moment::Moment;
use doorstep_domain::policy::Policies;
use doorstep_protocol::exchange::Credentials;
use ed25519_dalek::{SigningKey, VerifyingKey};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const PROFILE: &str = "profile";
pub(crate) const LOCK_FILE: &str = "lock.json";

/// An unlocked device. Cheap to clone; all clones are the same device.
#[derive(Clone)]
pub struct Device {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    store: Mutex<Store>,
    profile: Profile,
    key: SigningKey,
    server_key: Option<VerifyingKey>,
    /// Renewed while the device is unlocked.
    credentials: Mutex<Credentials>,
    /// One renewal in flight a device.
    renewal: tokio::sync::Mutex<()>,
    policies: Mutex<Option<Arc<(String, Policies)>>>,
    clock: DeviceClock,
    http: reqwest::Client,
    sync: Mutex<SyncState>,
    /// One exchange in flight a device.
    exchange: tokio::sync::Mutex<()>,
    evidence: tokio::sync::Mutex<()>,
    /// Rung when something was saved.
    bell: tokio::sync::Notify,
    /// Rung when an alarm was raised.
    alarm_bell: tokio::sync::Notify,
    /// Rung when an exchange has succeeded: evidence follows.
    evidence_bell: tokio::sync::Notify,
}

/// The folders of those who enrolled on this tablet: one encrypted database a person and device.
pub fn profile_folders(data: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data) else {
        return Vec::new();
    };
    let is_profile = |folder: &PathBuf| {
        let name = folder.file_name().map(|name| name.to_string_lossy());
        name.is_some_and(|name| name.starts_with(PROFILE)) && folder.is_dir()
    };
    let mut folders: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_profile)
        .collect();
    folders.sort();
    folders
}

/// The folder of the next profile that enrols here.
pub(crate) fn next_profile_folder(data: &Path) -> PathBuf {
    let free = |number: &u32| {
        let name = match number {
            1 => PROFILE.to_owned(),
            number => format!("{PROFILE}-{number}"),
        };
        Some(data.join(name)).filter(|folder| !folder.exists())
    };
    (1..).find_map(|number| free(&number)).unwrap_or_default()
}

/// Whether somebody enrolled on this device.
pub fn is_enrolled(data: &Path) -> bool {
    profile_folders(data)
        .iter()
        .any(|folder| folder.join(LOCK_FILE).exists())
}

impl Device {
    /// Unlocks the device with the passphrase. Slow on purpose.
    pub fn unlock(data: &Path, passphrase: &str, clock: DeviceClock) -> Result<Self> {
        let mut refused = DeviceError::NotEnrolled;
        for folder in profile_folders(data) {
            let file = folder.join(LOCK_FILE);
            if !file.exists() {
                continue;
            }
            // Everybody's passphrase opens their own database, and none of the others'.
            match lock::open(&file, passphrase) {
                Ok(opened) => {
                    let device = Self::open(&folder, &opened.key, clock)?;
                    if opened.is_forced {
                        device.call_under_force()?;
                    }
                    return Ok(device);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    pub(crate) fn open(folder: &Path, key: &lock::DatabaseKey, clock: DeviceClock) -> Result<Self> {
        let mut store = Store::open(folder, key)?;
        let profile = store
            .read(|tx| tx.profile())?
            .ok_or(StoreError::Value("profile"))?;
        store.seal_to(&profile)?;
        let policies = store.read(|tx| tx.policies())?;
        Ok(Self {
            inner: Arc::new(Inner {
                folder: folder.to_owned(),
                store: Mutex::new(store),
                key: profile.key()?,
                server_key: profile.server_key(),
                credentials: Mutex::new(profile.credentials.clone()),
                renewal: tokio::sync::Mutex::new(()),
                policies: Mutex::new(policies.map(Arc::new)),
                profile,
                clock,
                http: client()?,
                sync: Mutex::new(SyncState::default()),
                exchange: tokio::sync::Mutex::new(()),
                evidence: tokio::sync::Mutex::new(()),
                bell: tokio::sync::Notify::new(),
                alarm_bell: tokio::sync::Notify::new(),
                evidence_bell: tokio::sync::Notify::new(),
            }),
        })
    }

    /// Sets the passphrase that is given under force: it opens the device like the other, and calls
    /// for help without a sign of it.
    pub fn set_forced_passphrase(&self, own: &str, forced: &str) -> Result<()> {
        lock::set_forced(&self.inner.folder.join(LOCK_FILE), own, forced)
    }

    /// Whose device it is.
    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    /// The device's best idea of the moment.
    pub fn now(&self) -> Result<DateTime<Utc>> {
        Ok(self.read(|tx| self.moment(tx))?.instant())
    }

    pub(crate) fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        // A panic rolled its transaction back: the connection is sound.
        self.inner
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .read(work)
    }

    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.inner
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(work)
    }

    /// A reading of the clocks for the record.
    pub(crate) fn moment(&self, tx: &Tx<'_>) -> std::result::Result<Moment, StoreError> {
        Ok(self.inner.clock.moment(tx.server_clock()?))
    }

    /// Who records on this device.
    pub(crate) fn author(&self) -> Author<'_> {
        Author {
            device: self.inner.profile.device,
            user: self.inner.profile.user,
            key: &self.inner.key,
        }
    }

    pub(crate) fn server_key(&self) -> Option<&VerifyingKey> {
        self.inner.server_key.as_ref()
    }

    pub(crate) fn token(&self) -> String {
        self.credentials().token
    }

    pub(crate) fn credentials(&self) -> Credentials {
        let held = self.inner.credentials.lock();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes other credentials, for this session and the next.
    pub(crate) fn take_credentials(&self, mut fresh: Credentials) -> Result<()> {
        let lift_key = fresh.lift_key.take();
        fresh.lift_key = lift_key.or_else(|| self.credentials().lift_key);
        let profile = Profile {
            credentials: fresh.clone(),
            ..self.inner.profile.clone()
        };
        self.write(|tx| tx.set_profile(&profile))?;
        let mut held = self.inner.credentials.lock();
        *held
            .as_deref_mut()
            .unwrap_or_else(|poisoned| poisoned.get_mut()) = fresh;
        Ok(())
    }

    /// Held while other credentials are fetched.
    pub(crate) async fn renewal(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.renewal.lock().await
    }

    /// The policies with their hash; read once, not for every save.
    pub(crate) fn policies(&self) -> Option<Arc<(String, Policies)>> {
        let policies = self.inner.policies.lock();
        policies.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the policies again, after an answer that brought others.
    pub(crate) fn reload_policies(&self) -> Result<()> {
        let fresh = self.read(|tx| tx.policies())?.map(Arc::new);
        let mut policies = self
            .inner
            .policies
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *policies = fresh;
        Ok(())
    }

    pub(crate) fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> T) -> T {
        work(
            &mut self
                .inner
                .store
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.inner.folder
    }

    pub(crate) fn evidence_bell(&self) -> &tokio::sync::Notify {
        &self.inner.evidence_bell
    }

    pub(crate) fn alarm_bell(&self) -> &tokio::sync::Notify {
        &self.inner.alarm_bell
    }

    pub(crate) fn clock(&self) -> DeviceClock {
        self.inner.clock
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    pub(crate) fn evidence_lock(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.evidence
    }

    pub(crate) fn exchange(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.exchange
    }

    pub(crate) fn bell(&self) -> &tokio::sync::Notify {
        &self.inner.bell
    }

    /// Looks at or changes the state of the sync.
    pub(crate) fn with_sync<T>(&self, work: impl FnOnce(&mut SyncState) -> T) -> T {
        work(
            &mut self
                .inner
                .sync
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Limits the database to its size and `pages` more, as a full disk would.
    pub fn limit_growth(&self, pages: u32) -> Result<()> {
        let mut store = self
            .inner
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(store.limit_growth(pages)?)
    }
}
