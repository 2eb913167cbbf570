//! Who is asked on a rung of the ladder: by name, so that an alarm is somebody's.

use crate::store::{AlarmRow, DutyPlace, Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::watch::Rung;

/// Somebody to call, with their number where the rota has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Asked {
    pub name: String,
    pub phone: String,
}

/// Who is asked now: the agent, the colleague who went along, or whoever is on call. Beyond that, and
/// where nobody is on call, whoever is named last for the rung below; none where there is nobody.
pub fn asked(
    tx: &Tx<'_>,
    alarm: &AlarmRow,
    rung: Rung,
    now: DateTime<Utc>,
) -> Result<Option<Asked>> {
    let on_call = |place| {
        let duty = tx.on_duty(place, now)?;
        let Some(duty) = duty else {
            return Ok(None);
        };
        Ok::<_, crate::store::StoreError>(tx.person(duty.person)?.map(|person| Asked {
            name: person.display_name,
            phone: duty.phone,
        }))
    };
    let first = || on_call(DutyPlace::First);
    match rung {
        Rung::Agent => named(tx, Some(alarm.person)),
        Rung::Buddy => {
            let case = match alarm.alarm.case {
                Some(case) => tx.case(case)?,
                None => None,
            };
            let visit = case
                .as_ref()
                .and_then(|case| case.last_visit_of(alarm.person));
            named(tx, visit.and_then(|visit| visit.partner))
        }
        Rung::Lead => first(),
        Rung::BackupLead | Rung::Emergency | Rung::OnTheSpot => {
            Ok(on_call(DutyPlace::Backup)?.or(first()?))
        }
    }
}

fn named(tx: &Tx<'_>, person: Option<doorstep_domain::UserId>) -> Result<Option<Asked>> {
    let Some(person) = person else {
        return Ok(None);
    };
    Ok(tx.person(person)?.map(|person| Asked {
        name: person.display_name,
        phone: String::new(),
    }))
}
