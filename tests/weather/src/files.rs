//! The files of a seed: where they lie, and fresh ones, which are made once with every migration and
//! copied, for the weather is about what happens to them afterwards.

use anyhow::{Result, anyhow};
use std::io;
use std::path::Path;
use tempfile::TempDir;

thread_local! {
    // Gone with the thread that runs the seeds.
    static FRESH: io::Result<TempDir> = folder();
}

/// A folder for the files of one seed; in memory where the system has a place for that.
pub fn folder() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
}

/// Fills a folder with fresh files of a kind, which `make` makes the first time.
pub fn fill(folder: &Path, kind: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    FRESH.with(|fresh| {
        let all = fresh.as_ref().map_err(|error| anyhow!("{error}"))?;
        let fresh = all.path().join(kind);
        if !fresh.exists() {
            std::fs::create_dir_all(&fresh)?;
            make(&fresh)?;
        }
        std::fs::create_dir_all(folder)?;
        Ok(copy(&fresh, folder)?)
    })
}

/// Copies the files of a folder.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
