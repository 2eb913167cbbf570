//! What the screen may ask for. Each command converts, calls one function, and stops.

use crate::record::Recorder;
use crate::session::{Problem, Session};
use chrono::{DateTime, Utc};
use doorstep_device::commands::agree_plan::{AgreementInput, PlanInput};
use doorstep_device::commands::arrive::{ArrivalInput, LocatedView};
use doorstep_device::commands::check_visit::ChecklistInput;
use doorstep_device::commands::enrol::{Enrolment, enrol as enrol_device};
use doorstep_device::commands::give_lift::GiveLift;
use doorstep_device::device::is_enrolled;
use doorstep_device::view::{
    CommittedView, DoorStepView, LiftQuestionView, ProposalsView, SavedView, SessionStateView,
    SyncStatusView, TeamView, TodayView,
};
use doorstep_device::{Device, DeviceError};
use doorstep_domain::arrival::Fix;
use doorstep_domain::case::FactField;
use doorstep_domain::complaint::{Complaint, Feedback};
use doorstep_domain::conflict::Choice;
use doorstep_domain::outcome::{Outcome, OutcomeForm};
use doorstep_domain::safety::FlagKind;
use doorstep_domain::{ActionId, CaseId};
use doorstep_view::{CaseSummaryView, CaseView, ChecklistView, ConflictView};
use tauri::{AppHandle, State};

type Answer<T> = Result<T, Problem>;

/// Runs a command off the window's thread.
async fn on_device<T: Send + 'static>(
    session: State<'_, Session>,
    work: impl FnOnce(&Device) -> Result<T, DeviceError> + Send + 'static,
) -> Answer<T> {
    let device = session.device()?;
    let done = tauri::async_runtime::spawn_blocking(move || work(&device)).await;
    done.map_err(|_| Problem::from(DeviceError::NotReady))?
        .map_err(Problem::from)
}

/// Runs a command that writes: once for each wish of the screen, however often it is delivered.
async fn write(
    session: State<'_, Session>,
    wish: String,
    work: impl FnOnce(&Device) -> Result<CommittedView, DeviceError> + Send + 'static,
) -> Answer<Option<CommittedView>> {
    let shared = session.clone();
    session
        .once(wish, async move { on_device(shared, work).await.map(Some) })
        .await
}

#[tauri::command]
pub fn session_state(session: State<'_, Session>) -> SessionStateView {
    match session.device() {
        Ok(device) => SessionStateView::Open {
            profile: device.profile_view(),
        },
        Err(_) if is_enrolled(&session.data) => SessionStateView::Locked,
        Err(_) => SessionStateView::NotEnrolled,
    }
}

#[tauri::command]
pub async fn enrol(
    app: AppHandle,
    session: State<'_, Session>,
    wish: String,
    server: String,
    code: String,
    passphrase: String,
) -> Answer<()> {
    let enrolled = async {
        let enrolment = Enrolment {
            server: &server,
            code: &code,
            passphrase: &passphrase,
        };
        let device = enrol_device(&session.data, enrolment, session.clock).await?;
        session.keep(&app, device);
        Ok(None)
    };
    session.once(wish, enrolled).await.map(|_| ())
}

#[tauri::command]
pub async fn unlock(
    app: AppHandle,
    session: State<'_, Session>,
    recorder: State<'_, Recorder>,
    passphrase: String,
) -> Answer<()> {
    let (data, clock) = (session.data.clone(), session.clock);
    let opened =
        tauri::async_runtime::spawn_blocking(move || Device::unlock(&data, &passphrase, clock))
            .await;
    let device = opened.map_err(|_| Problem::from(DeviceError::NotReady))??;
    device.renew_lease().await?;
    recorder.rescue(&device);
    session.keep(&app, device);
    Ok(())
}

/// Hands in what was saved on this device and is sealed to the server; needs no passphrase.
#[tauri::command]
pub async fn hand_over(session: State<'_, Session>) -> Answer<u32> {
    Ok(doorstep_device::handover::hand_over(&session.data).await?)
}

#[tauri::command]
pub async fn set_forced_passphrase(
    session: State<'_, Session>,
    own: String,
    forced: String,
) -> Answer<()> {
    on_device(session, move |device| {
        device.set_forced_passphrase(&own, &forced)
    })
    .await
}

#[tauri::command]
pub fn lock(session: State<'_, Session>, recorder: State<'_, Recorder>) {
    if let Ok(device) = session.device() {
        let _ = recorder.stop(&device);
    }
    session.lock();
}

#[tauri::command]
pub async fn today(session: State<'_, Session>) -> Answer<TodayView> {
    on_device(session, Device::today).await
}

#[tauri::command]
pub async fn cases(session: State<'_, Session>, search: String) -> Answer<Vec<CaseSummaryView>> {
    on_device(session, move |device| device.cases(&search)).await
}

#[tauri::command]
pub async fn read_case(session: State<'_, Session>, case: CaseId) -> Answer<CaseView> {
    on_device(session, move |device| device.case(case)).await
}

#[tauri::command]
pub async fn inbox(session: State<'_, Session>) -> Answer<Vec<ConflictView>> {
    on_device(session, Device::inbox).await
}

#[tauri::command]
pub async fn checklist(session: State<'_, Session>, case: CaseId) -> Answer<ChecklistView> {
    on_device(session, move |device| device.checklist(case)).await
}

#[tauri::command]
pub async fn answer_checklist(
    session: State<'_, Session>,
    case: CaseId,
    input: ChecklistInput,
) -> Answer<ChecklistView> {
    on_device(session, move |device| device.answer_checklist(case, &input)).await
}

#[tauri::command]
pub async fn ask_lift(session: State<'_, Session>, case: CaseId) -> Answer<LiftQuestionView> {
    on_device(session, move |device| device.ask_lift(case)).await
}

#[tauri::command]
pub async fn answer_lift(
    session: State<'_, Session>,
    case: CaseId,
    by: String,
    reason: String,
    code: String,
) -> Answer<()> {
    on_device(session, move |device| {
        device.answer_lift(case, &by, &reason, &code)
    })
    .await
}

#[tauri::command]
pub async fn call_for_help(session: State<'_, Session>, case: CaseId) -> Answer<()> {
    on_device(session, move |device| device.call_for_help(case)).await
}

#[tauri::command]
pub async fn save_checklist(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| device.save_checklist(case)).await
}

#[tauri::command]
pub async fn start_travel(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| device.start_travel(case)).await
}

#[tauri::command]
pub async fn arrive(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    input: ArrivalInput,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| device.arrive(case, &input)).await
}

#[tauri::command]
pub async fn locate(
    session: State<'_, Session>,
    case: CaseId,
    fixes: Vec<Fix>,
) -> Answer<LocatedView> {
    on_device(session, move |device| device.locate(case, &fixes)).await
}

#[tauri::command]
pub async fn ask_partner(session: State<'_, Session>, case: CaseId) -> Answer<String> {
    on_device(session, move |device| device.ask_partner(case)).await
}

#[tauri::command]
pub async fn note_partner(session: State<'_, Session>, case: CaseId, code: String) -> Answer<()> {
    on_device(session, move |device| device.note_partner(case, &code)).await
}

#[tauri::command]
pub async fn accept_to_go_along(session: State<'_, Session>, question: String) -> Answer<String> {
    on_device(session, move |device| device.accept_to_go_along(&question)).await
}

#[tauri::command]
pub async fn check_in(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| device.check_in(case)).await
}

#[tauri::command]
pub async fn end_visit(
    session: State<'_, Session>,
    recorder: State<'_, Recorder>,
    wish: String,
    case: CaseId,
    outcome: Outcome,
) -> Answer<Option<CommittedView>> {
    let ended = write(session.clone(), wish, move |device| {
        device.end_visit(case, outcome)
    })
    .await?;
    // It ends with the visit, and not with an outcome that was refused. What can't be kept now waits.
    let _ = recorder.stop(&session.device()?);
    Ok(ended)
}

#[tauri::command]
pub async fn door_steps(session: State<'_, Session>, case: CaseId) -> Answer<Vec<DoorStepView>> {
    on_device(session, move |device| device.door_steps(case)).await
}

#[tauri::command]
pub async fn outcome_forms(session: State<'_, Session>, case: CaseId) -> Answer<Vec<OutcomeForm>> {
    on_device(session, move |device| device.outcome_forms(case)).await
}

#[tauri::command]
pub async fn raise_complaint(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    complaint: Complaint,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| {
        device.raise_complaint(case, complaint)
    })
    .await
}

#[tauri::command]
pub async fn add_photo(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    base64: String,
    has_consent: bool,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| {
        device.add_photo(case, &base64, has_consent)
    })
    .await
}

#[tauri::command]
pub async fn give_feedback(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    feedback: Feedback,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| {
        device.give_feedback(case, feedback)
    })
    .await
}

#[tauri::command]
pub async fn withdraw(
    session: State<'_, Session>,
    recorder: State<'_, Recorder>,
    wish: String,
    case: CaseId,
) -> Answer<Option<CommittedView>> {
    let left = write(session.clone(), wish, move |device| device.withdraw(case)).await;
    // Out first.
    let _ = recorder.stop(&session.device()?);
    left
}

#[tauri::command]
pub async fn form_draft(
    session: State<'_, Session>,
    form: String,
    case: CaseId,
) -> Answer<Option<String>> {
    on_device(session, move |device| device.form_draft(&form, case)).await
}

#[tauri::command]
pub async fn keep_form_draft(
    session: State<'_, Session>,
    form: String,
    case: CaseId,
    doc: String,
) -> Answer<()> {
    on_device(session, move |device| {
        device.keep_form_draft(&form, case, &doc)
    })
    .await
}

#[tauri::command]
pub async fn propose_plans(
    session: State<'_, Session>,
    case: CaseId,
    input: PlanInput,
) -> Answer<ProposalsView> {
    on_device(session, move |device| device.propose_plans(case, &input)).await
}

#[tauri::command]
pub async fn agree_plan(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    input: AgreementInput,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| device.agree_plan(case, &input)).await
}

#[tauri::command]
pub async fn set_fact(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    field: FactField,
    value: String,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| {
        device.set_fact(case, field, &value)
    })
    .await
}

#[tauri::command]
pub async fn add_note(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    text: String,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| device.add_note(case, &text)).await
}

#[tauri::command]
pub async fn raise_flag(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    flag: FlagKind,
    incident: String,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| {
        device.raise_flag(case, flag, &incident)
    })
    .await
}

#[tauri::command]
pub async fn decide(
    session: State<'_, Session>,
    wish: String,
    case: CaseId,
    conflict: ActionId,
    choice: Choice,
) -> Answer<Option<CommittedView>> {
    write(session, wish, move |device| {
        device.decide(case, conflict, choice)
    })
    .await
}

#[tauri::command]
pub async fn sync_status(session: State<'_, Session>) -> Answer<SyncStatusView> {
    on_device(session, Device::sync_status).await
}

#[tauri::command]
pub async fn team(session: State<'_, Session>) -> Answer<TeamView> {
    on_device(session, Device::team).await
}

#[tauri::command]
pub async fn give_lift(session: State<'_, Session>, lift: GiveLift) -> Answer<Vec<String>> {
    on_device(session, move |device| device.give_lift(&lift)).await
}

#[tauri::command]
pub async fn time_now(session: State<'_, Session>) -> Answer<DateTime<Utc>> {
    on_device(session, Device::now).await
}

#[tauri::command]
pub async fn saved(session: State<'_, Session>) -> Answer<Vec<SavedView>> {
    on_device(session, Device::saved).await
}

#[tauri::command]
pub async fn set_metered(session: State<'_, Session>, metered: bool) -> Answer<SyncStatusView> {
    on_device(session, move |device| device.set_metered(metered)).await
}

#[tauri::command]
pub async fn sync_now(session: State<'_, Session>) -> Answer<SyncStatusView> {
    Ok(session.device()?.sync().await?)
}
