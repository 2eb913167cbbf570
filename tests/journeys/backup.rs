//! Backup and restore, for real: what a restored server lacks comes back from the devices.

use crate::work::stop;
use doorstep_domain::case::FactField;
use doorstep_protocol::alarm::AlarmKind;
use doorstep_server::backup::{self, BackupError};
use doorstep_server::import::Mapping;
use doorstep_server::{Store, Tenant, demo, policies};
use doorstep_testkit::cluster::Cluster;
use doorstep_tests::company::{Company, morning};
use std::process::Command;
use tokio::task::block_in_place;

#[tokio::test(flavor = "multi_thread")]
async fn scenario_23_a_server_restored_from_a_backup_gets_back_what_it_lacks() {
    let company = Company::start_in_a_file().await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    device.set_fact(id, FactField::Email, "before").unwrap();
    device.sync().await.unwrap();
    let folder = company.folder.path();
    let file = folder.join("last-night.db");
    let report = backup::backup(&company.store, &file, morning()).unwrap();
    let covered = &report.tenants[0];
    assert!(report.tenants.len() == 1 && covered.verdicts > 0 && covered.cases > 0);
    assert!(backup::backup(&company.store, &file, morning()).is_err());
    // The backup knows an older token than the device has by then.
    let own = device.profile().device;
    let lapsed = morning() - chrono::Duration::days(2);
    let lapse = company
        .store
        .write(|tx| tx.touch_device(own, morning(), lapsed));
    lapse.unwrap();
    device.set_fact(id, FactField::Phone, "after").unwrap();
    device.sync().await.unwrap();
    let restored = folder.join("restored/doorstep.db");
    std::fs::create_dir_all(restored.parent().unwrap()).unwrap();
    let report = backup::restore(&file, &restored, morning()).unwrap();
    let company = company.serve_instead(&restored).await.unwrap();
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert_ne!(case.fact(FactField::Phone), Some("after"));
    device.raise_alarm(AlarmKind::Panic, Some(id)).unwrap();
    assert_eq!(device.send_alarms().await.unwrap(), 0, "help comes first");
    assert_eq!(device.sync().await.unwrap().waiting, 0);
    let case = company.store.read(|tx| tx.case(id)).unwrap().unwrap();
    assert_eq!(case.fact(FactField::Phone), Some("after"));
    assert_eq!(case.fact(FactField::Email), Some("before"));
    assert_eq!(case.revision.epoch, report.new_epochs["main"]);
    let mut out = Vec::new();
    company
        .store
        .read(|tx| doorstep_server::export::export(tx, &mut out))
        .unwrap();
    let verified = doorstep_server::export::verify(out.as_slice()).unwrap();
    assert_eq!(verified.epochs, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn scenario_23_with_the_tools_of_postgresql() {
    let cluster = Cluster::start().unwrap();
    let url = cluster.database("company").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = block_in_place(|| Store::connect(&url, Tenant::default())).unwrap();
    let company = Company::start_on(store, folder).await.unwrap();
    let device = company.device().await.unwrap();
    let id = stop(&device, 0);
    device.set_fact(id, FactField::Email, "before").unwrap();
    device.sync().await.unwrap();
    let file = company.folder.path().join("last-night.dump");
    let report = block_in_place(|| backup::dump(&company.store, &url, &file, morning())).unwrap();
    assert!(report.tenants[0].verdicts > 0 && report.bytes > 10_000);
    device.set_fact(id, FactField::Phone, "after").unwrap();
    device.sync().await.unwrap();
    let again = cluster.database("again").unwrap();
    let restored = Command::new("pg_restore")
        .args(["--no-owner", "--exit-on-error", "--dbname", &again])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&restored.stderr);
    assert!(restored.status.success(), "{said}");
    let (store, epoch) = block_in_place(|| {
        let store = Store::connect(&again, Tenant::default()).unwrap();
        let epoch = backup::begin_epoch(&store, None, morning()).unwrap();
        (store, epoch)
    });
    let company = company.serve_store_instead(store).await.unwrap();
    let known = || {
        block_in_place(|| company.store.read(|tx| tx.case(id)))
            .unwrap()
            .unwrap()
    };
    assert_eq!(known().fact(FactField::Email), Some("before"));
    assert_ne!(known().fact(FactField::Phone), Some("after"));
    assert_eq!(device.sync().await.unwrap().waiting, 0);
    assert_eq!(known().fact(FactField::Phone), Some("after"));
    assert_eq!(known().revision.epoch, epoch);
}

#[test]
fn a_backup_of_several_companies_covers_and_restores_each_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let (file, copy) = (
        folder.path().join("doorstep.db"),
        folder.path().join("copy.db"),
    );
    let tenant = |name| Tenant::named(name).unwrap();
    let stores = ["acme", "zeal"].map(|name| Store::open(&file, tenant(name)).unwrap());
    for store in &stores {
        let mapping = Mapping::parse(demo::SAMPLE_MAPPING).unwrap();
        let policies = policies::shipped().unwrap().policies;
        demo::set_up(
            store,
            demo::SAMPLE_CSV.as_bytes(),
            &mapping,
            &policies,
            morning(),
        )
        .unwrap();
    }
    let report = backup::backup(&stores[0], &copy, morning()).unwrap();
    let names: Vec<_> = report
        .tenants
        .iter()
        .map(|tenant| tenant.tenant.as_str())
        .collect();
    assert_eq!(names, ["acme", "zeal"]);
    let lines = stores
        .each_ref()
        .map(|store| store.read(|tx| tx.line()).unwrap());
    assert!(lines.iter().all(|line| line.durable > 0), "{lines:?}");
    assert!(
        matches!(
            backup::restore(&copy, &file, morning()),
            Err(BackupError::InUse(_))
        ),
        "never under a running server"
    );
    drop(stores);
    let restored = backup::restore(&copy, &file, morning()).unwrap();
    for name in ["acme", "zeal"] {
        let store = Store::open(&file, tenant(name)).unwrap();
        let head = store.read(|tx| tx.head()).unwrap();
        assert_eq!(head.epoch, restored.new_epochs[name]);
        assert!(store.read(|tx| tx.count_cases()).unwrap() > 0);
    }
}
