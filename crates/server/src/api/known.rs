//! What an agent knew when they decided to go: their answers, the rules they had, how old their facts
//! were, and what had happened that had not reached them.

use super::activity::{ActivityView, Names};
use super::auth::SignedIn;
use super::error::Path;
use super::{ApiError, App};
use crate::store::{ActivityRow, Tx};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::checklist::Answer;
use doorstep_domain::clearance::PackUsed;
use doorstep_domain::visit::Visit;
use doorstep_domain::words::Bilingual;
use doorstep_domain::{Action, CaseId, Change, VisitId};
use doorstep_protocol::exchange::ErrorResponse;
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// What somebody knew at the moment of their clearance.
#[derive(Serialize, TS, ToSchema)]
pub struct KnownView {
    pub by: String,
    pub checked_at: DateTime<Utc>,
    /// The newest that their device had from the server; none where it can't be told any more.
    pub facts_from: Option<DateTime<Utc>>,
    pub checklist_version: u32,
    pub packs: Vec<PackUsedView>,
    pub answers: Vec<KnownAnswerView>,
    /// What was lifted by telephone, as the agent noted it, beside the lead's own record.
    pub lifted: Vec<KnownLiftView>,
    /// What the server had of the case and their device had not, up to the arrival by the device's
    /// reckoning and five seconds more; the oldest first.
    /// Empty as well where `facts_from` can't be told.
    pub not_known: Vec<ActivityView>,
}

/// A device reckons the server's time from its last answer, which was under way for a while: its idea
/// is late by that, never early.
const RECKONING_SECONDS: i64 = 5;

/// A version of a pack by which a clearance was made.
#[derive(Serialize, TS, ToSchema)]
pub struct PackUsedView {
    pub id: String,
    pub version: u32,
}

/// A question as it was answered.
#[derive(Serialize, TS, ToSchema)]
pub struct KnownAnswerView {
    pub question: String,
    /// None where the checklist has the question no longer.
    pub text: Option<Bilingual>,
    pub answer: Answer,
}

/// Something that was lifted, as both sides recorded it.
#[derive(Serialize, TS, ToSchema)]
pub struct KnownLiftView {
    pub rule: String,
    /// The lead, as the agent named them.
    pub said_by: String,
    pub said_reason: String,
    /// None while no lead has an approval of it on record: one given without a network may still come.
    pub approved: Option<ApprovedLiftView>,
}

/// A lead's own record of what they lifted.
#[derive(Serialize, TS, ToSchema)]
pub struct ApprovedLiftView {
    pub by: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Shows what an agent knew when they decided to make a visit.
#[utoipa::path(get, path = "/v1/cases/{id}/visits/{visit}/known",
    params(("id" = uuid::Uuid, Path), ("visit" = uuid::Uuid, Path)), responses(
    (status = OK, body = KnownView), (status = NOT_FOUND, body = ErrorResponse)))]
pub async fn known(
    State(app): State<App>,
    person: SignedIn,
    Path((id, visit)): Path<(CaseId, VisitId)>,
) -> Result<Json<KnownView>, ApiError> {
    person.require_console()?;
    let policies = app.policies();
    app.read(move |tx| {
        let case = tx
            .case(id)?
            .ok_or_else(|| ApiError::not_found("case.unknown"))?;
        let visit = case
            .visit(visit)
            .ok_or_else(|| ApiError::not_found("visit.unknown"))?;
        let mut rows = tx.case_activity(id)?;
        let checked = check_of(tx, &rows, visit)?;
        // By the clock and not by the number: after a restore the server counts anew.
        let facts_from = tx.time_of(checked.base.cursor)?;
        let until = visit
            .arrived_at
            .as_ref()
            .unwrap_or(&visit.checked_at)
            .instant()
            + Duration::seconds(RECKONING_SECONDS);
        rows.retain(|row| {
            let is_new = facts_from.is_some_and(|from| row.judged_at > from);
            row.actor != visit.agent && is_new && row.judged_at <= until
        });
        let questions = &policies.policies.checklist.questions;
        let answers = visit
            .answers
            .iter()
            .map(|(question, answer)| KnownAnswerView {
                text: questions
                    .iter()
                    .find(|known| known.id == *question)
                    .map(|known| known.text.clone()),
                question: question.clone(),
                answer: *answer,
            });
        let pack = |id: &str, version| PackUsedView {
            id: id.to_owned(),
            version,
        };
        let first = pack(&visit.clearance.pack_id, visit.clearance.pack_version);
        let also = visit.clearance.also.iter();
        Ok(Json(KnownView {
            by: Names::of(tx)?.name(visit.agent),
            checked_at: visit.checked_at.instant(),
            facts_from,
            checklist_version: visit.clearance.checklist_version,
            packs: std::iter::once(first)
                .chain(also.map(|PackUsed { id, version }| pack(id, *version)))
                .collect(),
            answers: answers.collect(),
            lifted: lifted(tx, id, visit)?,
            not_known: ActivityView::all(tx, rows)?,
        }))
    })
    .await
}

/// What was lifted for a visit, each beside the approval that fits: the same agent, question and rule.
fn lifted(tx: &Tx<'_>, case: CaseId, visit: &Visit) -> Result<Vec<KnownLiftView>, ApiError> {
    if visit.intent.lifts.is_empty() {
        return Ok(Vec::new());
    }
    let (names, approvals) = (Names::of(tx)?, tx.lifts(case)?);
    let views = visit.intent.lifts.iter().map(|said| {
        let fits = approvals.iter().find(|approved| {
            approved.agent == visit.agent
                && approved.question == said.question
                && approved.rules.contains(&said.rule)
        });
        KnownLiftView {
            rule: said.rule.clone(),
            said_by: said.by.clone(),
            said_reason: said.reason.clone(),
            approved: fits.map(|approved| ApprovedLiftView {
                by: names.name(approved.lead),
                reason: approved.reason.clone(),
                at: approved.at,
            }),
        }
    });
    Ok(views.collect())
}

/// The action that recorded the checklist; the last one, where it was answered again.
fn check_of(tx: &Tx<'_>, rows: &[ActivityRow], visit: &Visit) -> Result<Action, ApiError> {
    for row in rows.iter().rev().filter(|row| row.kind == "check_visit") {
        let taken = tx.taken_action(row.action)?;
        let action = taken.and_then(|taken| taken.envelope.open().ok());
        let is_of = |action: &Action| matches!(action.change, Change::CheckVisit { visit: id, .. } if id == visit.id);
        if let Some(action) = action.filter(is_of) {
            return Ok(action);
        }
    }
    Err(ApiError::not_found("visit.unknown"))
}
