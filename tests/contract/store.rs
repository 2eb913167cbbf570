//! What a store must do, whichever database is behind it.

#![allow(clippy::unwrap_used, reason = "a test may")]

use chrono::{DateTime, Utc};
use doorstep_domain::case::FactField;
use doorstep_domain::{CaseId, Change, DeviceId, Role, Ruling, UserId};
use doorstep_server::feed::{self, Reader, Scope};
use doorstep_server::intake::{OwnAction, TakenIn, act};
use doorstep_server::log::Log;
use doorstep_server::store::{
    CaseFilter, DeviceState, EnrolmentError, NewDevice, PackRow, PersonRow, StoreError,
};
use doorstep_server::{Store, Tenant, export, policies};
use doorstep_testkit::build::{lead, morning, opening};
use doorstep_testkit::cluster::Cluster;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// A store of each kind, fresh.
pub struct Stores {
    folder: tempfile::TempDir,
    url: String,
}

pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start().unwrap())
}

impl Stores {
    pub fn new(name: &str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            url: cluster().database(name).unwrap(),
        }
    }

    pub fn open(&self, tenant: &str) -> [(&'static str, Store); 2] {
        let tenant = || Tenant::named(tenant).unwrap();
        let file = self.folder.path().join("server.db");
        [
            ("sqlite", Store::open(&file, tenant()).unwrap()),
            ("postgres", Store::connect(&self.url, tenant()).unwrap()),
        ]
    }
}

fn case(number: u128) -> CaseId {
    CaseId(Uuid::from_u128(0xca5e_0000 + number))
}

fn agent() -> UserId {
    doorstep_testkit::build::agent()
}

fn does(store: &Store, case: CaseId, change: Change, now: DateTime<Utc>) -> Ruling {
    let shipped = policies::shipped().unwrap();
    store
        .write(|tx| {
            let own = OwnAction {
                actor: lead(),
                role: Role::Lead,
                case,
                change,
                seen: None,
            };
            act(tx, own, &shipped.policies, now)
        })
        .unwrap()
        .ruling
}

pub fn open_case(store: &Store, number: u128) {
    let facts = Box::new(opening());
    assert_eq!(
        does(store, case(number), Change::OpenCase { facts }, morning()),
        Ruling::Applied
    );
    let assign = Change::Assign {
        agent: agent(),
        day: morning().date_naive(),
        position: 1,
    };
    assert_eq!(
        does(store, case(number), assign, morning()),
        Ruling::Applied
    );
}

pub fn ask(
    store: &Store,
    cursor: Option<doorstep_domain::Revision>,
    page: usize,
) -> doorstep_protocol::exchange::SyncResponse {
    ask_knowing(store, cursor, page, None)
}

/// Asks where somebody looked at the scope `before`.
fn ask_knowing(
    store: &Store,
    cursor: Option<doorstep_domain::Revision>,
    page: usize,
    before: Option<&Scope>,
) -> doorstep_protocol::exchange::SyncResponse {
    let reader = Reader {
        device: DeviceId(Uuid::from_u128(1)),
        person: agent(),
        state: DeviceState::Active,
        page_cases: page,
    };
    let request = doorstep_protocol::exchange::SyncRequest {
        protocol: 1,
        incarnation: doorstep_domain::Incarnation(Uuid::nil()),
        cursor,
        policies: None,
        outbox: Vec::new(),
        purged: Vec::new(),
        repair: None,
        newer: Vec::new(),
    };
    let shipped = policies::shipped().unwrap();
    store
        .read(|tx| {
            feed::answer(
                tx,
                reader,
                before,
                &request,
                TakenIn::default(),
                &shipped,
                morning(),
            )
        })
        .unwrap()
        .response
}

#[test]
fn a_pack_is_kept_with_every_version_and_the_newest_counts() {
    for (name, store) in Stores::new("packs").open("main") {
        let pack = |version, text: &str| PackRow {
            id: "north".to_owned(),
            version,
            text: text.to_owned(),
            signature: "signed".to_owned(),
            at: morning(),
        };
        let publish = |row: PackRow| store.write(|tx| tx.publish_pack(&row));
        publish(pack(9, "nine")).unwrap();
        publish(pack(10, "ten")).unwrap();
        assert!(publish(pack(10, "again")).is_err(), "{name}");
        let known = store.read(|tx| tx.published_packs()).unwrap();
        assert_eq!(known.len(), 1, "{name}");
        assert_eq!((known[0].version, known[0].text.as_str()), (10, "ten"));
        let count = store.read(|tx| tx.count_published_packs()).unwrap();
        assert_eq!(count, 2, "{name}");
    }
}

#[test]
fn people_devices_and_codes() {
    for (name, store) in Stores::new("people").open("main") {
        let person = PersonRow {
            id: agent(),
            name: "robin".into(),
            display_name: "Robin Sample".into(),
            role: Role::Agent,
            password_hash: "x".into(),
        };
        let added = store
            .write(|tx| Ok::<_, StoreError>((tx.add_person(&person)?, tx.add_person(&person)?)));
        assert_eq!(added.unwrap(), (true, false), "{name}");
        let device = NewDevice {
            id: DeviceId(Uuid::from_u128(7)),
            public_key: "key",
            token_hash: "token",
            token_expires_at: morning(),
        };
        store
            .write(|tx| tx.add_enrol_code("code", agent(), morning()))
            .unwrap();
        let enrol = || {
            store
                .write(|tx| tx.enrol("code", &device, morning()))
                .unwrap()
        };
        assert_eq!(enrol(), Ok(agent()), "{name}");
        assert_eq!(enrol(), Err(EnrolmentError::Used(agent())), "{name}");
        let known = store
            .read(|tx| tx.device_by_token("token"))
            .unwrap()
            .unwrap();
        assert_eq!((known.id, known.state), (device.id, DeviceState::Active));
    }
}

#[test]
fn the_feed_pages_leaves_and_digests_alike() {
    let stores = Stores::new("feed");
    let mut said = Vec::new();
    for (name, store) in stores.open("main") {
        for number in 0..5 {
            open_case(&store, number);
        }
        let first = ask(&store, None, 3);
        assert_eq!((first.cases.len(), first.more), (3, true), "{name}");
        let second = ask(&store, Some(first.cursor), 3);
        assert_eq!((second.cases.len(), second.more), (2, false), "{name}");
        assert_eq!(
            does(&store, case(0), Change::Unassign, morning()),
            Ruling::Applied
        );
        let third = ask(&store, Some(second.cursor), 3);
        assert_eq!(
            (third.cases.len(), third.left),
            (0, vec![case(0)]),
            "{name}"
        );
        // Far behind: the snapshot, in the order of the ids.
        assert!(ask(&store, None, 0).snapshot, "{name}");
        let frame = store
            .read(|tx| feed::frame(tx, agent(), Some(case(2))))
            .unwrap()
            .unwrap();
        assert_eq!(frame.ids, [case(3), case(4)], "{name}");
        said.push(
            store
                .read(|tx| {
                    tx.list_cases(&CaseFilter {
                        search: "robin S-1".into(),
                        limit: 10,
                        ..CaseFilter::default()
                    })
                })
                .unwrap()
                .total,
        );
    }
    assert_eq!(said, [5, 5]);
}

#[test]
fn a_digest_is_the_same_whenever_the_scope_was_looked_at() {
    let stores = Stores::new("scope");
    for (name, store) in stores.open("main") {
        let mut looks = Vec::new();
        let mut look = || {
            let head = store.read(|tx| tx.head()).unwrap();
            let scope = store.read(|tx| Scope::read(tx, agent())).unwrap();
            looks.push((head, scope));
        };
        look();
        for number in 0..4 {
            open_case(&store, number);
            look();
        }
        let note = Change::AddNote {
            text: "Nobody opened.".into(),
        };
        for (number, change) in [(0, Change::Unassign), (1, note), (2, Change::Unassign)] {
            does(&store, case(number), change, morning());
            look();
        }
        // One that has left comes back.
        let assign = Change::Assign {
            agent: agent(),
            day: morning().date_naive(),
            position: 1,
        };
        does(&store, case(0), assign, morning());
        look();
        let plain = ask(&store, None, 10).digest;
        assert!(plain.is_some(), "{name}");
        let cursors = looks.iter().map(|(head, _)| Some(*head));
        for cursor in cursors.chain([None]) {
            for (_, scope) in &looks {
                let said = ask_knowing(&store, cursor, 10, Some(scope)).digest;
                assert_eq!(said, plain, "{name}");
            }
        }
    }
}

#[test]
fn an_error_leaves_no_trace() {
    for (name, store) in Stores::new("atomic").open("main") {
        open_case(&store, 1);
        let before = store.read(|tx| tx.head()).unwrap();
        let failed: Result<(), StoreError> = store.write(|tx| {
            tx.advance(true)?;
            Err(StoreError::Value("on purpose"))
        });
        assert!(failed.is_err());
        assert_eq!(store.read(|tx| tx.head()).unwrap(), before, "{name}");
        // A part that fails leaves the rest.
        store
            .write(|tx| {
                let part: Result<(), StoreError> = tx.apart(|| {
                    tx.advance(true)?;
                    Err(StoreError::Value("on purpose"))
                });
                assert!(part.is_err());
                tx.advance(true)
            })
            .unwrap();
        let after = store.read(|tx| tx.head()).unwrap();
        assert_eq!(after.number, before.number + 1, "{name}");
    }
}

#[test]
fn another_tenant_sees_nothing() {
    let stores = Stores::new("tenants");
    for (_, store) in stores.open("one") {
        open_case(&store, 1);
    }
    for (name, store) in stores.open("two") {
        let seen = store
            .read(|tx| Ok::<_, StoreError>((tx.case(case(1))?, tx.count_cases()?)))
            .unwrap();
        assert_eq!(seen, (None, 0), "{name}");
    }
    // Also where a statement forgets to ask for its tenant.
    let url = stores.url.replace("postgres://", "");
    let seen = std::process::Command::new("psql")
        .args(["-qAt", &format!("postgres://{url}"), "-c"])
        .arg("BEGIN; SET LOCAL doorstep.tenant = 'two'; SELECT count(*) FROM case_file; SET LOCAL doorstep.tenant = 'one'; SELECT count(*) FROM case_file; COMMIT")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&seen.stdout), "0\n1\n");
}

#[test]
fn the_log_verifies_without_a_database_and_a_changed_byte_shows() {
    for (name, store) in Stores::new("log").open("main") {
        let log = Log::default();
        for number in 0..4 {
            open_case(&store, number);
        }
        let early = store.write(|tx| log.publish(tx, morning())).unwrap();
        does(
            &store,
            case(1),
            Change::SetFact {
                field: FactField::Phone,
                old: None,
                new: "07700 900009".into(),
            },
            morning(),
        );
        let (consistency, head) = store
            .write(|tx| {
                let head = log.publish(tx, morning())?;
                let kept = log.consistency(tx, early.size, head.clone())?.unwrap();
                Ok::<_, StoreError>((kept, head))
            })
            .unwrap();
        assert_eq!((early.size, head.size), (8, 9), "{name}");
        assert!(!consistency.proof.is_empty());

        let mut out = Vec::new();
        store.read(|tx| export::export(tx, &mut out)).unwrap();
        let report = export::verify(out.as_slice()).unwrap();
        assert_eq!(
            (report.leaves, report.actions, report.heads),
            (9, 9, 2),
            "{name}"
        );

        let text = String::from_utf8(out).unwrap();
        for (old, new) in [
            ("07700 900009", "07700 900008"),
            (
                "\\\"ruling\\\":\\\"applied\\\"",
                "\\\"ruling\\\":\\\"refused\\\"",
            ),
        ] {
            assert!(text.contains(old), "{name}: {old}");
            let forged = text.replacen(old, new, 1);
            assert!(export::verify(forged.as_bytes()).is_err(), "{name}: {old}");
        }
        // A line that is cut out, and an end that is missing.
        let without: String = text
            .lines()
            .filter(|line| !line.contains("\"leaf\":3"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(export::verify(without.as_bytes()).is_err());
        let cut = text.rsplit_once("{\"end\"").unwrap().0;
        assert!(export::verify(cut.as_bytes()).is_err());
    }
}

#[test]
fn whoever_asks_from_an_async_task_is_answered() {
    for (name, store) in Stores::new("tasks").open("main") {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let asked = async move {
            let here = store.read(|tx| tx.count_cases());
            let aside = Arc::new(store).read_aside(|tx| tx.count_cases()).await;
            (here.unwrap(), aside.unwrap())
        };
        let (here, aside) = runtime.block_on(runtime.spawn(asked)).unwrap();
        assert_eq!((here, aside), (0, 0), "{name}");
    }
}
