//! The lead's inbox: what waits for a decision, what was refused; and the decision itself.

use super::activity::{ActivityView, Names};
use super::auth::SignedIn;
use super::cases::{RulingView, record};
use super::error::{Body, Path};
use super::{ApiError, App};
use axum::Json;
use axum::extract::State;
use chrono::Duration;
use doorstep_domain::conflict::Choice;
use doorstep_domain::{ActionId, CaseId, Change, Revision};
use doorstep_protocol::exchange::ErrorResponse;
use doorstep_view::ConflictView;
use doorstep_view::case::{FlagView, Viewer};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

const REFUSED_LISTED_MAX: u32 = 50;
const FLAGS_LISTED_MAX: u32 = 200;

/// A conflict with the revision of its case, which a decision sends back.
#[derive(Serialize, TS, ToSchema)]
pub struct InboxConflictView {
    pub conflict: ConflictView,
    pub seen: Revision,
    pub author_name: String,
}

/// What waits for a person.
#[derive(Serialize, TS, ToSchema)]
pub struct InboxView {
    pub conflicts: Vec<InboxConflictView>,
    /// Flags that nobody has approved yet, and those whose review is due.
    pub flags: Vec<InboxFlagView>,
    pub refused: Vec<ActivityView>,
}

/// A flag that a person should look at.
#[derive(Serialize, TS, ToSchema)]
pub struct InboxFlagView {
    pub case: CaseId,
    pub reference: String,
    /// Whose case it is.
    pub person: String,
    pub raised_by_name: String,
    pub flag: FlagView,
}

/// A decision. `seen` is the revision that was on the screen.
#[derive(Deserialize, ToSchema)]
pub struct DecisionRequest {
    choice: Choice,
    seen: Revision,
}

/// Everything that waits for a decision, and what was refused.
#[utoipa::path(get, path = "/v1/inbox", responses((status = OK, body = InboxView)))]
pub async fn inbox(State(app): State<App>, person: SignedIn) -> Result<Json<InboxView>, ApiError> {
    person.require_console()?;
    let viewer = Viewer {
        user: person.0.id,
        role: person.0.role,
        now: app.clock.now(),
    };
    app.read(move |tx| {
        let names = Names::of(tx)?;
        let mut conflicts = Vec::new();
        for case in tx.cases_in_conflict()? {
            for conflict in case.conflicts.iter().filter(|conflict| conflict.is_open()) {
                conflicts.push(InboxConflictView {
                    conflict: ConflictView::of(&case, conflict, viewer),
                    seen: case.revision,
                    author_name: names.name(conflict.author),
                });
            }
        }
        let mut flags = Vec::new();
        // Somewhere it is tomorrow already.
        let latest = (viewer.now + Duration::hours(14)).date_naive();
        for case in tx.cases_to_look_at(latest, FLAGS_LISTED_MAX)? {
            let today = viewer.now.with_timezone(&case.address.zone).date_naive();
            let due = case.flags_in_force(viewer.now);
            flags.extend(
                due.filter(|flag| flag.look_on() <= today)
                    .map(|flag| InboxFlagView {
                        case: case.id,
                        reference: case.account.reference.clone(),
                        person: case.person.name.clone(),
                        raised_by_name: names.name(flag.raised_by),
                        flag: FlagView::from(flag),
                    }),
            );
        }
        let refused = ActivityView::all(tx, tx.refused(REFUSED_LISTED_MAX)?)?;
        Ok(Json(InboxView {
            conflicts,
            flags,
            refused,
        }))
    })
    .await
}

/// Settles a conflict.
#[utoipa::path(post, path = "/v1/cases/{case}/conflicts/{conflict}/decision",
    params(("case" = uuid::Uuid, Path), ("conflict" = uuid::Uuid, Path)), request_body = DecisionRequest,
    responses((status = OK, body = RulingView), (status = UNPROCESSABLE_ENTITY, body = ErrorResponse))
)]
pub async fn decide(
    State(app): State<App>,
    person: SignedIn,
    Path((case, conflict)): Path<(CaseId, ActionId)>,
    Body(request): Body<DecisionRequest>,
) -> Result<Json<RulingView>, ApiError> {
    let change = Change::Decide {
        conflict,
        choice: request.choice,
    };
    record(app, person, case, change, Some(request.seen)).await
}
