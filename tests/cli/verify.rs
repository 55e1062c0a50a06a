//! `verify`, `baseline`, `catalog` and what of them `status`, `list` and `run` show.

use messenger_db::migrate::migrations;

use super::{at, names, on, own_server, state, versions};
use crate::support::{LockHolder, Run, TestDatabase, diesel, messenger_db};

#[test]
fn verify_says_that_a_database_is_what_it_should_be() {
    let database = TestDatabase::migrated();
    let run = on(&database, &["verify"]).exits(0);
    let newest = versions().pop().unwrap();
    assert_eq!(run.stdout, format!("The database is at {newest}, and is what it should be.\n"));
    assert_eq!(run.stderr, "");
    on(&at(names()[3]), &["verify"]).exits(0);
    let run = on(&TestDatabase::empty(), &["verify"]).exits(0);
    assert_eq!(run.stdout, "The database is without migrations, and is what it should be.\n");
}

#[test]
fn verify_shows_drift_as_a_diff_and_names_it_and_exits_with_4() {
    let database = TestDatabase::migrated();
    database.execute("DROP INDEX messages_replies_idx; ALTER TABLE users ADD age integer NOT NULL").unwrap();
    let run = on(&database, &["verify"]).exits(4);
    let lines: Vec<_> = run.stdout.lines().collect();
    let newest = versions().pop().unwrap();
    assert_eq!(lines[..2], [format!("--- version {newest}"), "+++ the database".to_owned()]);
    assert!(lines.iter().any(|line| line.starts_with("-table messages: index messages_replies_idx USING btree")));
    assert!(lines.contains(&"+table users: column age integer NOT NULL"), "{}", run.stdout);
    assert_eq!(
        lines[lines.len() - 3..],
        [
            "missing    table messages: index messages_replies_idx".to_owned(),
            "unexpected table users: column age".to_owned(),
            format!("The database is at {newest}, and is not what it should be: 2 differences."),
        ]
    );
}

#[test]
fn verify_in_json_names_every_difference() {
    let database = TestDatabase::migrated();
    let clean = on(&database, &["verify", "--json"]).exits(0).json();
    assert_eq!(
        (&clean["clean"], &clean["catalog"], &clean["diff"]),
        (&true.into(), &"equal".into(), &serde_json::Value::Null)
    );

    database.execute("ALTER TABLE message_edits ALTER version TYPE bigint").unwrap();
    let run = on(&database, &["verify", "--json"]).exits(4);
    assert_eq!(run.stderr, "");
    let drift = run.json();
    assert_eq!((&drift["clean"], &drift["catalog"]), (&false.into(), &"drift".into()));
    assert_eq!(drift["differences"].as_array().unwrap().len(), 1);
    let difference = &drift["differences"][0];
    assert_eq!((&difference["object"], &difference["part"]), (&"table message_edits".into(), &"column version".into()));
    assert_eq!((&difference["kind"], &drift["counts"]["broken"]), (&"broken".into(), &1.into()));
    assert_eq!(difference["expected"], "column version integer NOT NULL");
    assert_eq!(difference["found"], "column version bigint NOT NULL");
    assert!(drift["diff"].as_str().unwrap().contains("\n+table message_edits: column version bigint"));
}

#[test]
fn strict_looks_at_every_schema() {
    let database = TestDatabase::migrated();
    database.execute("CREATE SCHEMA zoo; CREATE TABLE zoo.pets ()").unwrap();
    on(&database, &["verify"]).exits(0);
    let run = on(&database, &["verify", "--strict"]).exits(4);
    assert!(run.stdout.contains("unexpected table zoo.pets\n"), "{}", run.stdout);
}

#[test]
fn verify_does_not_judge_what_it_does_not_know() {
    let database = TestDatabase::migrated();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231235959messenger')").unwrap();
    on(&database, &["verify"]).exits(6).complains("20991231235959").complains("the release that migrated it");

    let gap = TestDatabase::migrated();
    gap.execute(&format!("DELETE FROM __diesel_schema_migrations WHERE version = '{}'", versions()[3])).unwrap();
    on(&gap, &["verify"]).exits(4).complains(&format!("{} is not applied, and a later one is", versions()[3]));
    let json = Run::of(super::command(&gap, &["verify", "--json"]).stderr(std::process::Stdio::null())).exits(4).json();
    assert_eq!((&json["catalog"], &json["clean"]), (&"unknown".into(), &false.into()));
}

#[test]
fn an_edited_migration_is_shown_by_verify_status_and_list_and_refused_by_run() {
    let database = TestDatabase::migrated();
    let edited =
        migrations().unwrap().into_iter().find(|migration| migration.name.ends_with("create_contacts")).unwrap();
    let other = edited.up.replacen("CREATE TABLE contacts", "CREATE TABLE  contacts", 1);
    database
        .execute(&format!(
            "UPDATE messenger_db_ledger SET checksum = repeat('0', 64), up_sql = $up${other}$up$ WHERE version = '{}'",
            edited.version
        ))
        .unwrap();
    let verified = on(&database, &["verify"]).exits(4);
    assert!(verified.stdout.contains("\n-CREATE TABLE  contacts (\n+CREATE TABLE contacts (\n"), "{}", verified.stdout);
    assert!(verified.stdout.contains(&format!("edited     {}\n", edited.name)), "{}", verified.stdout);
    let json = on(&database, &["verify", "--json"]).exits(4).json();
    assert_eq!(json["edited"][0]["name"], edited.name);

    let status = on(&database, &["status"]).exits(0);
    assert!(status.stdout.contains(&format!("edited    1\n          {}\n", edited.name)), "{}", status.stdout);
    on(&database, &["status", "--exit-code"]).exits(4);
    let listed = on(&database, &["list"]).exits(0);
    assert!(listed.stdout.lines().any(|line| line.contains(edited.name) && line.ends_with("  edited since")));

    let before = state(&database);
    for arguments in [&["run"][..], &["run", "--to", names()[2]]] {
        on(&database, arguments).exits(4).complains(edited.name).complains("messenger-db verify");
    }
    on(&database, &["run", "--allow-drift"]).exits(0);
    assert_eq!(state(&database), before);

    let recorded = on(&database, &["baseline"]).exits(0);
    assert!(recorded.stdout.starts_with(&format!("recorded  {}\n", edited.name)), "{}", recorded.stdout);
    on(&database, &["run"]).exits(0);
    on(&database, &["verify"]).exits(0);
}

#[test]
fn run_refuses_drift_before_anything_is_done_and_shows_it() {
    let database = at(names()[5]);
    database.execute("DROP INDEX user_sessions_expires_idx").unwrap();
    let before = state(&database);
    let run = on(&database, &["run"])
        .exits(4)
        .complains("-table user_sessions: index user_sessions_expires_idx")
        .complains("missing    table user_sessions: index user_sessions_expires_idx")
        .complains("Nothing was changed.")
        .complains("--allow-drift");
    assert_eq!(run.stdout, "");
    assert_eq!(state(&database), before);
    let error = on(&database, &["run", "--json"]).exits(4).json_error();
    assert_eq!(error["exit_code"], 4);
    assert!(error["diff"].as_str().unwrap().contains("user_sessions_expires_idx"), "{error}");

    on(&database, &["run", "--allow-drift"]).exits(0).complains("1 difference; `messenger-db verify` shows more");
}

#[test]
fn revert_says_when_it_does_not_end_on_the_catalog_before() {
    let database = TestDatabase::migrated();
    database.execute("DROP INDEX user_sessions_expires_idx").unwrap();
    let run = on(&database, &["revert"])
        .exits(4)
        .complains("missing    table user_sessions")
        .complains("What was done stays");
    assert!(run.stdout.contains(names().last().unwrap()), "{}", run.stdout);
    assert_eq!(super::applied(&database).len(), names().len() - 1);
}

#[test]
fn status_counts_each_kind_in_its_screen() {
    let database = TestDatabase::migrated();
    let run = on(&database, &["status"]).exits(0);
    assert!(run.stdout.contains("\ndrift     none\n"), "{}", run.stdout);
    database.execute("CREATE TABLE pets (); ALTER TABLE messages SET (fillfactor = 50)").unwrap();
    let run = on(&database, &["status", "--exit-code"]).exits(0);
    assert!(run.stdout.contains("\ndrift     none\ntuned     1\nobjects   1 foreign object\n"), "{}", run.stdout);
    database.execute("ALTER TABLE messages ADD age integer NOT NULL").unwrap();
    let run = on(&database, &["status"]).exits(0);
    let drift = "\ndrift     1; `messenger-db verify` shows more\n          unexpected table messages: column age\n";
    assert!(run.stdout.contains(drift), "{}", run.stdout);
    on(&database, &["status", "--exit-code"]).exits(4);
    let json = on(&database, &["status", "--json"]).exits(0).json();
    assert_eq!(json["drift"][0]["part"], "column age");
    assert_eq!(json["drift_counts"]["foreign"], 1);

    for number in 0..20 {
        database.execute(&format!("ALTER TABLE messages ADD CONSTRAINT odd_{number} CHECK (true)")).unwrap();
    }
    let run = on(&database, &["status"]).exits(0);
    assert!(run.stdout.lines().count() <= 24, "{}", run.stdout);
}

#[test]
fn verify_shows_what_is_tuned_and_counts_what_is_foreign_and_both_are_fine() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "ALTER TABLE messages SET (autovacuum_vacuum_insert_scale_factor = 0.01);
             ALTER TABLE chat_heads SET (fillfactor = 100);
             CREATE INDEX saved_the_site ON messages (created_at);
             DO $$ BEGIN FOR n IN 1..1000 LOOP EXECUTE format('CREATE TYPE mood_%s AS (a integer)', n); END LOOP; END $$",
        )
        .unwrap();
    let run = on(&database, &["verify"]).exits(0);
    let version = versions().pop().unwrap();
    let tuned = [
        "tuned      table chat_heads: setting fillfactor = 100 (stated: 50)",
        "tuned      table messages: index saved_the_site USING btree (created_at)",
        "tuned      table messages: setting autovacuum_vacuum_insert_scale_factor = 0.01",
        "foreign    1000: type mood_1, type mood_10, type mood_100, type mood_1000, type mood_101, …",
        &format!("The database is at {version}, and is what it should be."),
    ];
    assert_eq!(run.stdout.lines().collect::<Vec<_>>(), tuned);
    let json = on(&database, &["verify", "--json"]).exits(0);
    assert!(json.stdout.len() < 20_000, "{} bytes", json.stdout.len());
    assert_eq!((&json.json()["clean"], &json.json()["counts"]["foreign"]), (&true.into(), &1000.into()));
    let strict = on(&database, &["verify", "--strict"]).exits(4);
    assert!(strict.stdout.contains("unexpected table messages: index saved_the_site\n"), "{}", strict.stdout);
    assert!(strict.stdout.len() < 60_000, "{} bytes", strict.stdout.len());
}

#[test]
fn while_a_migration_holds_a_table_status_goes_on_and_verify_says_so() {
    let database = TestDatabase::migrated();
    let _holder = LockHolder::of(&database, "LOCK TABLE users");
    let run = on(&database, &["status", "--lock-timeout", "50"]).exits(0);
    assert!(run.stdout.contains("\ndrift     not known: a table is held by process "), "{}", run.stdout);
    on(&database, &["verify", "--lock-timeout", "50"]).exits(5).complains("It is held by process ");
    on(&database, &["run", "--lock-timeout", "50"]).exits(0);
}

#[test]
fn list_says_by_what_each_migration_came_here() {
    let database = TestDatabase::empty();
    diesel(&database.url(), &["migration", "run"]).exits(0);
    on(&database, &["revert"]).exits(0);
    on(&database, &["run"]).exits(0);
    let run = on(&database, &["list"]).exits(0);
    let found = concat!("  by another tool, found by ", env!("CARGO_PKG_VERSION"));
    let applied = concat!(" ms  by ", env!("CARGO_PKG_VERSION"));
    let lines: Vec<_> = run.stdout.lines().skip(1).collect();
    assert!(lines[..lines.len() - 1].iter().all(|line| line.ends_with(found)), "{}", run.stdout);
    assert!(lines.last().unwrap().ends_with(applied), "{}", run.stdout);
    let json = on(&database, &["list", "--json"]).exits(0).json();
    assert_eq!(json["migrations"][0]["origin"], "found");
    assert_eq!(json["migrations"][names().len() - 1]["origin"], "run");
}

#[test]
fn baseline_records_the_version_and_run_goes_on_from_there() {
    let database = TestDatabase::empty();
    for migration in &migrations().unwrap()[..4] {
        database.execute(migration.up).unwrap();
    }
    on(&database, &["run"]).exits(4).complains("messenger-db baseline");
    let json = on(&database, &["baseline", "--json"]).exits(0).json();
    assert_eq!((&json["version"], json["recorded"].as_array().unwrap().len()), (&versions()[3].into(), 4));
    let again = on(&database, &["baseline"]).exits(0);
    assert_eq!(
        again.stdout,
        format!("The database is at {}, and all of it is recorded: nothing to do.\n", versions()[3])
    );
    on(&database, &["run"]).exits(0);
    on(&database, &["verify"]).exits(0);
}

#[test]
fn baseline_refuses_what_no_version_is() {
    let database = TestDatabase::empty();
    for migration in &migrations().unwrap()[..4] {
        database.execute(migration.up).unwrap();
    }
    database.execute("CREATE TABLE pets (); ALTER TABLE users ADD age integer NOT NULL").unwrap();
    on(&database, &["baseline"])
        .exits(4)
        .complains(&format!("the nearest is version {}, with 1 difference", versions()[3]))
        .complains("+table users: column age integer NOT NULL")
        .complains("Nothing was recorded.");
    let run = on(&TestDatabase::empty(), &["baseline"]).exits(0);
    assert!(run.stdout.contains("nothing to record; `messenger-db run` makes it"), "{}", run.stdout);
}

#[test]
fn catalog_prints_what_is_stored_beside_the_migrations() {
    let database = TestDatabase::migrated();
    let run = on(&database, &["catalog"]).exits(0);
    assert_eq!(run.stdout, migrations().unwrap().last().unwrap().catalog.unwrap());
    let json = on(&database, &["catalog", "--json"]).exits(0).json();
    assert_eq!(json["catalog"].as_array().unwrap().len(), run.stdout.lines().count());
}

/// A role that may read the tables of a schema, and nothing else.
fn reader(database: &TestDatabase, name: &str, grants: &str) -> String {
    database.execute(&format!("CREATE ROLE {name} LOGIN; {}", grants.replace("READER", name))).unwrap();
    super::url_of_role(database, name)
}

#[test]
fn a_role_that_may_only_read_looks_and_verifies() {
    let database = TestDatabase::empty_on(own_server());
    on(&database, &["run"]).exits(0);
    let url = reader(&database, "looks_on", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO READER");
    for command in ["status", "list", "pending", "verify", "catalog", "run"] {
        let run = Run::of(messenger_db(&[command]).env("DATABASE_URL", &url)).exits(0);
        assert_eq!(run.stderr, "", "{command}");
    }
    database.execute("ALTER TABLE messages DROP content").unwrap();
    Run::of(messenger_db(&["verify"]).env("DATABASE_URL", &url)).exits(4);
    for command in ["revert", "redo"] {
        Run::of(messenger_db(&[command]).env("DATABASE_URL", &url)).exits(8);
    }
}
