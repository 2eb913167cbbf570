//! Where the company of a journey keeps its truth: in a file of its own, or in a database of its own on
//! a cluster that the journeys under way share.

use anyhow::{Result, bail};
use doorstep_server::{Store, Tenant};
use doorstep_testkit::cluster::Cluster;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Says on which database the journeys run: `sqlite`, which is also meant by nothing, or `postgres`.
pub const VARIABLE: &str = "DOORSTEP_JOURNEYS_ON";

/// What has to live as long as a store.
pub type Ground = Option<Arc<Cluster>>;

/// A fresh store of the kind that [`VARIABLE`] asks for; a file lies in `folder`.
pub fn fresh(folder: &Path) -> Result<(Store, Ground)> {
    match std::env::var(VARIABLE).as_deref() {
        Err(_) | Ok("sqlite") => Ok((in_a_file(folder)?, None)),
        Ok("postgres") => on_postgres(),
        Ok(other) => bail!("`{VARIABLE}` is `{other}`, and not `sqlite` or `postgres`"),
    }
}

/// A fresh store in a file, for a journey that is about files.
pub fn in_a_file(folder: &Path) -> Result<Store> {
    Ok(Store::open(&folder.join("server.db"), Tenant::default())?)
}

fn on_postgres() -> Result<(Store, Ground)> {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let cluster = shared()?;
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let url = cluster.database(&format!("company_{number}"))?;
    let store = tokio::task::block_in_place(|| Store::connect(&url, Tenant::default()))?;
    Ok((store, Some(cluster)))
}

/// The cluster of the journeys under way; it is gone with the last of them.
fn shared() -> Result<Arc<Cluster>> {
    static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = shared.upgrade() {
        return Ok(cluster);
    }
    let cluster = Arc::new(Cluster::start()?);
    *shared = Arc::downgrade(&cluster);
    Ok(cluster)
}
