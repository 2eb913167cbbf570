//! People who sign in, and their sessions.

use super::{Result, Tx, optional, parse};
use chrono::{DateTime, Utc};
use doorstep_domain::{Role, UserId};
use rusqlite::{Row, params};

/// Somebody who signs in.
#[derive(Debug, Clone)]
pub struct PersonRow {
    pub id: UserId,
    pub name: String,
    pub display_name: String,
    pub role: Role,
    pub password_hash: String,
}

const COLUMNS: &str = "id, name, display_name, role, password_hash";

type Columns = (String, String, String, String, String);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((
        row.get(0)?,
        row.get(1)?,
        row.get(2)?,
        row.get(3)?,
        row.get(4)?,
    ))
}

fn person((id, name, display_name, role, password_hash): Columns) -> Result<PersonRow> {
    Ok(PersonRow {
        id: parse(&id, "person id")?,
        name,
        display_name,
        role: serde_json::from_value(serde_json::Value::String(role))?,
        password_hash,
    })
}

impl Tx<'_> {
    /// Adds somebody; false where the name is taken.
    pub fn add_person(&self, person: &PersonRow) -> Result<bool> {
        let role = serde_json::to_value(person.role)?;
        let added = self.tx.execute(
            "INSERT INTO person (tenant, id, name, display_name, role, password_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, name) DO NOTHING",
            params![
                self.tenant,
                person.id.to_string(),
                person.name,
                person.display_name,
                role.as_str(),
                person.password_hash
            ],
        )?;
        Ok(added == 1)
    }

    /// Finds somebody by what they sign in with.
    pub fn person_by_name(&self, name: &str) -> Result<Option<PersonRow>> {
        let found = optional(self.tx.query_row(
            &format!("SELECT {COLUMNS} FROM person WHERE tenant = ?1 AND name = ?2"),
            params![self.tenant, name],
            columns,
        ))?;
        found.map(person).transpose()
    }

    /// Finds somebody by id.
    pub fn person(&self, id: UserId) -> Result<Option<PersonRow>> {
        let found = optional(self.tx.query_row(
            &format!("SELECT {COLUMNS} FROM person WHERE tenant = ?1 AND id = ?2"),
            params![self.tenant, id.to_string()],
            columns,
        ))?;
        found.map(person).transpose()
    }

    /// Everybody, by name.
    pub fn people(&self) -> Result<Vec<PersonRow>> {
        let mut query = self.tx.prepare(&format!(
            "SELECT {COLUMNS} FROM person WHERE tenant = ?1 ORDER BY role, name"
        ))?;
        query
            .query_map([self.tenant], columns)?
            .map(|row| person(row?))
            .collect()
    }

    /// Opens a session until `expires_at`, and forgets those that ended.
    pub fn open_session(
        &self,
        token_hash: &str,
        person: UserId,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        self.tx.execute(
            "DELETE FROM session WHERE tenant = ?1 AND expires_at < ?2",
            params![self.tenant, now.to_rfc3339()],
        )?;
        self.tx.execute(
            "INSERT INTO session (tenant, token_hash, person, expires_at) VALUES (?1, ?2, ?3, ?4)",
            params![
                self.tenant,
                token_hash,
                person.to_string(),
                expires_at.to_rfc3339()
            ],
        )?;
        Ok(())
    }

    /// Whose session it is, and until when.
    pub fn session(&self, token_hash: &str) -> Result<Option<(PersonRow, DateTime<Utc>)>> {
        let found = optional(self.tx.query_row(
            "SELECT person, expires_at FROM session WHERE tenant = ?1 AND token_hash = ?2",
            params![self.tenant, token_hash],
            |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
        ))?;
        let Some((id, expires_at)) = found else {
            return Ok(None);
        };
        let person = self.person(parse(&id, "person id")?)?;
        let expires_at = parse(&expires_at, "session end")?;
        Ok(person.map(|person| (person, expires_at)))
    }

    /// Ends a session.
    pub fn close_session(&self, token_hash: &str) -> Result<()> {
        self.tx.execute(
            "DELETE FROM session WHERE tenant = ?1 AND token_hash = ?2",
            params![self.tenant, token_hash],
        )?;
        Ok(())
    }
}
