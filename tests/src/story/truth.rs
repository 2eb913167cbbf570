//! What was entered on the screens against what the server's file holds in the end.
//!
//! The driver keeps its own list and reads the database by itself: nothing here asks the product
//! whether the product is right.

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The driver's own list of what it entered.
#[derive(Debug, Default)]
pub struct Entered {
    /// Case and kind of each action in the window, in order.
    pub actions: Vec<(String, String)>,
    /// The value that each fact must have in the end.
    pub facts: BTreeMap<(String, String), String>,
    pub outcomes: Vec<(String, String, String)>,
    /// The total, in minor units, that each case must have in the end.
    pub balances: BTreeMap<String, i64>,
    /// References of cases put on the route.
    pub routed: Vec<String>,
    pub cached: usize,
    pub visits: usize,
    pub plans: usize,
    pub conflicts_raised: usize,
    pub conflicts_settled: usize,
}

impl Entered {
    /// Something was done in the window.
    pub fn action(&mut self, case: &str, kind: &str) {
        self.actions.push((case.to_owned(), kind.to_owned()));
    }

    /// A fact must have this value in the end.
    pub fn fact(&mut self, case: &str, field: &str, value: &str) {
        self.facts
            .insert((case.to_owned(), field.to_owned()), value.to_owned());
    }

    /// A visit must have this outcome in the end.
    pub fn outcome(&mut self, case: &str, kind: &str, note: &str) {
        self.outcomes
            .push((case.to_owned(), kind.to_owned(), note.to_owned()));
    }
}

/// The day in figures.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub imported: u64,
    pub cached: usize,
    pub visits: usize,
    pub plans: usize,
    pub actions_saved: usize,
    pub actions_judged: usize,
    pub verdicts: BTreeMap<String, usize>,
    pub conflicts_raised: usize,
    pub conflicts_settled: usize,
    pub screenshots: usize,
    /// Everything that was entered and is not on the server as it was entered.
    pub lost: usize,
    /// What is lost, or differs, in words.
    pub differences: Vec<String>,
}

impl Summary {
    /// Nothing is lost and nothing differs.
    pub fn is_good(&self) -> bool {
        self.lost == 0 && self.differences.is_empty()
    }
}

/// Reads the server's file and compares.
pub fn compare(
    database: &Path,
    said: &Value,
    entered: &Entered,
    saved: usize,
    pictures: &Path,
) -> Result<Summary> {
    let server = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .with_context(|| format!("open `{}`", database.display()))?;
    let origin: String = server.query_row("SELECT device FROM origin", [], |row| row.get(0))?;
    let mut query = server
        .prepare("SELECT case_id, kind, ruling FROM journal WHERE device <> ?1 ORDER BY n")?;
    let judged = query
        .query_map([origin], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<(String, String, String)>>>()?;
    let case = |id: &str| -> Result<Value> {
        let doc: String = server
            .query_row("SELECT doc FROM case_file WHERE id = ?1", [id], |row| {
                row.get(0)
            })
            .with_context(|| "a case that was worked on is not on the server")?;
        Ok(serde_json::from_str(&doc)?)
    };

    let mut missing = Vec::new();
    let arrived: Vec<_> = judged
        .iter()
        .map(|(case, kind, _)| (case.clone(), kind.clone()))
        .collect();
    for (index, (case, kind)) in entered.actions.iter().enumerate() {
        if arrived.get(index) != Some(&(case.clone(), kind.clone())) {
            missing.push(format!(
                "action {} ({kind}) is not in its place in the server's journal",
                index + 1
            ));
        }
    }
    for ((id, field), value) in &entered.facts {
        if case(id)?["facts"][field]["value"] != **value {
            missing.push(format!(
                "the fact {field} is not as it was entered or settled"
            ));
        }
    }
    for (id, kind, note) in &entered.outcomes {
        let case = case(id)?;
        let visits = case["visits"].as_array().cloned().unwrap_or_default();
        if !visits
            .iter()
            .any(|visit| visit["outcome"]["kind"] == **kind && visit["outcome"]["note"] == **note)
        {
            missing.push("an outcome is not on the server as it was entered".to_owned());
        }
    }
    for (id, total) in &entered.balances {
        if case(id)?["balance"]["total"]["minor"] != *total {
            missing.push("a balance is not what the payment leaves".to_owned());
        }
    }
    for reference in &entered.routed {
        let assigned: bool = server.query_row(
            "SELECT count(*) > 0 FROM case_file WHERE agent <> '' AND json_extract(doc, '$.account.reference') = ?1",
            [reference],
            |row| row.get(0),
        )?;
        if !assigned {
            missing.push("a case that was put on the route is not assigned".to_owned());
        }
    }

    let mut conflicts = (0, 0);
    let mut plans = 0;
    let mut visits = 0;
    let worked_on: std::collections::BTreeSet<_> =
        entered.actions.iter().map(|(case, _)| case).collect();
    for id in worked_on {
        let case = case(id)?;
        let list = |name: &str| case[name].as_array().cloned().unwrap_or_default();
        conflicts.0 += list("conflicts").len();
        conflicts.1 += list("conflicts")
            .iter()
            .filter(|conflict| !conflict["settlement"].is_null())
            .count();
        plans += list("plans")
            .iter()
            .filter(|plan| plan["state"] == "active")
            .count();
        visits += list("visits")
            .iter()
            .filter(|visit| visit["state"] == "ended")
            .count();
    }

    let mut verdicts: BTreeMap<String, usize> = ["applied", "held", "refused"]
        .map(|kind| (kind.to_owned(), 0))
        .into();
    for (_, _, ruling) in &judged {
        *verdicts.entry(ruling.clone()).or_default() += 1;
    }
    let lost = missing.len();
    let mut differences = missing;
    let mut same = |what: &str, here: usize, there: usize| {
        if here != there {
            differences.push(format!("{what}: entered {here}, the server holds {there}"));
        }
    };
    same("actions", entered.actions.len(), judged.len());
    same("actions shown as saved", entered.actions.len(), saved);
    same("visits", entered.visits, visits);
    same("plans", entered.plans, plans);
    same("conflicts raised", entered.conflicts_raised, conflicts.0);
    same("conflicts settled", entered.conflicts_settled, conflicts.1);
    same(
        "cases on the device",
        said["assigned"].as_u64().unwrap_or_default() as usize,
        entered.cached,
    );
    Ok(Summary {
        imported: said["import"]["opened"].as_u64().unwrap_or_default(),
        cached: entered.cached,
        visits,
        plans,
        actions_saved: entered.actions.len(),
        actions_judged: judged.len(),
        verdicts,
        conflicts_raised: conflicts.0,
        conflicts_settled: conflicts.1,
        screenshots: crate::screen::pictures_in(pictures)?,
        lost,
        differences,
    })
}
