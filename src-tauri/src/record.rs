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

/// What is being recorded in this window.
#[derive(Default)]
pub struct Recorder(Mutex<Option<Running>>);

struct Running {
    case: CaseId,
    recording: Recording,
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
    fn running(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops what runs, and keeps it on the device.
    pub fn stop(&self, device: &Device) -> Result<Option<CommittedView>, Problem> {
        let Some(running) = self.running().take() else {
            return Ok(None);
        };
        match running.recording.stop() {
            Ok(bytes) => Ok(Some(device.add_recording(running.case, &bytes)?)),
            Err(error) => Err(problem(&error)),
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
    let mut running = recorder.running();
    if running.is_some() {
        return Err(Problem::from(DeviceError::NotNow(RuleId::named(
            "recording.runs",
        ))));
    }
    let recording = doorstep_recorder::start().map_err(|error| problem(&error))?;
    *running = Some(Running { case, recording });
    Ok(())
}

#[tauri::command]
pub async fn stop_recording(
    session: State<'_, Session>,
    recorder: State<'_, Recorder>,
) -> Result<Option<CommittedView>, Problem> {
    recorder.stop(&session.device()?)
}

/// What runs now.
#[tauri::command]
pub fn recording(recorder: State<'_, Recorder>) -> Option<RunningView> {
    let running = recorder.running();
    running.as_ref().map(|running| RunningView {
        case: running.case,
        seconds: running.recording.seconds(),
    })
}
