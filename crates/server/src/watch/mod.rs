//! The watch over visits: it runs from what was lodged, on the server's own clock, so that a tablet
//! that is lost, broken or switched off raises the alarm by its silence.

mod asked;
mod channel;

pub use asked::{Asked, asked};
pub use channel::{Channel, ChannelError, Message};

use crate::store::{AlarmStepRow, DeliveryRow, Result, StepKind, Store, Tx, WatchRow};
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::watch::{LADDER, Rung, due, rung};
use doorstep_domain::{Change, DeviceId, Ruling, UserId, VisitId};
use doorstep_protocol::alarm::{Alarm, AlarmKind};
use doorstep_protocol::envelope::Envelope;
use doorstep_protocol::verdict::SignedVerdict;
use futures_util::future::join_all;
use std::sync::Arc;
use uuid::Uuid;

/// So many alarms are raised in one transaction.
const RAISED_AT_ONCE: u32 = 500;
const DELIVERED_AT_ONCE: u32 = 50;
/// So many open alarms are held against the ladder at a time.
const CLIMBED_AT_ONCE: u32 = 500;
const RETRY_SECONDS_MAX: i64 = 60;
/// What no channel took in this time is history: it is in the console, and asks nobody to act.
const STALE_DAYS: i64 = 1;
/// So long a process has an alarm to itself while it sends it: longer than any channel takes. Should
/// it die meanwhile, another one sends it afterwards.
const CLAIMED_SECONDS: i64 = 15;
/// Who has just been heard from may be handing in a whole day, a piece at a time: what is overdue
/// by its first piece may be over by its last.
const CATCH_UP_SECONDS: i64 = 60;

/// Follows what a push said about visits: who is under way, and until when they may be silent. Only
/// what was judged at `now`: what is sent again says nothing new.
pub fn follow(
    tx: &Tx<'_>,
    device: DeviceId,
    envelopes: &[Envelope],
    verdicts: &[SignedVerdict],
    now: DateTime<Utc>,
) -> Result<()> {
    let fresh = |envelope: &&Envelope| {
        verdicts.iter().any(|signed| {
            let verdict = &signed.verdict;
            verdict.action == envelope.id
                && verdict.judged_at == now
                && verdict.ruling == Ruling::Applied
        })
    };
    // Most actions are about no visit; they need not be read once more.
    let visits = envelopes.iter().filter(|e| e.payload.contains("\"visit\""));
    for envelope in visits.filter(fresh) {
        let Ok(action) = envelope.open() else {
            continue;
        };
        let moves = matches!(
            action.change,
            Change::StartTravel { .. }
                | Change::Arrive { .. }
                | Change::CheckIn { .. }
                | Change::EndVisit { .. }
        );
        if let (true, Some(visit)) = (moves, action.change.visit()) {
            watch_visit(tx, device, action.actor, action.case, visit, now)?;
        }
    }
    Ok(())
}

fn watch_visit(
    tx: &Tx<'_>,
    device: DeviceId,
    agent: UserId,
    case: doorstep_domain::CaseId,
    id: VisitId,
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(of) = tx.case(case)? else {
        return Ok(());
    };
    let Some(visit) = of.visit(id) else {
        return Ok(());
    };
    match due(visit, now) {
        Some(due) => {
            let minutes = due.rhythm.interval_minutes + due.rhythm.grace_minutes;
            tx.watch(&WatchRow {
                visit: id,
                case,
                device,
                agent,
                due_at: due
                    .alarm_at()
                    .max(now + Duration::seconds(CATCH_UP_SECONDS)),
                rhythm_ms: i64::from(minutes) * 60_000,
            })
        }
        None => tx.end_watch(id),
    }
}

/// Keeps an alarm with its first step, and asks every channel to deliver it; false where it was
/// known.
pub fn raise(
    tx: &Tx<'_>,
    alarm: &Alarm,
    device: DeviceId,
    person: UserId,
    channels: &[Channel],
    now: DateTime<Utc>,
) -> Result<bool> {
    if !tx.put_alarm(device, person, alarm, now)? {
        return Ok(false);
    }
    match (alarm.kind, alarm.case) {
        (AlarmKind::CheckIn, Some(case)) => tx.heard_from(device, case, now)?,
        (AlarmKind::CheckIn, None) => {}
        _ => {
            tx.add_alarm_step(&AlarmStepRow {
                alarm: alarm.id,
                at: now,
                kind: StepKind::Raised,
                person: None,
                note: String::new(),
            })?;
            let first = rung(Duration::zero(), alarm.kind.is_cry());
            ask_channels(tx, alarm.id, first, channels, now)?;
        }
    }
    Ok(true)
}

/// One delivery a channel and rung.
fn ask_channels(
    tx: &Tx<'_>,
    alarm: Uuid,
    rung: Rung,
    channels: &[Channel],
    now: DateTime<Utc>,
) -> Result<()> {
    for channel in channels {
        tx.deliver(alarm, &format!("{} {}", channel.name(), name(rung)), now)?;
    }
    Ok(())
}

/// Raises what is overdue; says how many alarms that were. Whichever process is first raises it: the
/// alarm's id is made from the visit and the moment that it missed.
pub fn raise_overdue(store: &Store, channels: &[Channel], now: DateTime<Utc>) -> Result<u32> {
    if store.read(|tx| tx.overdue(now, 1))?.is_empty() {
        return Ok(0);
    }
    store.write(|tx| {
        tx.enter()?;
        let mut raised = 0;
        for row in tx.overdue(now, RAISED_AT_ONCE)? {
            let moment = row.due_at.timestamp_millis().to_be_bytes();
            let alarm = Alarm {
                id: Uuid::new_v5(&row.visit.0, &moment),
                kind: AlarmKind::Silent,
                case: Some(row.case),
                recorded_at: row.due_at.fixed_offset(),
            };
            if tx.note_silence(row.visit, alarm.id)?
                && raise(tx, &alarm, row.device, row.agent, channels, now)?
            {
                raised += 1;
                tracing::warn!(alarm = %alarm.id, device = %row.device, "a visit is silent");
            }
        }
        Ok(raised)
    })
}

/// Climbs the ladder for alarms that nobody has acknowledged: each rung is delivered once.
pub fn climb(store: &Store, channels: &[Channel], now: DateTime<Utc>) -> Result<()> {
    if channels.is_empty() {
        return Ok(());
    }
    let waiting = store.read(|tx| {
        let open = tx.open_alarms(CLIMBED_AT_ONCE)?;
        let mut waiting = Vec::new();
        for row in open {
            let steps = tx.alarm_steps(row.alarm.id)?;
            if !steps.iter().any(|step| step.kind == StepKind::Acknowledged) {
                waiting.push((row.alarm.id, row.alarm.kind, row.arrived_at));
            }
        }
        Ok::<_, crate::store::StoreError>(waiting)
    })?;
    if waiting.is_empty() {
        return Ok(());
    }
    store.write(|tx| {
        for (id, kind, since) in waiting {
            let reached = rung(now - since, kind.is_cry());
            let first = rung(Duration::zero(), kind.is_cry());
            for (_, passed) in LADDER {
                if (first..=reached).contains(&passed) {
                    ask_channels(tx, id, passed, channels, now)?;
                }
            }
        }
        Ok(())
    })
}

/// Delivers what waits, at least once: a channel may get an alarm twice, each time with its id. A
/// channel that answers slowly holds up no other.
pub async fn deliver(store: &Arc<Store>, channels: &[Channel], now: DateTime<Utc>) -> Result<()> {
    let all = channels.iter().map(|channel| send_by(store, channel, now));
    let done = join_all(all).await;
    done.into_iter().collect()
}

async fn send_by(store: &Arc<Store>, channel: &Channel, now: DateTime<Utc>) -> Result<()> {
    let (name, since) = (channel.name().to_owned(), now - Duration::days(STALE_DAYS));
    let waiting = store.read_aside(move |tx| tx.deliveries(&name, (since, now), DELIVERED_AT_ONCE));
    for row in waiting.await? {
        let (claimed, until) = (row.clone(), now + Duration::seconds(CLAIMED_SECONDS));
        let claim = store.write_aside(move |tx| tx.claim_delivery(&claimed, now, until));
        if !claim.await? {
            // Another process is at it.
            continue;
        }
        let of = row.clone();
        let message = store.read_aside(move |tx| message(tx, &of, now)).await?;
        let sent = match message {
            Some(message) => channel.send(&message).await,
            None => Ok(()),
        };
        if let Err(error) = &sent {
            tracing::warn!(alarm = %row.alarm, channel = channel.name(), %error, "an alarm was not delivered");
        }
        let is_sent = sent.is_ok();
        let noted = store.write_aside(move |tx| note_delivery(tx, &row, is_sent, now));
        noted.await?;
    }
    Ok(())
}

fn note_delivery(tx: &Tx<'_>, row: &DeliveryRow, is_sent: bool, now: DateTime<Utc>) -> Result<()> {
    if !is_sent {
        let seconds = (1_i64 << row.attempts.min(6)).min(RETRY_SECONDS_MAX);
        return tx.not_delivered(row, now + Duration::seconds(seconds));
    }
    tx.delivered(row, now)?;
    tx.add_alarm_step(&AlarmStepRow {
        alarm: row.alarm,
        at: now,
        kind: StepKind::Delivered,
        person: None,
        note: row.channel.clone(),
    })
}

fn message(tx: &Tx<'_>, row: &DeliveryRow, now: DateTime<Utc>) -> Result<Option<Message>> {
    let (_, rung) = row.channel.split_once(' ').unwrap_or_default();
    let Some(known) = tx.alarm(row.alarm)? else {
        return Ok(None);
    };
    let person = tx.person(known.person)?;
    let mut rungs = LADDER.iter().map(|(_, rung)| *rung);
    let asked = match rungs.find(|of| name(*of) == rung) {
        Some(rung) => asked(tx, &known, rung, now)?,
        None => None,
    };
    Ok(Some(Message {
        asked,
        alarm: known.alarm.id,
        kind: known.alarm.kind,
        rung: rung.to_owned(),
        agent: person.map(|person| person.display_name).unwrap_or_default(),
        case: known.alarm.case,
        raised_at: known.arrived_at,
    }))
}

fn name(rung: Rung) -> &'static str {
    match rung {
        Rung::Agent => "agent",
        Rung::Buddy => "buddy",
        Rung::Lead => "lead",
        Rung::BackupLead => "backup_lead",
        Rung::Emergency => "emergency",
        Rung::OnTheSpot => "on_the_spot",
    }
}
