//! The watch, over both stores: silence raises one alarm, and nothing but a person ends it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use crate::store::Stores;
use chrono::{DateTime, Duration, Utc};
use doorstep_domain::{CaseId, DeviceId, VisitId};
use doorstep_protocol::alarm::{Alarm, AlarmKind};
use doorstep_server::Store;
use doorstep_server::store::{AlarmStepRow, StepKind, StoreError, WatchRow};
use doorstep_server::watch::{Channel, climb, raise, raise_overdue};
use doorstep_testkit::build::{agent, morning};
use std::collections::BTreeSet;
use std::sync::Barrier;
use uuid::Uuid;

fn row(number: u128, due_at: DateTime<Utc>) -> WatchRow {
    WatchRow {
        visit: VisitId(Uuid::from_u128(0x7151_7000 + number)),
        case: CaseId(Uuid::from_u128(0xca5e_0000)),
        device: DeviceId(Uuid::from_u128(1)),
        agent: agent(),
        due_at,
        rhythm_ms: 20 * 60_000,
    }
}

fn watch(store: &Store, row: &WatchRow) {
    store.write(|tx| tx.watch(row)).unwrap();
}

fn open(store: &Store) -> Vec<Uuid> {
    let open = store.read(|tx| tx.open_alarms(100)).unwrap();
    open.into_iter().map(|row| row.alarm.id).collect()
}

#[test]
fn silence_raises_one_alarm_however_many_processes_look() {
    for (name, store) in Stores::new("silence").open("main") {
        watch(&store, &row(1, morning()));
        watch(&store, &row(2, morning() + Duration::minutes(5)));
        assert_eq!(
            raise_overdue(&store, &[], morning() - Duration::seconds(1)).unwrap(),
            0
        );
        let raised = std::thread::scope(|scope| {
            let look = || raise_overdue(&store, &[], morning()).unwrap();
            let both = [scope.spawn(look), scope.spawn(look)];
            both.map(|one| one.join().unwrap()).iter().sum::<u32>()
        });
        assert_eq!(raised, 1, "{name}");
        let alarms = store.read(|tx| tx.alarms(10)).unwrap();
        assert_eq!(alarms.len(), 1, "{name}");
        assert_eq!(alarms[0].alarm.kind, AlarmKind::Silent);
        assert_eq!(alarms[0].person, agent());
        // What is sent again moves what is due, and ends no alarm.
        watch(&store, &row(1, morning() + Duration::minutes(20)));
        assert_eq!(open(&store).len(), 1, "{name}");
        let late = morning() + Duration::hours(1);
        assert_eq!(
            raise_overdue(&store, &[], late).unwrap(),
            1,
            "the other one"
        );
    }
}

#[test]
fn what_several_do_about_one_alarm_at_once_is_all_on_record() {
    for (name, store) in Stores::new("at_once").open("main") {
        watch(&store, &row(1, morning()));
        raise_overdue(&store, &[], morning()).unwrap();
        let alarm = open(&store)[0];
        let step = |number: usize| AlarmStepRow {
            alarm,
            at: morning(),
            kind: StepKind::Acknowledged,
            person: Some(agent()),
            note: number.to_string(),
        };
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (store, start, step) = (&store, &start, step(number));
                scope.spawn(move || {
                    start.wait();
                    let done = store.write(|tx| {
                        tx.add_alarm_step(&step)?;
                        // Long enough for the others to be in the middle of it too.
                        std::thread::sleep(std::time::Duration::from_millis(30));
                        tx.heard_from(
                            DeviceId(Uuid::from_u128(1)),
                            row(1, morning()).case,
                            morning(),
                        )
                    });
                    done.unwrap();
                });
            }
        });
        let steps = store.read(|tx| tx.alarm_steps(alarm)).unwrap();
        let notes: BTreeSet<_> = steps.iter().map(|step| step.note.as_str()).collect();
        // Each of them, and that it was raised.
        assert_eq!((steps.len(), notes.len()), (9, 9), "{name}");
    }
}

#[test]
fn a_visit_that_ends_is_watched_no_more_and_its_alarm_stays() {
    for (name, store) in Stores::new("ended").open("main") {
        let visit = row(1, morning());
        watch(&store, &visit);
        raise_overdue(&store, &[], morning()).unwrap();
        store.write(|tx| tx.end_watch(visit.visit)).unwrap();
        assert_eq!(open(&store).len(), 1, "{name}");
        assert!(!store.read(|tx| tx.is_watched(visit.visit)).unwrap());
    }
}

#[test]
fn after_somebody_spoke_to_them_the_visit_is_watched_again() {
    for (name, store) in Stores::new("again").open("main") {
        watch(&store, &row(1, morning()));
        raise_overdue(&store, &[], morning()).unwrap();
        let alarm = open(&store)[0];
        let now = morning() + Duration::minutes(4);
        store.write(|tx| tx.watch_again(alarm, now)).unwrap();
        let soon = now + Duration::minutes(19);
        assert_eq!(raise_overdue(&store, &[], soon).unwrap(), 0, "{name}");
        let late = now + Duration::minutes(20);
        assert_eq!(raise_overdue(&store, &[], late).unwrap(), 1, "{name}");
    }
}

#[test]
fn a_sign_of_life_beside_the_queue_counts() {
    for (name, store) in Stores::new("sign").open("main") {
        let visit = row(1, morning());
        watch(&store, &visit);
        let alarm = Alarm {
            id: Uuid::from_u128(9),
            kind: AlarmKind::CheckIn,
            case: Some(visit.case),
            recorded_at: morning().fixed_offset(),
        };
        let heard = |tx: &doorstep_server::store::Tx<'_>| {
            raise(tx, &alarm, visit.device, visit.agent, &[], morning())
        };
        assert!(store.write(heard).unwrap(), "{name}");
        assert!(!store.write(heard).unwrap(), "the same one again");
        let before = morning() + Duration::minutes(19);
        assert_eq!(raise_overdue(&store, &[], before).unwrap(), 0, "{name}");
        assert!(open(&store).is_empty(), "nobody has to look at it");
        let after = morning() + Duration::minutes(20);
        assert_eq!(raise_overdue(&store, &[], after).unwrap(), 1, "{name}");
    }
}

#[test]
fn the_ladder_is_climbed_until_somebody_answers() {
    let channels = [Channel::webhook(1, "http://127.0.0.1:9/").unwrap()];
    for (name, store) in Stores::new("ladder").open("main") {
        watch(&store, &row(1, morning()));
        raise_overdue(&store, &channels, morning()).unwrap();
        let asked = |until| {
            let span = (morning(), until);
            let rows = store.read(|tx| tx.deliveries("webhook-1", span, 100));
            let rows = rows.unwrap();
            let mut asked: Vec<_> = rows.into_iter().map(|row| row.channel).collect();
            asked.sort();
            asked
        };
        assert_eq!(asked(morning()), ["webhook-1 agent"], "{name}");
        let others = |tx: &doorstep_server::store::Tx<'_>| {
            tx.deliveries("webhook-10", (morning(), morning()), 100)
        };
        assert!(store.read(others).unwrap().is_empty(), "{name}");
        let rows = store.read(|tx| tx.deliveries("webhook-1", (morning(), morning()), 1));
        let waiting = rows.unwrap().remove(0);
        let minute = Duration::minutes(1);
        for (at, is_first) in [
            (morning(), true),
            (morning(), false),
            (morning() + minute, true),
        ] {
            let claimed = store.write(|tx| tx.claim_delivery(&waiting, at, at + minute));
            assert_eq!(claimed.unwrap(), is_first, "{name}");
        }
        let later = morning() + Duration::minutes(5);
        climb(&store, &channels, later).unwrap();
        climb(&store, &channels, later).unwrap();
        assert_eq!(
            asked(later),
            ["webhook-1 agent", "webhook-1 buddy", "webhook-1 lead"],
            "{name}"
        );
        let alarm = open(&store)[0];
        let step = |kind| doorstep_server::store::AlarmStepRow {
            alarm,
            at: later,
            kind,
            person: Some(agent()),
            note: "called twice".into(),
        };
        store
            .write(|tx| tx.add_alarm_step(&step(StepKind::Acknowledged)))
            .unwrap();
        climb(&store, &channels, later + Duration::hours(1)).unwrap();
        assert_eq!(
            asked(later).len(),
            3,
            "{name}: somebody is looking after it"
        );
        let steps = store.read(|tx| tx.alarm_steps(alarm)).unwrap();
        assert_eq!(steps.len(), 2, "{name}");
        store
            .write(|tx| {
                tx.add_alarm_step(&step(StepKind::Closed))?;
                Ok::<_, StoreError>(())
            })
            .unwrap();
        assert!(open(&store).is_empty(), "{name}");
    }
}
