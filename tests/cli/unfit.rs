//! Databases that cannot become a messenger's as they are: refused before anything is done, with the way out.

use super::on;
use crate::support::{LockHolder, Run, Running, Server, TestDatabase, messenger_db};

fn schemas_with_tables(database: &TestDatabase) -> Vec<String> {
    database.column(
        "SELECT DISTINCT relnamespace::regnamespace::text FROM pg_class
         WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT LIKE ALL ('{pg\\_%,information_schema}') ORDER BY 1",
    )
}

/// Sets it for every connection to the database that comes after.
fn set_search_path(database: &TestDatabase, path: &str) {
    database.execute(&format!("ALTER DATABASE {} SET search_path = {path}", database.name())).unwrap();
}

#[test]
fn a_messenger_is_not_split_over_two_schemas() {
    let database = TestDatabase::empty();
    on(&database, &["run", "--to", "20261122100500"]).exits(0);
    database.execute("CREATE SCHEMA tenant").unwrap();
    set_search_path(&database, "tenant, public");
    for command in ["run", "revert", "redo", "status", "list", "pending"] {
        on(&database, &[command]).exits(2).complains("was migrated in the schema public").complains("search_path");
    }
    assert_eq!(schemas_with_tables(&database), ["public"]);
}

#[test]
fn a_messenger_in_a_schema_off_the_path_is_noticed_and_a_second_one_is_made_only_when_that_is_said() {
    let database = TestDatabase::empty();
    database.execute("CREATE EXTENSION pg_trgm; CREATE SCHEMA app; CREATE SCHEMA tenant").unwrap();
    set_search_path(&database, "app, public");
    on(&database, &["run"]).exits(0);
    for path in ["public", "tenant, public"] {
        set_search_path(&database, path);
        for command in ["run", "verify", "revert", "redo", "status", "list", "pending", "plan", "baseline"] {
            on(&database, &[command]).exits(2).complains("was migrated in the schema app");
        }
    }
    assert_eq!(schemas_with_tables(&database), ["app"]);
    let help = on(&database, &["run"]).exits(2).stderr;
    let statement = help.split_once("CREATE TABLE").unwrap().1.split_once(';').unwrap().0;
    let words: Vec<_> = statement.split_whitespace().collect();
    database.execute(&format!("CREATE TABLE {}", words.join(" "))).unwrap();
    on(&database, &["run"]).exits(0);
    on(&database, &["verify"]).exits(0);
    assert_eq!(schemas_with_tables(&database), ["app", "tenant"]);
    set_search_path(&database, "app, public");
    on(&database, &["verify"]).exits(0);
}

#[test]
fn a_messenger_lives_in_whatever_schema_things_are_created_in() {
    let database = TestDatabase::empty();
    database.execute("CREATE SCHEMA \"odd Name\"").unwrap();
    set_search_path(&database, "\"odd Name\"");
    on(&database, &["run"]).exits(0);
    on(&database, &["redo", "--all"]).exits(0);
    assert_eq!(schemas_with_tables(&database), ["\"odd Name\""]);
    on(&database, &["revert", "--all"]).exits(0);
}

#[test]
fn a_search_path_without_a_schema_says_what_is_missing() {
    let database = TestDatabase::empty();
    set_search_path(&database, "nowhere");
    for command in ["run", "verify", "status", "list", "pending", "revert", "redo", "plan", "baseline", "catalog"] {
        on(&database, &[command]).exits(1).complains("\"nowhere\" leads to no schema").complains("CREATE SCHEMA");
    }
    for path in ["pg_catalog", "pg_temp", "pg_temp, public", "information_schema, public"] {
        set_search_path(&database, path);
        for command in ["run", "verify", "status", "revert"] {
            let said = on(&database, &[command]).exits(1).complains("leads to no schema to create tables in");
            assert!(
                !said.stderr.contains("CREATE SCHEMA \"pg_") && !said.stderr.contains("ON SCHEMA"),
                "{}",
                said.stderr
            );
        }
    }
    set_search_path(&database, "\"app, public\"");
    on(&database, &["run"])
        .exits(1)
        .complains("SET search_path = app, public;  -- so far it is one name: \"app, public\"");
    set_search_path(&database, r#""""$user"", My Schema, ""a """"b"", public""#);
    on(&database, &["run"]).exits(1).complains(r#"SET search_path = "$user", "My Schema", "a ""b", public;"#);
}

#[test]
fn what_a_neighbour_has_named_as_the_servers_own_is_not_taken_for_it() {
    let database = TestDatabase::empty();
    set_search_path(&database, "public, pg_catalog");
    database
        .execute(
            "CREATE TABLE public.pg_class (x integer); CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1';
             CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$SELECT 'infinity'::timestamptz$$",
        )
        .unwrap();
    for command in ["run", "verify", "status", "redo", "plan"] {
        let done = on(&database, &[command]).exits(0);
        assert!(!done.stderr.contains("LC_CTYPE"), "{}", done.stderr);
    }
    set_search_path(&database, "pg_catalog, public");
    on(&database, &["verify"]).exits(0);
}

#[test]
fn what_a_role_may_not_see_is_not_taken_for_what_is_not_there() {
    let database = TestDatabase::empty_on(super::own_server());
    on(&database, &["run"]).exits(0);
    database.execute("CREATE ROLE sees_nothing LOGIN; REVOKE USAGE ON SCHEMA public FROM public").unwrap();
    let url = super::url_of_role(&database, "sees_nothing");
    let as_role = |command: &str| crate::support::Run::of(messenger_db(&[command]).env("DATABASE_URL", &url));
    for command in ["run", "verify", "status", "list", "pending", "revert", "redo", "plan", "baseline", "catalog"] {
        as_role(command)
            .exits(8)
            .complains("may not use: public")
            .complains("ON SCHEMA \"public\" TO \"sees_nothing\";");
    }
    // Nor where another schema on the path may be used.
    database.execute("CREATE SCHEMA sees_nothing AUTHORIZATION sees_nothing").unwrap();
    as_role("verify").exits(8).complains("may not use: public");
    database
        .execute(
            "DROP SCHEMA sees_nothing; GRANT USAGE ON SCHEMA public TO sees_nothing;
                  GRANT SELECT ON ALL TABLES IN SCHEMA public TO sees_nothing",
        )
        .unwrap();
    as_role("verify").exits(0);
    database.execute("ALTER TABLE __diesel_schema_migrations ENABLE ROW LEVEL SECURITY").unwrap();
    for command in ["verify", "status", "list", "pending", "plan"] {
        as_role(command).exits(8).complains("row security hides rows of __diesel_schema_migrations");
    }
    on(&database, &["verify"]).exits(0);
}

#[test]
fn a_history_or_a_ledger_that_a_role_may_not_read_is_an_error_and_no_note() {
    let database = TestDatabase::empty_on(super::own_server());
    on(&database, &["run", "--to", super::names()[5]]).exits(0);
    let role = format!("{}_reader", database.name());
    for table in ["messenger_db_ledger", "__diesel_schema_migrations"] {
        database
            .execute(&format!(
                "DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN;
                 GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; REVOKE ALL ON {table} FROM {role}"
            ))
            .unwrap();
        for command in ["verify", "status", "list", "pending", "plan", "revert", "redo", "run", "baseline"] {
            super::as_role(&database, &role, &[command])
                .exits(8)
                .complains(&format!("permission denied for table {table}"));
        }
        let refused = super::as_role(&database, &role, &["verify"]).exits(8);
        super::rights::obey(&database, &refused.stderr);
        super::as_role(&database, &role, &["verify"]).exits(0);
        super::as_role(&database, &role, &["status", "--exit-code"]).exits(3);
        database.execute(&format!("DROP OWNED BY {role}")).unwrap();
    }
}

#[test]
fn a_ledger_that_is_another_programs_says_what_to_do() {
    let database = TestDatabase::migrated();
    database.execute("ALTER TABLE messenger_db_ledger DROP up_sql CASCADE, DROP checksum CASCADE").unwrap();
    on(&database, &["run"]).exits(1).complains("ALTER TABLE messenger_db_ledger SET SCHEMA");
    database.execute("CREATE SCHEMA strange; ALTER TABLE messenger_db_ledger SET SCHEMA strange").unwrap();
    on(&database, &["run"]).exits(0);
    on(&database, &["verify"]).exits(0);

    // Diesel's own table is not made anew: it alone knows what is applied.
    database.execute("ALTER TABLE __diesel_schema_migrations RENAME run_on TO ran_at").unwrap();
    on(&database, &["run"]).exits(1).complains("__diesel_schema_migrations lacks a column");
    database.execute("ALTER TABLE __diesel_schema_migrations RENAME ran_at TO run_on").unwrap();
    on(&database, &["verify"]).exits(0);
}

#[test]
fn a_database_that_is_not_utf8_is_refused_before_anything_is_done() {
    let database = TestDatabase::encoded("SQL_ASCII");
    for arguments in [&["run"][..], &["redo"], &["plan"], &["plan", "--rehearse"]] {
        on(&database, arguments).exits(2).complains("encoded in SQL_ASCII").complains("createdb --encoding UTF8");
    }
    let verify = on(&database, &["verify"]).exits(4);
    assert!(verify.stdout.contains("encoding   SQL_ASCII: a messenger needs UTF8"), "{}", verify.stdout);
    let status = on(&database, &["status", "--exit-code"]).exits(4);
    assert!(status.stdout.contains("encoding  SQL_ASCII: a messenger needs UTF8"), "{}", status.stdout);
    assert!(schemas_with_tables(&database).is_empty());
}

#[test]
fn a_url_that_cannot_work_is_not_waited_for() {
    let run = messenger_db(&["status", "--wait", "30", "--database-url", "postgresql://localhost/x?sslmode=bogus"]);
    crate::support::Run::from({ run }.output().unwrap()).exits(2).complains("cannot be");
}

#[test]
fn blots_do_not_tell_what_a_short_password_is() {
    let url = "postgresql://nobody:a@localhost:1/x?password=fa";
    let run = messenger_db(&["status", "--database-url", url]).output().unwrap();
    let run = crate::support::Run::from(run).exits(7).complains("failed");
    assert!(!run.stderr.contains("***"), "{}", run.stderr);
}

#[test]
fn a_locale_that_folds_ascii_letters_only_is_told_by_run_and_status() {
    let database = TestDatabase::encoded("UTF8");
    assert_eq!(database.value("SELECT lower('É')"), "É");
    on(&database, &["run"]).exits(0).complains("search misses words").complains("LC_CTYPE");
    let status = on(&database, &["status"]).exits(0);
    assert!(status.stdout.contains("letters   LC_CTYPE"), "{}", status.stdout);
    assert_eq!(on(&database, &["status", "--json"]).exits(0).json()["folds_letters"], false);

    let other = TestDatabase::migrated();
    assert_eq!(on(&other, &["status", "--json"]).exits(0).json()["folds_letters"], true);
    let redo = on(&other, &["redo"]).exits(0);
    assert!(!redo.stderr.contains("LC_CTYPE"), "{}", redo.stderr);
}

#[test]
fn a_commit_that_waits_for_a_standby_that_was_lost_meanwhile_says_so() {
    let server = Box::leak(Box::new(Server::wanted(|builder| {
        builder.throwaway().setting("synchronous_standby_names = 'nobody'").setting("synchronous_commit = local")
    })));
    let database = TestDatabase::empty_on(server);
    let lock = LockHolder::of_type(&database, "contact_status");
    let mut running = Running::start(&mut super::command(&database, &["run", "--lock-timeout", "0"]));
    running.says("waiting for a lock");
    let mut admin = server.connect();
    admin.execute("SET synchronous_commit = local").unwrap();
    // From here on every commit waits, as where the standby has gone.
    admin.execute("ALTER SYSTEM SET synchronous_commit = on").unwrap();
    admin.execute("SELECT pg_reload_conf()").unwrap();
    drop(lock);
    let line = running.says("the commit waits for a synchronous standby");
    assert!(line.contains("\"nobody\"") && line.contains("reload"), "{line}");
    admin.execute("ALTER SYSTEM SET synchronous_standby_names = ''").unwrap();
    admin.execute("SELECT pg_reload_conf()").unwrap();
    running.ends().exits(0);
}

#[test]
fn a_synchronous_standby_that_is_not_there_is_told_before_a_commit_waits_for_it() {
    let server = Box::leak(Box::new(Server::wanted(|builder| {
        builder.throwaway().setting("synchronous_standby_names = 'nobody'").setting("synchronous_commit = local")
    })));
    let database = TestDatabase::empty_on(server);
    // A rehearsal is rolled back, and so waits for nobody.
    let rehearse = ["plan", "--rehearse", "--to", "20261122100000"];
    assert!(!on(&database, &rehearse).exits(0).stderr.contains("standby"));
    let url = format!("{}&options=-csynchronous_commit%3Don", database.url());
    Run::of(messenger_db(&rehearse).env("DATABASE_URL", url))
        .exits(0)
        .complains("waits for a synchronous standby")
        .complains("nobody");
}
