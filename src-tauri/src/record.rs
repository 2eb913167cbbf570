//! The recording of a conversation: one at a time, seen on every screen while it runs, and stopped with
//! the visit.

use crate::session::{Problem, Session};
use doorstep_device::view::CommittedView;
use doorstep_device::{Device, DeviceError};
use doorstep_domain::policy::RecordingRule;
use doorstep_domain::{CaseId, RuleId};
use doorstep_recorder::{RecordError, Recording};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use tauri::State;

/// What is being recorded in this window, or was and could not be kept yet.
#[derive(Default)]
pub struct Recorder(Mutex<Option<Sound>>);

enum Sound {
    Runs {
        case: CaseId,
        recording: Recording,
    },
    /// Stopped, and not on the device yet: a full disk must not lose what was said.
    Waits {
        case: CaseId,
        bytes: Vec<u8>,
    },
}

/// A recording that runs.
#[derive(Serialize)]
pub struct RunningView {
    case: CaseId,
    seconds: u64,
}

fn problem(error: &RecordError) -> Problem {
    Problem::from(DeviceError::NotNow(RuleId::named(error.code())))
}

impl Recorder {
    fn sound(&self) -> std::sync::MutexGuard<'_, Option<Sound>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a crash left of a recording, unless one is in this window still.
    pub fn rescue(&self, device: &Device) {
        if self.sound().is_none()
            && let Err(error) = device.rescue_recording()
        {
            tracing::error!(code = error.code(), "a recording that was cut off waits");
        }
    }

    /// Stops what runs, and keeps it on the device. What could not be kept is kept with the next try.
    pub fn stop(&self, device: &Device) -> Result<Option<CommittedView>, Problem> {
        let mut sound = self.sound();
        let (case, bytes) = match sound.take() {
            None => return Ok(None),
            Some(Sound::Waits { case, bytes }) => (case, bytes),
            Some(Sound::Runs { case, recording }) => {
                (case, recording.stop().map_err(|error| problem(&error))?)
            }
        };
        match device.add_recording(case, &bytes) {
            Ok(done) => Ok(Some(done)),
            Err(error) => {
                *sound = Some(Sound::Waits { case, bytes });
                Err(error.into())
            }
        }
    }
}

#[tauri::command]
pub fn recording_rule(session: State<'_, Session>, case: CaseId) -> Result<RecordingRule, Problem> {
    Ok(session.device()?.recording_rule(case)?)
}

/// Begins, after the person has agreed to it.
#[tauri::command]
pub async fn start_recording(
    session: State<'_, Session>,
    recorder: State<'_, Recorder>,
    case: CaseId,
    consent: bool,
) -> Result<(), Problem> {
    session.device()?.may_record(case, consent)?;
    let mut sound = recorder.sound();
    if sound.is_some() {
        return Err(Problem::from(DeviceError::NotNow(RuleId::named(
            "recording.runs",
        ))));
    }
    let keeper = session.device()?;
    let keep = move |piece: &[u8]| match keeper.keep_recording_piece(case, piece) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(code = error.code(), "a piece of the recording waits");
            false
        }
    };
    let recording = doorstep_recorder::start(Box::new(keep)).map_err(|error| problem(&error))?;
    *sound = Some(Sound::Runs { case, recording });
    Ok(())
}

#[tauri::command]
pub async fn stop_recording(
    session: State<'_, Session>,
    recorder: State<'_, Recorder>,
) -> Result<Option<CommittedView>, Problem> {
    recorder.stop(&session.device()?)
}

/// What runs now, or waits to be kept.
#[tauri::command]
pub fn recording(recorder: State<'_, Recorder>) -> Option<RunningView> {
    recorder.sound().as_ref().map(|sound| match sound {
        Sound::Runs { case, recording } => RunningView {
            case: *case,
            seconds: recording.seconds(),
        },
        Sound::Waits { case, .. } => RunningView {
            case: *case,
            seconds: 0,
        },
    })
}
