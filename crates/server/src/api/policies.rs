//! The rules that are in force, for whoever leads people by them.

use super::auth::SignedIn;
use super::{ApiError, App};
use crate::policies::Published;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use doorstep_domain::checklist::Effect;
use doorstep_domain::policy::{Citation, Lift, Pack, Rule, State as RuleState};
use doorstep_domain::words::Bilingual;
use serde::Serialize;
use ts_rs::TS;
use utoipa::ToSchema;

/// What decides visits and plans now.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct PoliciesView {
    /// A clearance names it.
    pub hash: String,
    pub checklist_version: u32,
    pub packs: Vec<PackView>,
}

/// A pack that is in force.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct PackView {
    pub id: String,
    pub version: u32,
    pub name: Bilingual,
    /// Who signed it, as the short id of the key; none where it came with the software.
    pub signer: Option<String>,
    pub published_at: Option<DateTime<Utc>>,
    pub valid_until: Option<NaiveDate>,
    pub zones: Vec<String>,
    pub lenders: Vec<String>,
    pub rules: Vec<RuleView>,
}

/// A rule as it is applied.
#[derive(Debug, Serialize, TS, ToSchema)]
pub struct RuleView {
    pub citation: Citation,
    /// What it does: a draft, or what is only remembered, warns.
    pub effect: Effect,
    pub state: RuleState,
    /// Where it is held, or why not.
    pub place: String,
    pub may_be_lifted: bool,
}

/// Shows the packs that are in force, with every rule.
#[utoipa::path(get, path = "/v1/policies", responses((status = OK, body = PoliciesView)))]
pub async fn in_force(
    State(app): State<App>,
    person: SignedIn,
) -> Result<Json<PoliciesView>, ApiError> {
    person.require_console()?;
    let (policies, publisher) = (app.policies(), app.publisher());
    let published = app.read(move |tx| Ok(publisher.published(tx)?)).await?;
    let packs = &policies.policies.packs;
    Ok(Json(PoliciesView {
        hash: policies.hash.clone(),
        checklist_version: policies.policies.checklist.version,
        packs: packs.iter().map(|pack| view(pack, &published)).collect(),
    }))
}

fn view(pack: &Pack, published: &[Published]) -> PackView {
    let mut published = published.iter();
    let own = published.find(|own| own.id == pack.id && own.version == pack.version);
    PackView {
        id: pack.id.clone(),
        version: pack.version,
        name: pack.name.clone(),
        signer: own.map(|own| own.signer.clone()),
        published_at: own.map(|own| own.at),
        valid_until: pack.valid_until,
        zones: pack
            .zones
            .iter()
            .map(|zone| zone.name().to_owned())
            .collect(),
        lenders: pack.lenders.clone(),
        rules: pack.rules.iter().map(rule_view).collect(),
    }
}

fn rule_view(rule: &Rule) -> RuleView {
    RuleView {
        citation: rule.citation(),
        effect: rule.strength(),
        state: rule.state(),
        place: match rule.state() {
            RuleState::Not => rule.reason().to_owned(),
            RuleState::Implemented | RuleState::Attested => rule.place(),
        },
        may_be_lifted: rule.lift == Lift::Lead,
    }
}
