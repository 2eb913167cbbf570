//! Every key begins with the tenant and every statement names it, so that one schema serves many
//! companies, and spreads over a cluster.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join("crates/server").join(path)).unwrap()
}

fn migrations(of: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = root.join("crates/server/migrations").join(of);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let texts = files
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap());
    texts.collect()
}

fn tables(schema: &str) -> Vec<(String, String)> {
    schema
        .split("CREATE TABLE ")
        .skip(1)
        .map(|rest| {
            let (name, body) = rest.split_once(" (").unwrap();
            let key = body.split_once("PRIMARY KEY (").unwrap().1;
            (name.to_owned(), key.split_once(')').unwrap().0.to_owned())
        })
        .collect()
}

#[test]
fn every_key_begins_with_the_tenant_in_both_schemas() {
    let (sqlite, postgres) = (migrations("sqlite"), migrations("postgres"));
    assert_eq!(tables(&sqlite), tables(&postgres));
    for (table, key) in tables(&postgres) {
        assert!(key.starts_with("tenant"), "{table}: {key}");
        assert!(
            postgres.contains(&format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY")),
            "{table} has no row-level security"
        );
        let citus = read("migrations/citus.sql");
        assert!(
            citus.contains(&format!("create_distributed_table('{table}', 'tenant'")),
            "{table} is not spread"
        );
    }
    for schema in [&sqlite, &postgres] {
        for index in schema.split(" INDEX ").skip(1) {
            let columns = index.split_once(" (").unwrap().1;
            assert!(columns.starts_with("tenant"), "{columns}");
        }
    }
}

#[test]
fn every_statement_names_the_tenant() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("crates/server/src/store");
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        // What connects and migrates speaks of no tenant's rows.
        if path.ends_with("postgres.rs") || path.ends_with("sqlite.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let is_statement = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "]
                .iter()
                .any(|verb| literal.trim_start().starts_with(verb));
            if is_statement {
                seen += 1;
                let names_it = literal.contains("tenant = ?1")
                    || literal.contains(".tenant = ?1")
                    || literal.contains("(tenant,")
                    || literal.contains("{clause}");
                assert!(names_it, "{}: {literal}", path.display());
            }
        }
    }
    assert!(seen > 60, "only {seen} statements were found");
}
