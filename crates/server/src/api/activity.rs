//! What arrives from the field, the newest first.

use super::auth::SignedIn;
use super::{ApiError, App};
use crate::store::{ActivityRow, Tx};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use doorstep_domain::verdict::Ruling;
use doorstep_domain::{CaseId, UserId};
use serde::Serialize;
use std::collections::BTreeMap;
use ts_rs::TS;
use utoipa::ToSchema;

const ACTIVITY_LISTED_MAX: u32 = 60;
const KINDS: [&str; 9] = [
    "check_visit",
    "start_travel",
    "arrive",
    "end_visit",
    "agree_plan",
    "set_fact",
    "raise_flag",
    "post_payment",
    "decide",
];

/// Something that somebody did.
#[derive(Serialize, TS, ToSchema)]
pub struct ActivityView {
    pub case: CaseId,
    pub person: String,
    pub reference: String,
    pub by: String,
    pub kind: String,
    pub ruling: Ruling,
    pub at: DateTime<Utc>,
}

/// The names of the team by id.
pub struct Names(BTreeMap<UserId, String>);

impl Names {
    /// Reads the team.
    pub fn of(tx: &Tx<'_>) -> Result<Self, ApiError> {
        Ok(Self(
            tx.people()?
                .into_iter()
                .map(|person| (person.id, person.display_name))
                .collect(),
        ))
    }

    /// A person's name, or nothing for somebody who is gone.
    pub fn name(&self, id: UserId) -> String {
        self.0.get(&id).cloned().unwrap_or_default()
    }
}

impl ActivityView {
    /// Rows with the names that a person reads.
    pub fn all(tx: &Tx<'_>, rows: Vec<ActivityRow>) -> Result<Vec<Self>, ApiError> {
        let names = Names::of(tx)?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(case) = tx.case(row.case)? else {
                continue;
            };
            views.push(Self {
                case: row.case,
                person: case.person.name,
                reference: case.account.reference,
                by: names.name(row.actor),
                kind: row.kind,
                ruling: row.ruling,
                at: row.judged_at,
            });
        }
        Ok(views)
    }
}

/// Lists what happened last.
#[utoipa::path(get, path = "/v1/activity", responses((status = OK, body = Vec<ActivityView>)))]
pub async fn activity(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<Vec<ActivityView>>, ApiError> {
    person.require_console()?;
    app.read(|tx| {
        Ok(Json(ActivityView::all(
            tx,
            tx.activity(&KINDS, ACTIVITY_LISTED_MAX)?,
        )?))
    })
    .await
}
