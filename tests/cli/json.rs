//! `--json`: one object on standard output, or one on standard error, and nothing beside it.

use super::{at, names, on, versions};
use crate::support::{Run, StateFolder, TestDatabase, messenger_db};

/// The object that a command prints; nothing else is printed.
fn object(database: &TestDatabase, arguments: &[&str], code: i32) -> serde_json::Value {
    let run = on(database, &[arguments, &["--json"]].concat()).exits(code);
    assert_eq!(run.stderr, "");
    run.json()
}

#[test]
fn run_revert_and_redo_say_what_they_did_step_by_step() {
    let database = TestDatabase::empty();
    let run = object(&database, &["run"], 0);
    assert_eq!((&run["command"], &run["database"]), (&"run".into(), &database.name().into()));
    assert_eq!(run["version"], *versions().last().unwrap());
    let steps = run["steps"].as_array().unwrap();
    assert_eq!(steps.iter().map(|step| step["name"].as_str().unwrap()).collect::<Vec<_>>(), names());
    assert_eq!(steps.iter().map(|step| step["version"].as_str().unwrap()).collect::<Vec<_>>(), versions());
    assert!(steps.iter().all(|step| step["direction"] == "up" && step["seconds"].as_f64().unwrap() > 0.0));

    let redo = object(&database, &["redo"], 0);
    let directions: Vec<_> = redo["steps"].as_array().unwrap().iter().map(|step| &step["direction"]).collect();
    assert_eq!((&redo["command"], directions), (&"redo".into(), vec![&"down".into(), &"up".into()]));

    let revert = object(&database, &["revert", "--all"], 0);
    assert_eq!((&revert["command"], &revert["version"]), (&"revert".into(), &serde_json::Value::Null));
    assert_eq!(revert["steps"].as_array().unwrap().len(), names().len());
}

#[test]
fn nothing_to_do_is_an_object_without_steps() {
    let run = object(&TestDatabase::migrated(), &["run"], 0);
    assert_eq!((&run["steps"], &run["version"]), (&serde_json::json!([]), &(*versions().last().unwrap()).into()));
}

#[test]
fn list_gives_every_migration_with_the_time_it_was_applied_at() {
    let database = at(names()[0]);
    database
        .execute(
            "UPDATE __diesel_schema_migrations SET run_on = '2026-01-02 03:04:05';
             INSERT INTO __diesel_schema_migrations VALUES ('99messenger', '2026-01-02 03:04:06')",
        )
        .unwrap();
    let list = object(&database, &["list"], 0);
    let migrations = list["migrations"].as_array().unwrap();
    assert_eq!(migrations.len(), names().len() + 1);
    assert_eq!(
        migrations[0],
        serde_json::json!({
            "name": names()[0], "version": versions()[0], "owner": "messenger-db", "applied_at": "2026-01-02T03:04:05Z",
            "seconds": null, "origin": null, "applied_by": null, "binary_version": null,
        })
    );
    assert_eq!(migrations[1]["applied_at"], serde_json::Value::Null);
    assert_eq!(
        migrations[names().len()],
        serde_json::json!({
            "name": null, "version": "99messenger", "owner": "messenger-db", "applied_at": "2026-01-02T03:04:06Z",
            "seconds": null, "origin": null, "applied_by": null, "binary_version": null,
        })
    );
}

#[test]
fn pending_and_status_give_the_names() {
    let database = at(names()[3]);
    let pending = object(&database, &["pending"], 3);
    assert_eq!(pending["pending"], serde_json::json!(names()[4..]));

    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99messenger')").unwrap();
    let status = object(&database, &["status"], 0);
    assert_eq!((&status["database"], &status["applied"]), (&database.name().into(), &5.into()));
    assert_eq!(status["pending"], serde_json::json!(names()[4..]));
    assert_eq!(status["ahead"], serde_json::json!(["99messenger"]));
    assert_eq!(status["server"]["version"], database.value("SHOW server_version"));
    assert_eq!(status["user"], database.value("SELECT current_user"));
    object(&database, &["status", "--exit-code"], 6);
}

#[test]
fn every_local_command_prints_one_object() {
    let folder = StateFolder::new();
    let object = |arguments: &[&str]| {
        let run = Run::of(folder.messenger_db(&["local"]).args(arguments).arg("--json")).exits(0);
        assert_eq!(run.stderr, "", "{arguments:?}");
        run.json()
    };
    assert_eq!(object(&["status"])["state"], "none");
    assert_eq!(object(&["start"])["state"], "running");
    let status = object(&["status"]);
    assert_eq!((&status["state"], &status["url"]), (&"running".into(), &object(&["url"])["url"]));
    assert!(status["pid"].is_u64() && status["version"].is_u64() && status["since_unix"].is_u64(), "{status}");
    assert_eq!(status["folder"], folder.path().to_str().unwrap());
    assert_eq!(object(&["stop"])["stopped"], true);
    assert_eq!(object(&["status"])["state"], "stopped");
    assert_eq!(object(&["destroy", "--yes"])["destroyed"], true);
    assert_eq!(object(&["destroy", "--yes"])["destroyed"], false);
}

#[test]
fn an_error_is_one_object_on_standard_error_with_the_exit_code_in_it() {
    let ahead = at(names()[0]);
    ahead.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99messenger')").unwrap();
    for (database, arguments, code) in [
        (&ahead, &["run"][..], 6),
        (&ahead, &["revert"], 6),
        (&ahead, &["run", "--to", "nonsense"], 2),
        (&ahead, &["run", "--database-url", ""], 2),
        (&ahead, &["run", "--database-url", "postgresql://127.0.0.1:1/chat"], 7),
    ] {
        let run = on(database, &[arguments, &["--json"]].concat()).exits(code);
        assert_eq!(run.stdout, "", "{arguments:?}");
        let error = run.json_error();
        assert_eq!(error["exit_code"], code, "{arguments:?}");
        assert!(!error["message"].as_str().unwrap().is_empty() && !error["help"].as_str().unwrap().is_empty());
    }
}

#[test]
fn without_any_server_to_be_had_the_error_is_an_object_too() {
    let error = Run::of(&mut messenger_db(&["run", "--json"])).exits(7).json_error();
    assert_eq!(error["exit_code"], 7);
    let nowhere = &["status", "--json", "--database-url", "postgresql://127.0.0.1:1/x"];
    let error = Run::of(&mut messenger_db(nowhere)).exits(7).json_error();
    assert_eq!(error["sqlstate"], serde_json::Value::Null, "{error}");
    let error = Run::of(&mut messenger_db(&["local", "start", "--json"])).exits(1).json_error();
    assert_eq!(error["exit_code"], 1);
}
