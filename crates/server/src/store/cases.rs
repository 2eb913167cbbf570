//! Cases: stored whole, found by scope, by search and by what they wait for.

use super::sql::{Row, Value, values};
use super::{Result, Tx};
use chrono::NaiveDate;
use doorstep_domain::safety::Flag;
use doorstep_domain::{Case, CaseId, Epoch, HouseholdId, Revision, UserId, VisitId};

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

/// A case of the feed, as it is stored.
#[derive(Debug)]
pub struct FeedRow {
    pub id: CaseId,
    pub number: u64,
    /// The case, as JSON text.
    pub doc: String,
}

fn read_case(mut row: Row) -> Result<Case> {
    Ok(serde_json::from_str(&row.text(0)?)?)
}

fn read_cases(rows: Vec<Row>) -> Result<Vec<Case>> {
    rows.into_iter().map(read_case).collect()
}

fn feed_row(mut row: Row) -> Result<FeedRow> {
    Ok(FeedRow {
        id: row.parsed(0, "case id")?,
        number: row.int(1)?,
        doc: row.text(2)?,
    })
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

/// From when a person should look at one of its flags, and the last day on which one speaks; both
/// empty where there is none.
fn look_span(case: &Case) -> (String, String) {
    let open = || case.flags.iter().filter(|flag| flag.is_open());
    let days = [
        open().map(Flag::look_on).min(),
        open().map(Flag::expires_on).max(),
    ];
    let [from, until] = days.map(|day| day.map(|day| day.to_string()).unwrap_or_default());
    (from, until)
}

impl Tx<'_> {
    /// Reads one case.
    pub fn case(&self, id: CaseId) -> Result<Option<Case>> {
        let found = self.sql.first(
            "SELECT doc FROM case_file WHERE tenant = ?1 AND id = ?2",
            &values![self.tenant, id],
        )?;
        found.map(read_case).transpose()
    }

    /// Writes a case, and notes whose scope it left. `agent_before` had it until now.
    pub fn put_case(&self, case: &Case, agent_before: Option<UserId>) -> Result<()> {
        let agent = case.assignment.as_ref().map(|assignment| assignment.agent);
        if let Some(before) = agent_before.filter(|before| Some(*before) != agent) {
            self.sql.put(
                "INSERT INTO departure (tenant, agent, case_id, number) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, agent, case_id) DO UPDATE SET number = excluded.number",
                &values![self.tenant, before, case.id, case.revision.number],
            )?;
        }
        let (look_on, look_until) = look_span(case);
        let assignment = case.assignment.as_ref();
        let is_open = |conflict: &&doorstep_domain::conflict::Conflict| conflict.is_open();
        let open_conflicts = case.conflicts.iter().filter(is_open).count();
        self.sql.put(
            "INSERT INTO case_file (tenant, id, number, epoch, agent, day, position,
                 open_conflicts, months_overdue, search, doc, look_on, look_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (tenant, id) DO UPDATE SET number = excluded.number,
                 epoch = excluded.epoch, agent = excluded.agent,
                 day = excluded.day, position = excluded.position,
                 open_conflicts = excluded.open_conflicts,
                 months_overdue = excluded.months_overdue,
                 search = excluded.search, doc = excluded.doc, look_on = excluded.look_on,
                 look_until = excluded.look_until",
            &values![
                self.tenant,
                case.id,
                case.revision.number,
                case.revision.epoch,
                agent.map(|agent| agent.to_string()).unwrap_or_default(),
                assignment.map(|a| a.day.to_string()).unwrap_or_default(),
                assignment.map_or(0, |a| a.position),
                u32::try_from(open_conflicts).unwrap_or(u32::MAX),
                case.account.months_overdue,
                search_text(case),
                serde_json::to_string(case)?,
                look_on,
                look_until,
            ],
        )?;
        Ok(())
    }

    /// The cases that `agent` has now and that changed after `number`, oldest change first.
    pub fn changed_cases(&self, agent: UserId, number: u64, limit: usize) -> Result<Vec<FeedRow>> {
        let rows = self.sql.query(
            "SELECT id, number, doc FROM case_file WHERE tenant = ?1 AND agent = ?2 AND number > ?3
             ORDER BY number LIMIT ?4",
            &values![self.tenant, agent, number, limit as u64],
        )?;
        rows.into_iter().map(feed_row).collect()
    }

    /// How many cases of `agent` changed after `number`, counted up to `limit`.
    pub fn count_changed(&self, agent: UserId, number: u64, limit: usize) -> Result<usize> {
        let counted = self.sql.count(
            "SELECT count(*) FROM (SELECT 1 AS one FROM case_file
             WHERE tenant = ?1 AND agent = ?2 AND number > ?3 LIMIT ?4) AS changed",
            &values![self.tenant, agent, number, limit as u64],
        )?;
        Ok(counted as usize)
    }

    /// The cases that `agent` has now, in the order of their ids, after `after`.
    pub fn cases_in_scope(
        &self,
        agent: UserId,
        after: Option<CaseId>,
        limit: usize,
    ) -> Result<Vec<FeedRow>> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.sql.query(
            "SELECT id, number, doc FROM case_file WHERE tenant = ?1 AND agent = ?2 AND id > ?3
             ORDER BY id LIMIT ?4",
            &values![self.tenant, agent, after, limit as u64],
        )?;
        rows.into_iter().map(feed_row).collect()
    }

    /// What `agent` has now, by id and revision, for a digest.
    pub fn scope(&self, agent: UserId) -> Result<Vec<(CaseId, Revision)>> {
        let rows = self.sql.query(
            "SELECT id, epoch, number FROM case_file WHERE tenant = ?1 AND agent = ?2 ORDER BY id",
            &values![self.tenant, agent],
        )?;
        rows.into_iter()
            .map(|mut row| {
                let revision = Revision {
                    epoch: Epoch(row.int(1)?),
                    number: row.int(2)?,
                };
                Ok((row.parsed(0, "case id")?, revision))
            })
            .collect()
    }

    /// The cases that left the scope of `agent` in (`after`, `until`] and have not come back.
    pub fn departures(&self, agent: UserId, after: u64, until: u64) -> Result<Vec<CaseId>> {
        let rows = self.sql.query(
            "SELECT d.case_id FROM departure d
             JOIN case_file c ON c.tenant = d.tenant AND c.id = d.case_id
             WHERE d.tenant = ?1 AND d.agent = ?2 AND d.number > ?3 AND d.number <= ?4
               AND c.agent <> d.agent
             ORDER BY d.number",
            &values![self.tenant, agent, after, until],
        )?;
        rows.into_iter()
            .map(|mut row| row.parsed(0, "case id"))
            .collect()
    }

    /// Whose scope changed in (`after`, `until`]: they have something to fetch.
    pub fn agents_with_news(&self, after: u64, until: u64) -> Result<Vec<UserId>> {
        let rows = self.sql.query(
            "SELECT agent FROM case_file
             WHERE tenant = ?1 AND number > ?2 AND number <= ?3 AND agent <> ''
             UNION SELECT agent FROM departure WHERE tenant = ?1 AND number > ?2 AND number <= ?3",
            &values![self.tenant, after, until],
        )?;
        rows.into_iter()
            .map(|mut row| row.parsed(0, "person id"))
            .collect()
    }

    /// A page of the cases that match, the most overdue first; assigned ones in route order.
    pub fn list_cases(&self, filter: &CaseFilter) -> Result<CasePage> {
        let escaped = |word: &str| {
            let plain = word.replace('\\', "\\\\").replace('%', "\\%");
            format!("%{}%", plain.replace('_', "\\_"))
        };
        let search = filter.search.to_lowercase();
        let mut clause = String::from("tenant = ?1");
        let mut values: Vec<Value> = vec![self.tenant.into()];
        for word in search.split_whitespace().take(8) {
            values.push(escaped(word).into());
            clause.push_str(&format!(" AND search LIKE ?{} ESCAPE '\\'", values.len()));
        }
        if let Some(agent) = filter.agent {
            values.push(agent.into());
            clause.push_str(&format!(" AND agent = ?{}", values.len()));
        } else if filter.unassigned_only {
            clause.push_str(" AND agent = ''");
        }
        let total = self.sql.count(
            &format!("SELECT count(*) FROM case_file WHERE {clause}"),
            &values,
        )?;
        let rows = self.sql.query(
            &format!(
                "SELECT doc FROM case_file WHERE {clause}
                 ORDER BY agent = '', day, position, months_overdue DESC, id LIMIT {} OFFSET {}",
                filter.limit.min(500),
                filter.offset
            ),
            &values,
        )?;
        Ok(CasePage {
            cases: read_cases(rows)?,
            total,
        })
    }

    /// All cases with an open conflict, the newest first.
    pub fn cases_in_conflict(&self) -> Result<Vec<Case>> {
        read_cases(self.sql.query(
            "SELECT doc FROM case_file WHERE tenant = ?1 AND open_conflicts > 0
             ORDER BY number DESC",
            &values![self.tenant],
        )?)
    }

    /// Cases with a flag that a person should look at by `day`, the longest waiting first. Some may
    /// have none any more: what expired meanwhile is only known to the case.
    pub fn cases_to_look_at(&self, day: NaiveDate, limit: u32) -> Result<Vec<Case>> {
        read_cases(self.sql.query(
            "SELECT doc FROM case_file WHERE tenant = ?1 AND look_on <> '' AND look_on <= ?2
             AND look_until >= ?2 ORDER BY look_on, id LIMIT ?3",
            &values![self.tenant, day.to_string(), limit],
        )?)
    }

    /// Every case after `after` in the order of their ids.
    pub fn cases_after(&self, after: Option<CaseId>, limit: u32) -> Result<Vec<Case>> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        read_cases(self.sql.query(
            "SELECT doc FROM case_file WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            &values![self.tenant, after, limit],
        )?)
    }

    /// How many cases there are.
    pub fn count_cases(&self) -> Result<u32> {
        self.sql.count(
            "SELECT count(*) FROM case_file WHERE tenant = ?1",
            &values![self.tenant],
        )
    }
}

impl Tx<'_> {
    /// Notes a visit that reached the door of a household.
    pub fn note_visit(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        visit: VisitId,
        case: CaseId,
    ) -> Result<()> {
        self.sql.put(
            "INSERT INTO household_visit (tenant, household, day, visit, case_id)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant, household, day, visit) DO NOTHING",
            &values![self.tenant, household, day, visit, case],
        )?;
        Ok(())
    }

    /// How many cases of the household other agents have on that day.
    pub fn permits_of_others(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        agent: UserId,
    ) -> Result<u32> {
        let row = self.sql.first(
            "SELECT count(*) FROM permit
             WHERE tenant = ?1 AND household = ?2 AND day = ?3 AND agent <> ?4",
            &values![self.tenant, household, day, agent],
        )?;
        row.map_or(Ok(0), |row| row.int(0))
    }

    /// Reserves the household's contact of a day for the agent of a case; frees what the case had.
    pub fn reserve(&self, case: &Case, day: NaiveDate, agent: UserId) -> Result<()> {
        self.sql.put(
            "INSERT INTO permit (tenant, case_id, household, day, agent) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (tenant, case_id) DO UPDATE
             SET household = excluded.household, day = excluded.day, agent = excluded.agent",
            &values![self.tenant, case.id, case.household, day, agent],
        )?;
        Ok(())
    }

    /// Frees what the case had reserved.
    pub fn release(&self, case: CaseId) -> Result<()> {
        self.sql.put(
            "DELETE FROM permit WHERE tenant = ?1 AND case_id = ?2",
            &values![self.tenant, case],
        )?;
        Ok(())
    }

    /// How many other visits reached the household on that day.
    pub fn household_visits(
        &self,
        household: HouseholdId,
        day: NaiveDate,
        besides: VisitId,
    ) -> Result<u32> {
        self.sql.count(
            "SELECT count(*) FROM household_visit
             WHERE tenant = ?1 AND household = ?2 AND day = ?3 AND visit <> ?4",
            &values![self.tenant, household, day, besides],
        )
    }

    /// The hash of the account as it was last imported.
    pub fn imported_hash(&self, case: CaseId) -> Result<Option<String>> {
        let found = self.sql.first(
            "SELECT hash FROM imported_row WHERE tenant = ?1 AND case_id = ?2",
            &values![self.tenant, case],
        )?;
        found.map(|mut row| row.text(0)).transpose()
    }

    /// Notes the account as imported now.
    pub fn put_imported_hash(&self, case: CaseId, hash: &str) -> Result<()> {
        self.sql.put(
            "INSERT INTO imported_row (tenant, case_id, hash) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant, case_id) DO UPDATE SET hash = excluded.hash",
            &values![self.tenant, case, hash],
        )?;
        Ok(())
    }
}
