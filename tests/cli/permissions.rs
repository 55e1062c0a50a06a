//! A role that may not: exit code 8, and the statements that an administrator has to run.

use std::fmt::Write;

use messenger_db::migrate::migrations;

use super::own_server;
use crate::support::{Run, TestDatabase, messenger_db};

/// A role with a name that has to be quoted, on a database that it may only connect to.
struct Role {
    database: TestDatabase,
    name: String,
}

impl Role {
    fn new(name: &str) -> Self {
        let role = Self { database: TestDatabase::empty_on(own_server()), name: name.to_owned() };
        role.database.execute(&format!("CREATE ROLE {} LOGIN", role.quoted())).unwrap();
        role
    }

    fn quoted(&self) -> String {
        format!("\"{}\"", self.name.replace('"', "\"\""))
    }

    fn runs(&self, arguments: &[&str]) -> Run {
        let encoded = self.name.bytes().fold(String::new(), |mut text, byte| {
            write!(text, "%{byte:02X}").unwrap();
            text
        });
        let (place, options) = self.database.url().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let others: Vec<_> = options.split('&').filter(|option| !option.starts_with("user=")).collect();
        let url = format!("{place}?{}&user={encoded}", others.join("&"));
        Run::of(messenger_db(arguments).env("DATABASE_URL", url))
    }

    /// Runs the statements of the advice, as an administrator.
    fn is_granted(&self, advice: &str) {
        for grant in super::rights::obey(&self.database, advice) {
            assert!(grant.ends_with(&format!(" TO {};", self.quoted())), "{grant}");
        }
    }
}

#[test]
fn a_role_without_rights_gets_the_grants_that_make_the_next_run_succeed() {
    for name in ["messenger_app", "we\"ird role", "Grüße; DROP TABLE users --", "user"] {
        let role = Role::new(name);
        let before = role.database.catalog();
        let run = role.runs(&["run"]).exits(8).complains("permission denied for schema public").complains("42501");
        assert_eq!(run.stdout, "");
        pretty_assertions::assert_eq!(role.database.catalog(), before);

        role.is_granted(&run.stderr);
        role.runs(&["run"]).exits(0);
        role.runs(&["redo", "--all"]).exits(0);
        pretty_assertions::assert_eq!(role.database.catalog(), TestDatabase::migrated().catalog());
    }
}

#[test]
fn a_role_that_may_not_create_extensions_is_told_and_can_go_on_once_they_are_there() {
    let role = Role::new("no extensions");
    role.database.execute(&format!("GRANT USAGE, CREATE ON SCHEMA public TO {}", role.quoted())).unwrap();
    role.runs(&["run"])
        .exits(8)
        .complains("permission denied to create extension \"pg_trgm\"")
        .complains("Must have CREATE privilege on current database")
        .complains("migrations/2026-11-22-100000-messenger_add_extensions/up.sql:")
        .complains(&format!("GRANT CREATE ON DATABASE \"{}\" TO", role.database.name()));
    assert_eq!(super::applied(&role.database), super::versions()[..1]);

    role.database.execute("CREATE EXTENSION pg_trgm").unwrap();
    role.runs(&["run"]).exits(0);
    assert_eq!(super::applied(&role.database), super::versions());
}

#[test]
fn tables_of_another_role_are_left_alone_and_the_advice_names_the_way_out() {
    let role = Role::new("newcomer");
    for migration in migrations().unwrap() {
        role.database.execute(migration.up).unwrap();
    }
    role.database.execute(diesel::migration::CREATE_MIGRATIONS_TABLE).unwrap();
    let denied = "permission denied for table __diesel_schema_migrations";
    for command in ["run", "revert"] {
        role.runs(&[command]).exits(8).complains(denied).complains("ALTER TABLE public.users OWNER TO \"newcomer\";");
    }
    for command in ["status", "list", "pending"] {
        let refused = role.runs(&[command]).exits(8).complains(denied);
        assert!(!refused.stderr.contains("OWNER TO"), "{}", refused.stderr);
    }
}

#[test]
fn with_json_the_advice_is_in_the_object() {
    let role = Role::new("a \\ backslash");
    let error = role.runs(&["run", "--json"]).exits(8).json_error();
    assert_eq!((&error["exit_code"], &error["sqlstate"]), (&8.into(), &"42501".into()));
    role.is_granted(error["help"].as_str().unwrap());
}
