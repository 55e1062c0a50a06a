//! Another language of the server's messages changes no decision: nothing is decided by their text.

use std::sync::OnceLock;

use super::{as_role, names, on, own_server};
use crate::support::{LockHolder, TestDatabase, speaks_german};

/// A database whose server speaks German in it, and a role of it that may log in. `None`: the server cannot.
fn german() -> Option<(TestDatabase, String)> {
    static SPEAKS: OnceLock<bool> = OnceLock::new();
    if !SPEAKS.get_or_init(|| speaks_german(&mut own_server().connect())) {
        return None;
    }
    let database = TestDatabase::empty_on(own_server());
    let role = format!("{}_fremd", database.name());
    database
        .execute(&format!(
            "ALTER DATABASE {} SET lc_messages = 'de_DE.UTF-8'; CREATE ROLE {role} LOGIN",
            database.name()
        ))
        .unwrap();
    Some((database, role))
}

#[test]
fn run_status_verify_and_backup_do_the_same_in_german() {
    let Some((database, role)) = german() else { return };
    let lock = LockHolder::of_type(&database, "contact_status");
    on(&database, &["run", "--lock-timeout", "50ms", "--lock-retries", "1"])
        .exits(5)
        .complains("tried 2 times")
        .complains(&format!("held by process {} (", lock.pid()));
    drop(lock);
    on(&database, &["status", "--exit-code"]).exits(3);
    on(&database, &["run"]).exits(0);
    on(&database, &["run"]).exits(0);
    on(&database, &["verify"]).exits(0);
    on(&database, &["status", "--exit-code"]).exits(0);
    on(&database, &["redo", "--all"]).exits(0);

    as_role(&database, &role, &["verify"]).exits(8).complains("keine Berechtigung");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    if super::backup::has_pg_dump(&database) {
        on(&database, &["backup", &file("whole")]).exits(0);
        // It may read what is written about the migrations, and not what pg_dump reads.
        let grant = format!("GRANT SELECT ON __diesel_schema_migrations, messenger_db_ledger TO {role}");
        database.execute(&grant).unwrap();
        as_role(&database, &role, &["backup", &file("none")]).exits(8).complains("GRANT pg_read_all_data");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    database.execute("DROP VIEW unread_counts").unwrap();
    on(&database, &["verify"]).exits(4);
}

#[test]
fn what_is_there_already_and_what_is_missing_is_told_apart_in_german() {
    let Some((database, _)) = german() else { return };
    on(&database, &["run", "--to", names()[3]]).exits(0);
    database.execute("CREATE DOMAIN contact_status AS text").unwrap();
    on(&database, &["run", "--allow-drift"]).exits(1).complains("SQLSTATE 42710").complains("messenger-db baseline");
}
