//! The unlocked device of this window, or none.

use doorstep_device::commands::enrol::{Enrolment, enrol};
use doorstep_device::sync::keep_in_touch;
use doorstep_device::view::CommittedView;
use doorstep_device::{Device, DeviceClock, DeviceError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tauri::async_runtime::JoinHandle;
use tauri::{AppHandle, Emitter, Manager};

/// Tells the screen that something changed underneath.
pub const CHANGED: &str = "device-changed";

/// A problem, as the screen gets it: a code to decide by.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    code: String,
}

impl Problem {
    fn of(code: &str) -> Self {
        Self {
            code: code.to_owned(),
        }
    }
}

impl From<DeviceError> for Problem {
    fn from(error: DeviceError) -> Self {
        Self::of(error.code())
    }
}

/// What is open in this window.
pub struct Session {
    pub data: PathBuf,
    pub clock: DeviceClock,
    open: Mutex<Option<Open>>,
    delivered: tokio::sync::Mutex<Delivered>,
}

/// The answers to what the screen asked to be written, by the name of each wish.
///
/// The window may deliver one command twice: where the answer of the first delivery gets lost on
/// its way to the page, it is sent again. A check-in, a correction or a plan must not be recorded
/// twice for it, so a wish that was answered gets the same answer again.
#[derive(Default)]
struct Delivered {
    answers: BTreeMap<String, Answer>,
    order: VecDeque<String>,
}

type Answer = Result<Option<CommittedView>, Problem>;

/// A second delivery follows the first within moments: few answers need to be kept.
const DELIVERED_MAX: usize = 64;

struct Open {
    device: Device,
    in_touch: JoinHandle<()>,
}

impl Session {
    /// Nothing is open yet.
    pub fn new(data: PathBuf, clock: DeviceClock) -> Self {
        Self {
            data,
            clock,
            open: Mutex::new(None),
            delivered: tokio::sync::Mutex::default(),
        }
    }

    /// Does what the screen wishes, once for each wish, one after the other.
    pub async fn once(&self, wish: String, work: impl Future<Output = Answer>) -> Answer {
        let mut delivered = self.delivered.lock().await;
        if let Some(answer) = delivered.answers.get(&wish) {
            return answer.clone();
        }
        let answer = work.await;
        delivered.answers.insert(wish.clone(), answer.clone());
        delivered.order.push_back(wish);
        if delivered.order.len() > DELIVERED_MAX
            && let Some(oldest) = delivered.order.pop_front()
        {
            delivered.answers.remove(&oldest);
        }
        answer
    }

    /// The unlocked device.
    pub fn device(&self) -> Result<Device, Problem> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.as_ref()
            .map(|open| open.device.clone())
            .ok_or_else(|| Problem::of("unlock.needed"))
    }

    /// Keeps a device that was unlocked, and stays in touch with the server.
    pub fn keep(&self, app: &AppHandle, device: Device) {
        let listener = app.clone();
        let leased = device.clone();
        let in_touch = tauri::async_runtime::spawn(keep_in_touch(device.clone(), move || {
            if leased.is_lease_over().unwrap_or(false) {
                listener.state::<Self>().lock();
            }
            // A window that is closing can't hear it, and need not.
            let _ = listener.emit(CHANGED, ());
        }));
        self.replace(Some(Open { device, in_touch }));
    }

    /// Locks: the key leaves the memory with the last clone of the device.
    pub fn lock(&self) {
        self.replace(None);
    }

    fn replace(&self, next: Option<Open>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = std::mem::replace(&mut *open, next) {
            before.in_touch.abort();
        }
    }
}

#[derive(Deserialize)]
struct SignIn {
    server: String,
    code: String,
    passphrase: String,
}

/// Enrols and unlocks at the start, for a demonstration.
pub fn sign_in_at_start(app: AppHandle, file: PathBuf) {
    tauri::async_runtime::spawn(async move {
        match sign_in(&app, &file).await {
            // A window that is not there yet looks by itself when it opens.
            Ok(()) => drop(app.emit(CHANGED, ())),
            Err(problem) => eprintln!("doorstep: sign in at the start: {problem}"),
        }
    });
}

async fn sign_in(app: &AppHandle, file: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let SignIn {
        server,
        code,
        passphrase,
    } = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let session = app.state::<Session>();
    let enrolment = Enrolment {
        server: &server,
        code: &code,
        passphrase: &passphrase,
    };
    let device = enrol(&session.data, enrolment, session.clock)
        .await
        .map_err(|error| error.code().to_owned())?;
    session.keep(app, device);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_wish_delivered_twice_is_done_once_and_answered_twice() {
        let session = Session::new(PathBuf::new(), DeviceClock::default());
        let done = AtomicU32::new(0);
        let work = || async {
            done.fetch_add(1, Ordering::SeqCst);
            Err(Problem::of("visit.ended"))
        };
        for wish in ["one", "one", "two"] {
            let answer = session.once(wish.into(), work()).await;
            assert_eq!(answer.map(|_| ()).unwrap_err().code, "visit.ended");
        }
        assert_eq!(done.load(Ordering::SeqCst), 2);
    }
}
