//! A company to look at: a lead, a back office, an agent, imported accounts, a planned day, and
//! a few cases that the checklist says no to. Everybody in it is made up.

use crate::import::{ImportError, ImportOrder, ImportReport, Mapping, import};
use crate::intake::{OwnAction, act};
use crate::secrets::{NoRandomness, enrol_code, hash_password, hash_token, normal_code};
use crate::store::{CaseFilter, PersonRow, Store, StoreError, Tx};
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::policy::Policies;
use doorstep_domain::safety::{FlagKind, StopKind};
use doorstep_domain::{Case, Change, Role, UserId};
use serde::Serialize;
use uuid::Uuid;

/// The sample that comes with the server.
pub const SAMPLE_CSV: &str = include_str!("../../../examples/accounts-sample.csv");
/// Its mapping, which also fits the public data set it is modelled on.
pub const SAMPLE_MAPPING: &str = include_str!("../../../examples/credit-accounts.mapping.toml");

/// How many cases the demo agent has for the day.
const STOPS: usize = 8;
const CODE_HOURS: i64 = 24;

/// Somebody of the demo company, with the password printed beside them.
#[derive(Debug, Clone, Serialize)]
pub struct DemoPerson {
    pub id: UserId,
    pub name: &'static str,
    pub password: &'static str,
    pub role: Role,
}

/// What the demo set up.
#[derive(Debug, Serialize)]
pub struct Demo {
    pub people: Vec<DemoPerson>,
    pub enrol_code: String,
    pub import: ImportReport,
    pub assigned: usize,
}

/// Why the demo could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("import the accounts: {0}")]
    Import(#[from] ImportError),
    #[error("the file has wrong rows; the first: line {row}, {message}")]
    WrongRows { row: u32, message: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

struct Cast {
    name: &'static str,
    display_name: &'static str,
    password: &'static str,
    role: Role,
}

const CAST: [Cast; 5] = [
    Cast {
        name: "lead",
        display_name: "Lin Lead (demo)",
        password: "lead-demo-only",
        role: Role::Lead,
    },
    Cast {
        name: "office",
        display_name: "Olga Office (demo)",
        password: "office-demo-only",
        role: Role::BackOffice,
    },
    Cast {
        name: "complaints",
        display_name: "Cara Complaints (demo)",
        password: "complaints-demo-only",
        role: Role::ComplaintHandler,
    },
    Cast {
        name: "agent",
        display_name: "Ana Agent (demo)",
        password: "agent-demo-only",
        role: Role::Agent,
    },
    Cast {
        name: "agent2",
        display_name: "Bo Buddy (demo)",
        password: "agent2-demo-only",
        role: Role::Agent,
    },
];

/// Sets the company up in an empty database, in one transaction.
pub fn set_up(
    store: &Store,
    accounts: &[u8],
    mapping: &Mapping,
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<Demo, DemoError> {
    let people = hash_passwords()?;
    store.write(|tx| {
        for (row, _) in &people {
            tx.add_person(row)?;
        }
        let who = |role| {
            people
                .iter()
                .find(|(row, _)| row.role == role)
                .map(|(row, _)| row.id)
        };
        let (Some(lead), Some(office), Some(agent)) =
            (who(Role::Lead), who(Role::BackOffice), who(Role::Agent))
        else {
            return Err(StoreError::Value("demo people").into());
        };
        let order = ImportOrder {
            bytes: accounts,
            mapping,
            dry_run: false,
            accept_good_rows: false,
            actor: lead,
            role: Role::Lead,
        };
        let report = import(tx, &order, policies, now)?;
        if let Some(error) = report.errors.first().filter(|_| !report.written) {
            return Err(DemoError::WrongRows {
                row: error.row,
                message: error.message.clone(),
            });
        }
        let assigned = plan_day(tx, (lead, office, agent), policies, now)?;
        let code = enrol_code()?;
        tx.add_enrol_code(
            &hash_token(&normal_code(&code)),
            agent,
            now + Duration::hours(CODE_HOURS),
        )?;
        Ok(Demo {
            people: people.iter().map(|(_, person)| person.clone()).collect(),
            enrol_code: code,
            import: report,
            assigned,
        })
    })
}

fn hash_passwords() -> Result<Vec<(PersonRow, DemoPerson)>, NoRandomness> {
    CAST.iter()
        .map(|cast| {
            let id = UserId(Uuid::now_v7());
            let row = PersonRow {
                id,
                name: cast.name.to_owned(),
                display_name: cast.display_name.to_owned(),
                role: cast.role,
                password_hash: hash_password(cast.password)?,
            };
            Ok((
                row,
                DemoPerson {
                    id,
                    name: cast.name,
                    password: cast.password,
                    role: cast.role,
                },
            ))
        })
        .collect()
}

/// Gives the agent a day, with one weapon flag, one moratorium and one rude welcome in it.
fn plan_day(
    tx: &Tx<'_>,
    (lead, office, agent): (UserId, UserId, UserId),
    policies: &Policies,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let limit = u32::try_from(STOPS).unwrap_or(u32::MAX);
    let cases = tx
        .list_cases(&CaseFilter {
            limit,
            ..CaseFilter::default()
        })?
        .cases;
    let day = |case: &Case| now.with_timezone(&case.address.zone).date_naive();
    for (place, case) in cases.iter().enumerate() {
        let today = day(case);
        let review_on = today + Duration::days(365);
        let flag = |flag, incident: &str| Change::RaiseFlag {
            flag,
            incident: incident.to_owned(),
            review_on,
        };
        let mut changes = Vec::new();
        match place {
            2 => changes.push(flag(
                FlagKind::WeaponInHome,
                "A crossbow was shown at the last visit (demo).",
            )),
            3 => changes.push(Change::RaiseStop {
                stop: StopKind::Moratorium,
                effective: now - Duration::days(3),
                until: Some(today + Duration::days(57)),
            }),
            4 => changes.push(flag(
                FlagKind::ThreatOrAggression,
                "Shouted at the agent in spring (demo).",
            )),
            _ => {}
        }
        let position = u16::try_from(place + 1).unwrap_or(u16::MAX);
        changes.push(Change::Assign {
            agent,
            day: today,
            position,
        });
        let by = |actor, role, change| OwnAction {
            actor,
            role,
            case: case.id,
            change,
            seen: None,
        };
        for change in changes {
            act(tx, by(lead, Role::Lead, change), policies, now)?;
        }
        // One is approved; the other waits in the inbox.
        let raised = tx
            .case(case.id)?
            .and_then(|case| case.flags.first().cloned());
        if let Some(flag) = raised.filter(|flag| flag.kind == FlagKind::WeaponInHome) {
            let (raise, review_on) = (flag.id, flag.review_on);
            let approve = Change::ReviewFlag { raise, review_on };
            act(tx, by(office, Role::BackOffice, approve), policies, now)?;
        }
    }
    Ok(cases.len())
}
