//! People who sign in, and their sessions.

use super::sql::{Row, values};
use super::{Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{Role, UserId};

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

fn person(mut row: Row) -> Result<PersonRow> {
    Ok(PersonRow {
        id: row.parsed(0, "person id")?,
        name: row.text(1)?,
        display_name: row.text(2)?,
        role: serde_json::from_value(serde_json::Value::String(row.text(3)?))?,
        password_hash: row.text(4)?,
    })
}

impl Tx<'_> {
    /// Adds somebody; false where the name is taken.
    pub fn add_person(&self, person: &PersonRow) -> Result<bool> {
        let role = serde_json::to_value(person.role)?;
        let added = self.sql.execute(
            "INSERT INTO person (tenant, id, name, display_name, role, password_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, name) DO NOTHING",
            &values![
                self.tenant,
                person.id,
                &person.name,
                &person.display_name,
                role.as_str().unwrap_or_default(),
                &person.password_hash
            ],
        )?;
        Ok(added == 1)
    }

    /// Finds somebody by what they sign in with.
    pub fn person_by_name(&self, name: &str) -> Result<Option<PersonRow>> {
        let statement = format!("SELECT {COLUMNS} FROM person WHERE tenant = ?1 AND name = ?2");
        let found = self.sql.first(&statement, &values![self.tenant, name])?;
        found.map(person).transpose()
    }

    /// Finds somebody by id.
    pub fn person(&self, id: UserId) -> Result<Option<PersonRow>> {
        let statement = format!("SELECT {COLUMNS} FROM person WHERE tenant = ?1 AND id = ?2");
        let found = self.sql.first(&statement, &values![self.tenant, id])?;
        found.map(person).transpose()
    }

    /// Everybody, by name.
    pub fn people(&self) -> Result<Vec<PersonRow>> {
        let statement =
            format!("SELECT {COLUMNS} FROM person WHERE tenant = ?1 ORDER BY role, name");
        let found = self.sql.query(&statement, &values![self.tenant])?;
        found.into_iter().map(person).collect()
    }

    /// Opens a session until `expires_at`, and forgets those that ended.
    pub fn open_session(
        &self,
        token_hash: &str,
        person: UserId,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        self.sql.execute(
            "DELETE FROM session WHERE tenant = ?1 AND expires_at < ?2",
            &values![self.tenant, now],
        )?;
        self.sql.execute(
            "INSERT INTO session (tenant, token_hash, person, expires_at) VALUES (?1, ?2, ?3, ?4)",
            &values![self.tenant, token_hash, person, expires_at],
        )?;
        Ok(())
    }

    /// Whose session it is, and until when.
    pub fn session(&self, token_hash: &str) -> Result<Option<(PersonRow, DateTime<Utc>)>> {
        let found = self.sql.first(
            "SELECT person, expires_at FROM session WHERE tenant = ?1 AND token_hash = ?2",
            &values![self.tenant, token_hash],
        )?;
        let Some(mut row) = found else {
            return Ok(None);
        };
        let person = self.person(row.parsed(0, "person id")?)?;
        let expires_at = row.parsed(1, "session end")?;
        Ok(person.map(|person| (person, expires_at)))
    }

    /// Ends a session.
    pub fn close_session(&self, token_hash: &str) -> Result<()> {
        self.sql.execute(
            "DELETE FROM session WHERE tenant = ?1 AND token_hash = ?2",
            &values![self.tenant, token_hash],
        )?;
        Ok(())
    }
}
