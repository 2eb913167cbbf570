//! What the command line may say. All of it is for demonstrations and tests.

#[cfg(debug_assertions)]
use chrono::{DateTime, FixedOffset};
use doorstep_device::DeviceClock;
use std::path::PathBuf;

/// The options of one start.
#[derive(Debug, Default)]
pub struct Options {
    /// The folder of the app's data; the system's own where absent.
    pub data: Option<PathBuf>,
    /// A file with server, code and passphrase: enrols at the start, as a person would.
    pub sign_in: Option<PathBuf>,
    /// The moment at which the app's clock begins. Builds for people do not have it: nobody
    /// may move the clock that permitted hours are judged by.
    #[cfg(debug_assertions)]
    clock: Option<DateTime<FixedOffset>>,
}

impl Options {
    /// Reads `--data FOLDER`, `--sign-in FILE` and, in development builds, `--clock MOMENT`.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(name) = arguments.next() {
            let value = arguments
                .next()
                .ok_or_else(|| format!("`{name}` needs a value"))?;
            match name.as_str() {
                "--data" => options.data = Some(value.into()),
                "--sign-in" => options.sign_in = Some(value.into()),
                #[cfg(debug_assertions)]
                "--clock" => options.clock = Some(moment(&value)?),
                _ => return Err(format!("`{name}` is not an option")),
            }
        }
        Ok(options)
    }

    /// The clock of this run.
    pub fn clock(&self) -> DeviceClock {
        #[cfg(debug_assertions)]
        if let Some(moment) = self.clock {
            return DeviceClock::starting_at(moment.to_utc());
        }
        DeviceClock::default()
    }
}

#[cfg(debug_assertions)]
fn moment(text: &str) -> Result<DateTime<FixedOffset>, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a moment such as 2026-11-21T10:00:00+08:00"))
}
