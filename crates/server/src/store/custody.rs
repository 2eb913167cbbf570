//! The custody ledger: which device holds which case, since when, and when it was purged. Beside it
//! what a person must look at: forks kept aside, and cases that are newer on a device.

use super::sql::values;
use super::{Result, Tx};
use chrono::{DateTime, Utc};
use doorstep_domain::{CaseId, DeviceId, Revision};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::exchange::NewerCase;
use std::collections::BTreeMap;

/// Something of a forked device, kept whole.
#[derive(Debug)]
pub struct AsideRow {
    pub device: DeviceId,
    pub n: u64,
    pub reason: String,
    pub arrived_at: DateTime<Utc>,
}

impl Tx<'_> {
    /// Notes cases as sent to a device.
    pub fn note_sent(&self, device: DeviceId, cases: &[CaseId], now: DateTime<Utc>) -> Result<()> {
        for case in cases {
            self.sql.put(
                "INSERT INTO custody (tenant, device, case_id, sent_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, device, case_id) DO UPDATE
                     SET sent_at = excluded.sent_at, purged_at = '' WHERE custody.purged_at <> ''",
                &values![self.tenant, device, *case, now],
            )?;
        }
        Ok(())
    }

    /// Notes cases as purged by a device.
    pub fn note_purged(
        &self,
        device: DeviceId,
        cases: &[CaseId],
        now: DateTime<Utc>,
    ) -> Result<()> {
        for case in cases {
            self.sql.put(
                "UPDATE custody SET purged_at = ?4
                 WHERE tenant = ?1 AND device = ?2 AND case_id = ?3 AND purged_at = ''",
                &values![self.tenant, device, *case, now],
            )?;
        }
        Ok(())
    }

    /// How many cases each device was sent and has not said to have purged.
    pub fn count_in_custody(&self) -> Result<BTreeMap<DeviceId, u64>> {
        self.by_device(
            "SELECT device, count(*) FROM custody WHERE tenant = ?1 AND purged_at = ''
             GROUP BY device",
        )
    }

    /// How many envelopes of each device were kept aside.
    pub fn count_aside(&self) -> Result<BTreeMap<DeviceId, u64>> {
        self.by_device("SELECT device, count(*) FROM aside WHERE tenant = ?1 GROUP BY device")
    }

    /// How many cases each device has newer than this server.
    pub fn count_newer(&self) -> Result<BTreeMap<DeviceId, u64>> {
        self.by_device("SELECT device, count(*) FROM newer_case WHERE tenant = ?1 GROUP BY device")
    }

    fn by_device(&self, statement: &str) -> Result<BTreeMap<DeviceId, u64>> {
        let rows = self.sql.query(statement, &values![self.tenant])?;
        rows.into_iter()
            .map(|mut row| Ok((row.parsed(0, "device id")?, row.int(1)?)))
            .collect()
    }

    /// Keeps an envelope that contradicts what was taken before; false where it is kept already.
    pub fn put_aside(
        &self,
        device: DeviceId,
        envelope: &Envelope,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let added = self.sql.execute(
            "INSERT INTO aside (tenant, device, incarnation, n, link, envelope, reason, arrived_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (tenant, device, incarnation, n, link) DO NOTHING",
            &values![
                self.tenant,
                device,
                envelope.incarnation,
                envelope.n,
                String::from(envelope.link),
                serde_json::to_string(envelope)?,
                reason,
                now
            ],
        )?;
        Ok(added == 1)
    }

    /// What was kept aside, the newest first.
    pub fn aside(&self, limit: u32) -> Result<Vec<AsideRow>> {
        let rows = self.sql.query(
            "SELECT device, n, reason, arrived_at FROM aside WHERE tenant = ?1
             ORDER BY arrived_at DESC, n LIMIT ?2",
            &values![self.tenant, limit],
        )?;
        rows.into_iter()
            .map(|mut row| {
                Ok(AsideRow {
                    device: row.parsed(0, "device id")?,
                    n: row.int(1)?,
                    reason: row.text(2)?,
                    arrived_at: row.parsed(3, "arrival")?,
                })
            })
            .collect()
    }

    /// Notes cases that a device has at revisions which this server has lost.
    pub fn note_newer(
        &self,
        device: DeviceId,
        cases: &[NewerCase],
        now: DateTime<Utc>,
    ) -> Result<()> {
        for newer in cases {
            let Revision { epoch, number } = newer.revision;
            self.sql.put(
                "INSERT INTO newer_case (tenant, case_id, device, epoch, number, told_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (tenant, case_id, device) DO NOTHING",
                &values![self.tenant, newer.case, device, epoch, number, now],
            )?;
        }
        Ok(())
    }
}
