//! What an operator does: back up, restore, export, verify.

use crate::{Place, open};
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use doorstep_server::api::App;
use doorstep_server::{Clock, Store, Tenant, backup, export};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

const PUBLISH_EVERY: Duration = Duration::from_secs(60);

/// The database file below the data folder.
pub fn file(place: &Place) -> PathBuf {
    place.data.join("doorstep.db")
}

/// The tenant that was named.
pub fn tenant(place: &Place) -> anyhow::Result<Tenant> {
    Tenant::named(&place.tenant).with_context(|| {
        format!(
            "`{}` is no name of a tenant: lower-case letters, digits and dashes",
            place.tenant
        )
    })
}

/// Backs up, and says what is covered now.
pub fn back_up(place: &Place, to: &Path) -> anyhow::Result<()> {
    let store = open(place)?;
    let now = Clock::default().now();
    let report = match &place.database {
        Some(url) => backup::dump(&store, url, to, now)?,
        None => backup::backup(&store, to, now)?,
    };
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// Restores, and says what happened.
pub fn restore(place: &Place, from: &Path) -> anyhow::Result<()> {
    if place.database.is_some() {
        bail!(
            "restore a PostgreSQL database with pg_restore, then run `doorstep-server new-epoch`"
        );
    }
    std::fs::create_dir_all(&place.data)
        .with_context(|| format!("make the data folder `{}`", place.data.display()))?;
    let report = backup::restore(from, &file(place), Clock::default().now())?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// Begins a new history line.
pub fn new_epoch(place: &Place) -> anyhow::Result<()> {
    let store = open(place)?;
    let beside = backup::beside(&file(place), store.tenant());
    let epoch = backup::begin_epoch(&store, beside, Clock::default().now())?;
    println!("a new history line has begun: epoch {}", epoch.0);
    Ok(())
}

/// Writes the journal and the log to a new file.
pub fn export(place: &Place, to: &Path) -> anyhow::Result<()> {
    let made = std::fs::File::create_new(to)
        .with_context(|| format!("make the new file `{}`", to.display()))?;
    let mut out = BufWriter::new(made);
    open(place)?.read(|tx| export::export(tx, &mut out))?;
    out.flush()?;
    println!("written to `{}`", to.display());
    Ok(())
}

/// Verifies an export.
pub fn verify(path: &Path) -> anyhow::Result<()> {
    let read = std::fs::File::open(path).with_context(|| format!("open `{}`", path.display()))?;
    let report = export::verify(BufReader::new(read))
        .with_context(|| format!("`{}` does not hold", path.display()))?;
    println!("{}", serde_json::to_string_pretty(&report)?);
    Ok(())
}

/// Begins a new history line where the database is older than what was published from it: somebody
/// put an old file back by hand, and devices must not take its numbers for the ones they know.
pub fn mind_the_epoch(place: &Place, store: &Store, now: DateTime<Utc>) -> anyhow::Result<()> {
    let beside = backup::beside(&file(place), store.tenant());
    if backup::was_replaced(store, beside.as_ref())? {
        let epoch = backup::begin_epoch(store, beside, now)?;
        tracing::warn!(
            epoch = epoch.0,
            "the database is older than what was published from it; a new history line has begun"
        );
    }
    Ok(())
}

/// Signs the head of the log every minute, and notes it beside the database.
pub async fn keep_publishing(app: App, place: Place) {
    loop {
        let (app, place) = (app.clone(), place.clone());
        let published = tokio::task::spawn_blocking(move || {
            let head = app.publish_head()?;
            backup::note_beside(&file(&place), app.tenant(), &head)
        });
        match published.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not publish the head of the log"
            ),
            Err(_) => tracing::warn!("publishing the head of the log stopped half-way"),
        }
        tokio::time::sleep(PUBLISH_EVERY).await;
    }
}
