//! The TypeScript types of everything a screen receives, generated from Rust.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use ts_rs::{Config, TS};

/// Where the interface imports them from.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/src/backend/generated")
}

/// Writes all types below `out`.
pub fn export(out: &Path) -> Result<()> {
    let config = Config::new().with_out_dir(out).with_large_int("number");
    macro_rules! export {
        ($($view:ty),* $(,)?) => { $(<$view>::export_all(&config)?;)* };
    }
    export!(
        doorstep_device::view::SessionStateView,
        doorstep_device::view::TodayView,
        doorstep_device::view::SavedView,
        doorstep_device::view::CommittedView,
        doorstep_device::view::ProposalsView,
        doorstep_device::view::LiftQuestionView,
        doorstep_device::view::TeamView,
        doorstep_device::commands::give_lift::GiveLift,
        doorstep_device::commands::check_visit::ChecklistInput,
        doorstep_device::commands::agree_plan::AgreementInput,
        doorstep_view::CaseView,
        doorstep_view::ChecklistView,
        doorstep_view::ConflictView,
        doorstep_domain::outcome::Outcome,
        doorstep_domain::outcome::OutcomeForm,
        doorstep_domain::complaint::Complaint,
        doorstep_domain::complaint::Complexity,
        doorstep_domain::action::Told,
        doorstep_server::api::CheckView,
        doorstep_server::api::ComplaintsView,
        doorstep_server::api::PaymentsView,
        doorstep_domain::conflict::Choice,
        doorstep_domain::checklist::Answer,
        doorstep_server::api::PersonView,
        doorstep_server::api::CasesView,
        doorstep_server::api::RulingView,
        doorstep_server::api::InboxView,
        doorstep_server::api::ActivityView,
        doorstep_server::api::AlarmView,
        doorstep_server::api::LiftView,
        doorstep_server::api::KnownView,
        doorstep_device::view::DoorStepView,
        doorstep_domain::policy::RecordingRule,
        doorstep_server::api::DutyView,
        doorstep_device::commands::arrive::ArrivalInput,
        doorstep_device::commands::arrive::LocatedView,
        doorstep_server::api::PoliciesView,
        doorstep_server::api::DeviceView,
        doorstep_server::api::BulkStopView,
        doorstep_server::api::EnrolCodeView,
        doorstep_server::api::RouteView,
        doorstep_server::import::ImportReport,
    );
    Ok(())
}

/// The files below `folder`, by name.
pub fn files(folder: &Path) -> Result<BTreeMap<String, String>> {
    fs::read_dir(folder)
        .with_context(|| format!("list `{}`", folder.display()))?
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, fs::read_to_string(entry.path())?))
        })
        .collect()
}
