//! `roles`: each may do what it is for, and nothing else.

use messenger_db::migrate::ServerError;

use super::{as_role, names, on, own_server};
use crate::support::{Run, TestDatabase, messenger_db};

/// A database with its three roles, on a server whose other roles nobody minds.
pub(super) struct Guarded(pub(super) TestDatabase);

impl Guarded {
    /// The roles come first, and the owner migrates.
    pub(super) fn from_the_start() -> Self {
        let guarded = Self(TestDatabase::empty_on(own_server()));
        on(&guarded.0, &["roles"]).exits(0);
        guarded.run_as("owner", &["run"]).exits(0);
        guarded
    }

    /// A superuser has migrated, and the roles come later.
    pub(super) fn afterwards() -> Self {
        let guarded = Self(TestDatabase::empty_on(own_server()));
        on(&guarded.0, &["run"]).exits(0);
        on(&guarded.0, &["roles"]).exits(0);
        guarded
    }

    /// The same in a database whose administrator lets nobody call a function who was not allowed to.
    fn hardened() -> Self {
        let guarded = Self(TestDatabase::empty_on(own_server()));
        guarded.0.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC").unwrap();
        on(&guarded.0, &["run"]).exits(0);
        on(&guarded.0, &["roles"]).exits(0);
        guarded
    }

    pub(super) fn run_as(&self, role: &str, arguments: &[&str]) -> Run {
        let url = format!("{}&options=-crole%3D{}_{role}", self.0.url(), self.0.name());
        Run::of(messenger_db(arguments).env("DATABASE_URL", url))
    }

    pub(super) fn tries(&self, role: &str, sql: &str) -> Result<(), ServerError> {
        let mut connection = self.0.connect();
        connection.execute(&format!("SET ROLE {}_{role}", self.0.name())).unwrap();
        connection.execute("BEGIN").unwrap();
        connection.execute(sql).map(drop)
    }

    #[track_caller]
    pub(super) fn refuses(&self, role: &str, sql: &str) {
        let refused = self.tries(role, sql).expect_err(sql);
        assert_eq!(refused.sqlstate, "42501", "{sql}: {refused}");
    }

    pub(super) fn tables(&self) -> Vec<String> {
        self.0.column(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
             AND relname NOT LIKE '\\_\\_%' AND relname NOT LIKE 'messenger\\_db%' ORDER BY 1",
        )
    }
}

/// What is written about the migrations.
fn records(guarded: &Guarded) -> Vec<String> {
    guarded.0.column(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
         AND (relname LIKE '\\_\\_%' OR relname LIKE 'messenger\\_db%') ORDER BY 1",
    )
}

#[test]
fn the_owner_migrates_in_both_directions() {
    let guarded = Guarded::from_the_start();
    guarded.run_as("owner", &["redo", "--all"]).exits(0);
    guarded.run_as("owner", &["revert", "--all"]).exits(0);
    guarded.run_as("owner", &["run"]).exits(0);
    pretty_assertions::assert_eq!(guarded.0.catalog(), TestDatabase::migrated().catalog());
    let owners = "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')";
    assert_eq!(guarded.0.column(owners), [format!("{}_owner", guarded.0.name())]);
}

#[test]
fn what_was_migrated_before_becomes_the_owners() {
    let guarded = Guarded::afterwards();
    // The extensions stay a superuser's, who made them.
    let second = names()[1];
    guarded.run_as("owner", &["revert", "--to", second]).exits(0);
    guarded.run_as("owner", &["run"]).exits(0);
    guarded.run_as("app", &["seed"]).exits(0);
    pretty_assertions::assert_eq!(guarded.0.catalog(), TestDatabase::migrated().catalog());
}

#[test]
fn the_application_does_what_the_operations_do_and_no_more() {
    for guarded in [Guarded::from_the_start(), Guarded::afterwards(), Guarded::hardened()] {
        guarded.run_as("app", &["seed"]).exits(0);
        guarded.run_as("app", &["seed", "--force", "--users", "5", "--messages", "50"]).exits(0);
        guarded.run_as("app", &["status", "--exit-code"]).exits(0);
        guarded.run_as("app", &["maintain"]).exits(0);
        let views = "SELECT viewname FROM pg_views WHERE schemaname = 'public' ORDER BY 1";
        for view in guarded.0.column(views) {
            guarded.tries("readonly", &format!("SELECT * FROM {view}")).unwrap();
        }
        for table in guarded.tables() {
            for allowed in [format!("SELECT FROM {table} FOR UPDATE"), format!("DELETE FROM {table} WHERE false")] {
                guarded.tries("app", &allowed).unwrap();
            }
            for forbidden in [
                format!("DROP TABLE {table}"),
                format!("TRUNCATE {table}"),
                format!("ALTER TABLE {table} ADD COLUMN extra text"),
                format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
                format!("COMMENT ON TABLE {table} IS 'mine'"),
                format!("GRANT SELECT ON {table} TO PUBLIC; ALTER TABLE {table} OWNER TO CURRENT_USER"),
                format!("CREATE INDEX ON {table} ((1))"),
                format!(
                    "CREATE TRIGGER t BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()"
                ),
            ] {
                guarded.refuses("app", &forbidden);
            }
        }
        for forbidden in [
            "CREATE TABLE extra (id int)",
            "CREATE TEMPORARY TABLE extra (id int)",
            "CREATE VIEW extra AS SELECT 1",
            "CREATE FUNCTION extra() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TYPE extra AS ENUM ('a')",
            "CREATE SCHEMA extra",
            "CREATE EXTENSION hstore",
            "ALTER TYPE user_status ADD VALUE 'busy'",
            "ALTER TEXT SEARCH CONFIGURATION messenger DROP MAPPING FOR asciiword",
            "DROP FUNCTION send_message",
            "DROP VIEW unread_counts",
        ] {
            guarded.refuses("app", forbidden);
        }
        let name = guarded.0.name();
        guarded.refuses("app", &format!("GRANT {name}_owner TO {name}_app"));
        guarded.run_as("app", &["revert"]).exits(8);
    }
}

#[test]
fn nobody_but_the_owner_changes_what_is_written_about_the_migrations() {
    for guarded in [Guarded::from_the_start(), Guarded::afterwards()] {
        assert!(!records(&guarded).is_empty());
        for table in records(&guarded) {
            for role in ["app", "readonly"] {
                guarded.tries(role, &format!("SELECT FROM {table}")).unwrap();
                guarded.refuses(role, &format!("DELETE FROM {table}"));
                guarded.refuses(role, &format!("INSERT INTO {table} DEFAULT VALUES"));
                guarded.refuses(role, &format!("UPDATE {table} SET version = '1'"));
                guarded.refuses(role, &format!("TRUNCATE {table}"));
            }
        }
    }
}

#[test]
fn the_reader_reads_everything_and_writes_nothing() {
    let guarded = Guarded::from_the_start();
    guarded.run_as("app", &["seed"]).exits(0);
    guarded.run_as("readonly", &["status", "--exit-code"]).exits(0);
    guarded.run_as("readonly", &["list"]).exits(0);
    for view in ["unread_counts", "message_receipts"] {
        guarded.tries("readonly", &format!("SELECT * FROM {view}")).unwrap();
    }
    for table in guarded.tables() {
        guarded.tries("readonly", &format!("SELECT * FROM {table}")).unwrap();
        guarded.refuses("readonly", &format!("DELETE FROM {table}"));
        guarded.refuses("readonly", &format!("INSERT INTO {table} DEFAULT VALUES"));
        guarded.refuses("readonly", &format!("SELECT * FROM {table} FOR SHARE"));
        guarded.refuses("readonly", &format!("TRUNCATE {table}"));
    }
    let send = "SELECT send_message(chat_id, user_id, gen_random_uuid(), 'text', 'Hello', NULL, NULL)
        FROM chat_participants";
    guarded.refuses("readonly", send);
    guarded.refuses("readonly", "CREATE TEMPORARY TABLE extra (id int)");
    guarded.run_as("readonly", &["seed", "--force"]).exits(8).complains("may not write here");
}

#[test]
fn tables_that_come_later_are_covered() {
    let guarded = Guarded::from_the_start();
    let mut owner = guarded.0.connect();
    owner.execute(&format!("SET ROLE {}_owner", guarded.0.name())).unwrap();
    owner.execute("CREATE TABLE polls (id bigserial, question text)").unwrap();
    guarded.tries("app", "INSERT INTO polls (question) VALUES ('?'); DELETE FROM polls").unwrap();
    guarded.tries("readonly", "SELECT * FROM polls").unwrap();
    guarded.refuses("app", "DROP TABLE polls");
    guarded.refuses("readonly", "DELETE FROM polls");
}

#[test]
fn done_again_it_changes_nothing_and_printed_it_is_what_would_be_done() {
    let guarded = Guarded::afterwards();
    let rights = || {
        guarded.0.column(
            "SELECT relname || relowner::regrole || coalesce(relacl::text, '') FROM pg_class
             WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
        )
    };
    let before = rights();
    on(&guarded.0, &["roles"]).exits(0);
    assert_eq!(rights(), before);

    let other = TestDatabase::empty_on(own_server());
    on(&other, &["run"]).exits(0);
    let printed = on(&other, &["roles", "--print", "--prefix", "printed \"odd\""]).exits(0).stdout;
    let made = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'printed%'";
    assert_eq!(other.value(made), "0");
    assert!(printed.starts_with("BEGIN;\n") && printed.ends_with("COMMIT;\n"), "{printed}");
    other.execute(&printed).unwrap();
    assert_eq!(other.value(made), "3");
    let again = on(&other, &["roles", "--prefix", "printed \"odd\"", "--json"]).exits(0).json();
    assert_eq!(again["owner"], "printed \"odd\"_owner");
    assert!(!again["statements"].to_string().contains("OWNER TO"), "{again}");
}

#[test]
fn printed_by_a_role_that_may_make_none_it_is_what_an_administrator_can_run_whatever_his_search_path() {
    for migrated in [false, true] {
        let database = TestDatabase::empty_on(own_server());
        let name = database.name();
        database
            .execute(&format!(
                "CREATE ROLE {name}_login LOGIN; ALTER DATABASE {name} OWNER TO {name}_login;
                 CREATE SCHEMA \"the app\" AUTHORIZATION {name}_login;
                 ALTER DATABASE {name} SET search_path = \"the app\""
            ))
            .unwrap();
        let login = format!("{name}_login");
        if migrated {
            as_role(&database, &login, &["run"]).exits(0);
        }
        as_role(&database, &login, &["roles"]).exits(8).complains("CREATEROLE").complains("messenger-db roles --print");
        let printed = as_role(&database, &login, &["roles", "--print"]).exits(0).stdout;
        assert!(printed.starts_with("BEGIN;\nSET LOCAL search_path = \"the app\";\n"), "{printed}");
        let mut admin = database.connect();
        admin.execute("SET search_path = pg_temp").unwrap();
        admin.execute(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert_eq!(owners(&database, "\"the app\""), [format!("{name}_owner")]);
        let others = "SELECT count(*) FROM pg_class WHERE relname = 'messenger_db_ledger' AND relnamespace <> '\"the app\"'::regnamespace";
        assert_eq!(database.value(others), "0");
    }
}

#[test]
fn a_role_that_can_do_more_than_it_should_is_not_taken() {
    let database = TestDatabase::empty_on(own_server());
    database.execute("CREATE ROLE mighty_app LOGIN").unwrap();
    on(&database, &["roles", "--prefix", "mighty"])
        .exits(2)
        .complains("\"mighty_app\" cannot be used")
        .complains("--prefix");
    assert_eq!(database.value("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'mighty%'"), "1");
    for prefix in ["", "pg", "pg_x", &"x".repeat(55)] {
        on(&database, &["roles", "--prefix", prefix]).exits(2);
    }
}

#[test]
fn the_roles_that_a_database_has_stay_its_roles_where_it_gets_another_name() {
    let guarded = Guarded::from_the_start();
    let (database, name) = (&guarded.0, guarded.0.name());
    on(database, &["roles", "--prefix", &format!("{name}_first")]).exits(0);
    let run = on(database, &["roles", "--json"]).exits(0);
    assert_eq!(run.json()["owner"], format!("{name}_first_owner"));
    let run = on(database, &["roles", "--print", "--json"]).exits(0);
    assert_eq!(run.json()["app"], format!("{name}_first_app"));
    assert_eq!(owners(database, "public"), [format!("{name}_first_owner")]);
}

#[test]
fn a_function_that_a_service_has_closed_stays_closed() {
    let guarded = Guarded::from_the_start();
    guarded
        .0
        .execute("CREATE FUNCTION of_service() RETURNS void LANGUAGE sql AS ''; REVOKE EXECUTE ON FUNCTION of_service FROM PUBLIC")
        .unwrap();
    on(&guarded.0, &["roles", "--schema", "public"]).exits(0);
    guarded.refuses("app", "SELECT of_service()");
    guarded.tries("owner", "SELECT of_service()").unwrap();
}

#[test]
fn who_owns_the_database_and_may_create_roles_needs_no_superuser() {
    let database = TestDatabase::empty_on(own_server());
    let name = database.name();
    database
        .execute(&format!("CREATE ROLE {name}_admin LOGIN CREATEROLE; ALTER DATABASE {name} OWNER TO {name}_admin"))
        .unwrap();
    let guarded = Guarded(database);
    guarded.run_as("admin", &["run"]).exits(0);
    guarded.run_as("admin", &["roles"]).exits(0);
    guarded.run_as("app", &["seed"]).exits(0);
    guarded.refuses("app", "DROP TABLE messages");
    guarded.run_as("owner", &["redo"]).exits(0);
}

/// Whose the tables, views, types and functions of a schema are, but for what belongs to extensions.
pub(super) fn owners(database: &TestDatabase, schema: &str) -> Vec<String> {
    database.column(&format!(
        "SELECT DISTINCT pg_get_userbyid(owner) FROM (
             SELECT oid, relowner AS owner FROM pg_class WHERE relnamespace = '{schema}'::regnamespace
             UNION ALL SELECT oid, proowner FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace
             UNION ALL SELECT oid, typowner FROM pg_type
             WHERE typnamespace = '{schema}'::regnamespace AND typtype IN ('e', 'd')
         ) AS object
         WHERE NOT EXISTS (SELECT FROM pg_depend WHERE objid = object.oid AND deptype = 'e') ORDER BY 1"
    ))
}
