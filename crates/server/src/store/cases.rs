//! Cases: stored whole, found by scope, by search and by what they wait for.

use super::{Result, StoreError, Tx, optional};
use doorstep_domain::{Case, CaseId, Revision, UserId};
use rusqlite::{Row, params};

/// Which cases a list asks for.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Words that must all be found in name, reference, street or town.
    pub search: String,
    pub agent: Option<UserId>,
    pub unassigned_only: bool,
    pub offset: u32,
    pub limit: u32,
}

/// A page of a list, with the number of all that match.
#[derive(Debug)]
pub struct CasePage {
    pub cases: Vec<Case>,
    pub total: u32,
}

fn document(row: &Row<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

fn read_all(docs: impl Iterator<Item = rusqlite::Result<String>>) -> Result<Vec<Case>> {
    docs.map(|doc| Ok(serde_json::from_str(&doc?)?)).collect()
}

/// What a search looks through.
fn search_text(case: &Case) -> String {
    [
        &case.person.name,
        &case.account.reference,
        &case.address.street,
        &case.address.town,
        &case.account.creditor,
    ]
    .map(|text| text.to_lowercase())
    .join("\n")
}

impl Tx<'_> {
    /// Reads one case.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        let doc = optional(
            self.tx
                .prepare_cached("SELECT doc FROM case_file WHERE tenant = ?1 AND id = ?2")?
                .query_row(params![self.tenant, id.to_string()], document),
        )?;
        Ok(doc.map(|doc| serde_json::from_str(&doc)).transpose()?)
    }

    /// Writes a case, and notes whose scope it left. `agent_before` had it until now.
    pub fn put_case(&self, case: &Case, agent_before: Option<UserId>) -> Result<()> {
        let agent = case.assignment.as_ref().map(|assignment| assignment.agent);
        if let Some(before) = agent_before.filter(|before| Some(*before) != agent) {
            self.tx.execute(
                "INSERT INTO departure (tenant, agent, case_id, number) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET number = excluded.number",
                params![
                    self.tenant,
                    before.to_string(),
                    case.id.to_string(),
                    case.revision.number
                ],
            )?;
        }
        let assignment = case.assignment.as_ref();
        let open_conflicts = case
            .conflicts
            .iter()
            .filter(|conflict| conflict.is_open())
            .count();
        self.tx
            .prepare_cached(
                "INSERT INTO case_file (tenant, id, number, agent, day, position, open_conflicts,
                     months_overdue, search, doc)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT DO UPDATE SET number = excluded.number, agent = excluded.agent,
                     day = excluded.day, position = excluded.position,
                     open_conflicts = excluded.open_conflicts,
                     months_overdue = excluded.months_overdue,
                     search = excluded.search, doc = excluded.doc",
            )?
            .execute(params![
                self.tenant,
                case.id.to_string(),
                case.revision.number,
                agent.map(|agent| agent.to_string()).unwrap_or_default(),
                assignment.map(|a| a.day.to_string()).unwrap_or_default(),
                assignment.map_or(0, |a| a.position),
                u32::try_from(open_conflicts).unwrap_or(u32::MAX),
                case.account.months_overdue,
                search_text(case),
                serde_json::to_string(case)?,
            ])?;
        Ok(())
    }

    /// The cases that `agent` has now and that changed after `number`, oldest change first.
    pub fn changed_cases(&self, agent: UserId, number: u64, limit: usize) -> Result<Vec<Case>> {
        let mut query = self.tx.prepare_cached(
            "SELECT doc FROM case_file WHERE tenant = ?1 AND agent = ?2 AND number > ?3
             ORDER BY number LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        read_all(query.query_map(
            params![self.tenant, agent.to_string(), number, limit],
            document,
        )?)
    }

    /// The cases that left the scope of `agent` in (`after`, `until`] and have not come back.
    pub fn departures(&self, agent: UserId, after: u64, until: u64) -> Result<Vec<CaseId>> {
        let mut query = self.tx.prepare_cached(
            "SELECT d.case_id FROM departure d
             JOIN case_file c ON c.tenant = d.tenant AND c.id = d.case_id
             WHERE d.tenant = ?1 AND d.agent = ?2 AND d.number > ?3 AND d.number <= ?4
               AND c.agent <> d.agent
             ORDER BY d.number",
        )?;
        let ids = query.query_map(
            params![self.tenant, agent.to_string(), after, until],
            |row| row.get::<_, String>(0),
        )?;
        ids.map(|id| id?.parse().map_err(|_| StoreError::Value("case id")))
            .collect()
    }

    /// A page of the cases that match, the most overdue first; assigned ones in route order.
    pub fn list_cases(&self, filter: &CaseFilter) -> Result<CasePage> {
        let words: Vec<String> = filter
            .search
            .to_lowercase()
            .split_whitespace()
            .take(8)
            .map(|word| {
                format!(
                    "%{}%",
                    word.replace('\\', "\\\\")
                        .replace('%', "\\%")
                        .replace('_', "\\_")
                )
            })
            .collect();
        let mut clause = String::from("tenant = ?1");
        let mut values: Vec<String> = vec![self.tenant.to_owned()];
        for word in words {
            values.push(word);
            clause.push_str(&format!(" AND search LIKE ?{} ESCAPE '\\'", values.len()));
        }
        if let Some(agent) = filter.agent {
            values.push(agent.to_string());
            clause.push_str(&format!(" AND agent = ?{}", values.len()));
        } else if filter.unassigned_only {
            clause.push_str(" AND agent = ''");
        }
        let total = self.tx.query_row(
            &format!("SELECT count(*) FROM case_file WHERE {clause}"),
            rusqlite::params_from_iter(&values),
            |row| row.get(0),
        )?;
        let mut query = self.tx.prepare(&format!(
            "SELECT doc FROM case_file WHERE {clause}
             ORDER BY agent = '', day, position, months_overdue DESC, id LIMIT {} OFFSET {}",
            filter.limit.min(500),
            filter.offset
        ))?;
        let cases = read_all(query.query_map(rusqlite::params_from_iter(&values), document)?)?;
        Ok(CasePage { cases, total })
    }

    /// All cases with an open conflict, the newest first.
    pub fn cases_in_conflict(&self) -> Result<Vec<Case>> {
        let mut query = self.tx.prepare_cached(
            "SELECT doc FROM case_file WHERE tenant = ?1 AND open_conflicts > 0
             ORDER BY number DESC",
        )?;
        read_all(query.query_map([self.tenant], document)?)
    }

    /// How many cases there are.
    pub fn count_cases(&self) -> Result<u32> {
        Ok(self.tx.query_row(
            "SELECT count(*) FROM case_file WHERE tenant = ?1",
            [self.tenant],
            |row| row.get(0),
        )?)
    }

    /// The next free place in the route of `agent` on `day`.
    pub fn next_position(&self, agent: UserId, day: &str) -> Result<u16> {
        Ok(self.tx.query_row(
            "SELECT coalesce(max(position), 0) + 1 FROM case_file
             WHERE tenant = ?1 AND agent = ?2 AND day = ?3",
            params![self.tenant, agent.to_string(), day],
            |row| row.get(0),
        )?)
    }

    /// Whether `revision` is of this server's history and not ahead of it.
    pub fn knows(&self, revision: Revision) -> Result<bool> {
        Ok(revision.is_covered_by(self.head()?) == Some(true))
    }
}

impl Tx<'_> {
    /// The hash of the account as it was last imported.
    pub fn imported_hash(&self, case: CaseId) -> Result<Option<String>> {
        optional(
            self.tx
                .prepare_cached("SELECT hash FROM imported_row WHERE tenant = ?1 AND case_id = ?2")?
                .query_row(params![self.tenant, case.to_string()], |row| row.get(0)),
        )
    }

    /// Notes the account as imported now.
    pub fn put_imported_hash(&self, case: CaseId, hash: &str) -> Result<()> {
        self.tx
            .prepare_cached(
                "INSERT INTO imported_row (tenant, case_id, hash) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET hash = excluded.hash",
            )?
            .execute(params![self.tenant, case.to_string(), hash])?;
        Ok(())
    }
}
