//! An unlocked device: the store, the clock and the way to the server, shared by screen and sync.

use crate::clock::DeviceClock;
use crate::error::{DeviceError, Result};
use crate::lock;
use crate::store::{Profile, Store, StoreError, Tx};
use crate::sync::{SyncState, client};
use chrono::{DateTime, Utc};
use doorstep_domain::moment::Moment;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) const PROFILE: &str = "profile";
pub(crate) const LOCK_FILE: &str = "lock.json";

/// An unlocked device. Cheap to clone; all clones are the same device.
#[derive(Clone)]
pub struct Device {
    inner: Arc<Inner>,
}

struct Inner {
    store: Mutex<Store>,
    profile: Profile,
    clock: DeviceClock,
    http: reqwest::Client,
    sync: Mutex<SyncState>,
    /// One exchange in flight a device.
    exchange: tokio::sync::Mutex<()>,
    /// Rung when something was saved.
    bell: tokio::sync::Notify,
}

/// The folder of the enrolled profile below the app's data folder.
pub fn profile_folder(data: &Path) -> PathBuf {
    data.join(PROFILE)
}

/// Whether somebody enrolled this device.
pub fn is_enrolled(data: &Path) -> bool {
    profile_folder(data).join(LOCK_FILE).exists()
}

impl Device {
    /// Unlocks the device with the passphrase. Slow on purpose.
    pub fn unlock(data: &Path, passphrase: &str, clock: DeviceClock) -> Result<Self> {
        if !is_enrolled(data) {
            return Err(DeviceError::NotEnrolled);
        }
        let folder = profile_folder(data);
        let key = lock::open(&folder.join(LOCK_FILE), passphrase)?;
        let mut store = Store::open(&folder, &key)?;
        let profile = store
            .read(|tx| tx.profile())?
            .ok_or(StoreError::Value("profile"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                store: Mutex::new(store),
                profile,
                clock,
                http: client()?,
                sync: Mutex::new(SyncState::default()),
                exchange: tokio::sync::Mutex::new(()),
                bell: tokio::sync::Notify::new(),
            }),
        })
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
        let ahead = tx.server_clock()?.map(|clock| clock.ahead());
        Ok(self.inner.clock.moment(ahead))
    }

    pub(crate) fn clock(&self) -> DeviceClock {
        self.inner.clock
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.inner.http
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
