//! Who is in a runner's way, and who is not: the lock of somebody who may not migrate is passed over, and everybody else
//! is named.

use std::process::Stdio;
use std::sync::OnceLock;

use messenger_db::migrate::for_tests::Connection;

use super::{as_role, at, command, names, on, own_server, state, url_as};
use crate::support::{Run, Server, TestDatabase};

/// Everything that can be taken in advance.
const EVERY_LOCK: &str = "SELECT pg_advisory_lock(hashtextextended('messenger-db migrations', 0)),
    pg_advisory_lock(hashtextextended('messenger-db migrations, the session that works', 0)),
    pg_advisory_lock(hashtext('messenger-db migrations, a runner'), 1),
    pg_advisory_lock(hashtext('messenger-db migrations, a runner'), 2)";

/// A database with a role that may log in and read, and its session that holds every lock.
fn beset(database: &TestDatabase) -> (String, Connection) {
    let reader = format!("{}_reader", database.name());
    database
        .execute(&format!("CREATE ROLE {reader} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}"))
        .unwrap();
    let mut session = Connection::open(&url_as(database, &reader).parse().unwrap()).unwrap();
    session.execute(&format!("SET application_name = 'a reader'; {EVERY_LOCK}")).unwrap();
    (reader, session)
}

#[test]
fn who_may_not_migrate_keeps_no_command_waiting_and_is_named() {
    let database = TestDatabase::empty_on(own_server());
    on(&database, &["run", "--to", names()[5]]).exits(0);
    let (reader, session) = beset(&database);
    for arguments in [&["revert"][..], &["run", "--to", names()[4]], &["run"], &["redo"], &["baseline"], &["roles"]] {
        let run = on(&database, &[arguments, &["--lock-wait", "0"]].concat()).exits(0);
        if arguments != ["run", "--to", names()[4]] {
            let named = format!("process {} (\"a reader\", role {reader:?}), connected since ", session.backend_pid());
            run.complains(&named).complains(&format!("SELECT pg_terminate_backend({});", session.backend_pid()));
        }
    }
}

#[test]
fn twenty_runners_work_one_at_a_time_although_a_reader_holds_every_lock() {
    for begun in [false, true] {
        let database = TestDatabase::empty_on(own_server());
        if begun {
            on(&database, &["run", "--to", names()[0]]).exits(0);
        }
        let (_, _session) = beset(&database);
        let runners: Vec<_> = (0..20)
            .map(|_| {
                let mut command = command(&database, &["run", "--json"]);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let applied = |run: Run| run.exits(0).json()["steps"].as_array().unwrap().len();
        let applied: usize = runners.into_iter().map(|runner| applied(runner.wait_with_output().unwrap().into())).sum();
        assert_eq!(applied, names().len() - usize::from(begun));
        pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    }
}

#[test]
fn a_runner_whose_activity_is_hidden_is_named_by_every_command() {
    let database = TestDatabase::empty_on(own_server());
    let deploy = format!("{}_deploy", database.name());
    database.execute(&format!("CREATE ROLE {deploy} LOGIN CREATEROLE")).unwrap();
    database.execute(&format!("ALTER DATABASE {} OWNER TO {deploy}", database.name())).unwrap();
    as_role(&database, &deploy, &["run", "--to", names()[5]]).exits(0);
    // An older release, run by an administrator.
    let mut session = database.connect();
    session
        .execute(
            "SET application_name = 'an older release';
             SELECT pg_advisory_lock(hashtextextended('messenger-db migrations', 0))",
        )
        .unwrap();
    let named =
        format!("process {} (\"an older release\", role {:?}), since when", session.backend_pid(), session.user());
    let before = state(&database);
    for arguments in [
        &["run"][..],
        &["revert"],
        &["redo"],
        &["baseline"],
        &["roles"],
        &["roles", "--print"],
        &["distribute"],
        &["plan", "--rehearse"],
    ] {
        as_role(&database, &deploy, &[arguments, &["--lock-wait", "0"]].concat())
            .exits(5)
            .complains(&named)
            .complains(&format!("`SELECT pg_terminate_backend({});`", session.backend_pid()));
    }
    assert_eq!(state(&database), before);
    let plan = as_role(&database, &deploy, &["plan"]).exits(0).stdout;
    let block = plan.split("$plan$").nth(1).unwrap();
    let refused = database.execute(&format!("DO $plan${block}$plan$")).unwrap_err();
    assert!(refused.message.contains(&format!("process {} (\"an older release\"", session.backend_pid())), "{refused}");
}

#[test]
fn a_prepared_transaction_that_holds_the_lock_is_named_and_the_advice_ends_it() {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server =
        SERVER.get_or_init(|| Server::wanted(|builder| builder.throwaway().setting("max_prepared_transactions = 2")));
    let database = TestDatabase::empty_on(server);
    database
        .execute(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('messenger-db migrations', 0));
             PREPARE TRANSACTION 'it''s mine'",
        )
        .unwrap();
    let run =
        on(&database, &["run", "--lock-wait", "0"]).exits(5).complains("the prepared transaction \"it's mine\" (role ");
    let advice = "ROLLBACK PREPARED 'it''s mine';";
    assert!(run.stderr.contains(advice), "{}", run.stderr);
    database.execute(advice).unwrap();
    on(&database, &["run", "--to", "2026-11-22-100200"]).exits(0);

    database.execute("BEGIN; LOCK TABLE users; PREPARE TRANSACTION 'it''s mine'").unwrap();
    on(&database, &["run", "--lock-timeout", "300", "--lock-retries", "0"])
        .exits(5)
        .complains("it is held by the prepared transaction \"it's mine\" (role ")
        .complains("ROLLBACK PREPARED 'it''s mine'");
    database.execute(advice).unwrap();
}

#[test]
fn ten_thousand_versions_that_are_not_known_are_counted_and_the_first_few_named() {
    let database = at(names()[3]);
    database
        .execute("INSERT INTO __diesel_schema_migrations SELECT 30000000000000 + n || 'messenger' FROM generate_series(1, 10000) AS n")
        .unwrap();
    for command in ["run", "revert", "redo", "plan", "verify", "baseline", "status"] {
        let run = on(&database, &[command]);
        assert!(run.code != Some(0) || command == "status", "{run:?}");
        let printed = run.stdout.len() + run.stderr.len();
        assert!(printed < 4000, "{command} prints {printed} bytes");
    }
}
