//! Complaints and feedback: raised in the field or on paper, read by the complaint handler alone.

use super::activity::Names;
use super::auth::SignedIn;
use super::cases::{RulingView, checked_text, record_as};
use super::error::{Body, Path};
use super::{ApiError, App};
use crate::store::Tx;
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use doorstep_domain::complaint::{
    Complaint, ComplaintChannel, ComplaintKind, Complexity, Feedback,
};
use doorstep_domain::policy::Policies;
use doorstep_domain::{ActionId, CaseId, Change, Role};
use doorstep_protocol::exchange::ErrorResponse;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

const LISTED_MAX: u32 = 500;

/// A complaint as its handler reads it.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct ComplaintView {
    pub id: ActionId,
    pub case: CaseId,
    pub reference: String,
    /// Who complained.
    pub person: String,
    /// Who took it down.
    pub taken_by: String,
    pub about: ComplaintKind,
    pub channel: ComplaintChannel,
    pub text: String,
    pub raised_on: NaiveDate,
    pub complexity: Complexity,
    /// The last day for the answer.
    pub due_on: NaiveDate,
    pub is_overdue: bool,
    /// What was answered.
    pub answer: Option<String>,
}

/// What people said of visits.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct FeedbackView {
    pub case: CaseId,
    pub agent: String,
    pub given_on: NaiveDate,
    pub feedback: Feedback,
}

/// Complaints, those first that are due first; and feedback, the newest first.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct ComplaintsView {
    pub complaints: Vec<ComplaintView>,
    pub feedback: Vec<FeedbackView>,
}

/// How long the answer may take.
#[derive(Deserialize, ToSchema)]
pub struct GradeRequest {
    complexity: Complexity,
}

/// The answer that the person gets.
#[derive(Deserialize, ToSchema)]
pub struct AnswerRequest {
    text: String,
}

/// Lists complaints and feedback; for the complaint handler.
#[utoipa::path(get, path = "/v1/complaints", responses((status = OK, body = ComplaintsView)))]
pub async fn list(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<ComplaintsView>, ApiError> {
    person.require(&[Role::ComplaintHandler])?;
    let (today, policies) = (app.clock.now().date_naive(), app.policies());
    app.read(move |tx| {
        let names = Names::of(tx)?;
        let mut complaints = Vec::new();
        for row in tx.activity(&["raise_complaint"], LISTED_MAX)? {
            complaints.extend(view(tx, row.action, &names, &policies.policies, today)?);
        }
        complaints.sort_by_key(|complaint| (complaint.answer.is_some(), complaint.due_on));
        let mut feedback = Vec::new();
        for row in tx.activity(&["give_feedback"], LISTED_MAX)? {
            let Some((given_on, Change::GiveFeedback { feedback: said, .. })) =
                change(tx, row.action)?
            else {
                continue;
            };
            feedback.push(FeedbackView {
                case: row.case,
                agent: names.name(row.actor),
                given_on,
                feedback: said,
            });
        }
        Ok(Json(ComplaintsView {
            complaints,
            feedback,
        }))
    })
    .await
}

/// What an action said, and on which day.
fn change(tx: &Tx<'_>, id: ActionId) -> Result<Option<(NaiveDate, Change)>, ApiError> {
    let taken = tx.taken_action(id)?;
    // What a newer app sent can't be read here; it is kept.
    let action = taken.and_then(|taken| taken.envelope.open().ok());
    Ok(action.map(|action| (action.recorded.day(), action.change)))
}

fn view(
    tx: &Tx<'_>,
    id: ActionId,
    names: &Names,
    policies: &Policies,
    today: NaiveDate,
) -> Result<Option<ComplaintView>, ApiError> {
    let Some(taken) = tx.taken_action(id)? else {
        return Ok(None);
    };
    let Ok(action) = taken.envelope.open() else {
        return Ok(None);
    };
    let (Change::RaiseComplaint { complaint }, Some(case)) =
        (&action.change, tx.case(action.case)?)
    else {
        return Ok(None);
    };
    let Some(stub) = case.complaints.iter().find(|stub| stub.id == id) else {
        return Ok(None);
    };
    let due_on = stub.due_on(policies.complaint_clock(&case));
    let answer = match stub.answered {
        Some(answered) => change(tx, answered)?,
        None => None,
    };
    Ok(Some(ComplaintView {
        id,
        case: case.id,
        about: stub.about,
        channel: complaint.channel,
        text: complaint.text.clone(),
        raised_on: stub.raised_on,
        complexity: stub.complexity,
        due_on,
        is_overdue: stub.answered.is_none() && due_on < today,
        answer: answer.and_then(|(_, change)| match change {
            Change::AnswerComplaint { text, .. } => Some(text),
            _ => None,
        }),
        taken_by: names.name(action.actor),
        reference: case.account.reference,
        person: case.person.name,
    }))
}

/// Takes a complaint that came on paper or by phone.
#[utoipa::path(post, path = "/v1/cases/{id}/complaints", params(("id" = uuid::Uuid, Path)), request_body = Complaint, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn raise(
    State(app): State<App>,
    person: SignedIn,
    Path(id): Path<CaseId>,
    Body(complaint): Body<Complaint>,
) -> Result<Json<RulingView>, ApiError> {
    let text = checked_text(&complaint.text)?;
    let complaint = Box::new(Complaint { text, ..complaint });
    let roles = [Role::Lead, Role::BackOffice, Role::ComplaintHandler];
    let change = Change::RaiseComplaint { complaint };
    record_as(app, person, &roles, id, change, None).await
}

/// Says how complex a complaint is, and so until when it must be answered.
#[utoipa::path(post, path = "/v1/cases/{id}/complaints/{complaint}/grade",
    params(("id" = uuid::Uuid, Path), ("complaint" = uuid::Uuid, Path)), request_body = GradeRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn grade(
    State(app): State<App>,
    person: SignedIn,
    Path((id, complaint)): Path<(CaseId, ActionId)>,
    Body(request): Body<GradeRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let change = Change::GradeComplaint {
        complaint,
        complexity: request.complexity,
    };
    record_as(app, person, &[Role::ComplaintHandler], id, change, None).await
}

/// Answers a complaint: the stop that it raised is lifted.
#[utoipa::path(post, path = "/v1/cases/{id}/complaints/{complaint}/answer",
    params(("id" = uuid::Uuid, Path), ("complaint" = uuid::Uuid, Path)), request_body = AnswerRequest, responses(
    (status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse)
))]
pub async fn answer(
    State(app): State<App>,
    person: SignedIn,
    Path((id, complaint)): Path<(CaseId, ActionId)>,
    Body(request): Body<AnswerRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let text = checked_text(&request.text)?;
    let change = Change::AnswerComplaint { complaint, text };
    record_as(app, person, &[Role::ComplaintHandler], id, change, None).await
}
