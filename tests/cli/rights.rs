//! Advice that is true: what a role is told to be granted is what it lacks, in the schema and for the role that are meant,
//! and carried out by an administrator it makes the command succeed.

use super::{applied, as_role, names, on, own_server, url_as, versions};
use crate::support::{Run, TestDatabase, messenger_db};

/// Runs the statements of the advice, as an administrator who pastes them; gives them.
#[track_caller]
pub(super) fn obey(database: &TestDatabase, advice: &str) -> Vec<String> {
    let is_statement =
        |line: &&str| ["GRANT ", "ALTER ", "CREATE "].iter().any(|word| line.starts_with(word)) && line.ends_with(';');
    let statements: Vec<_> = advice.lines().map(str::trim).filter(is_statement).map(str::to_owned).collect();
    assert!(!statements.is_empty(), "no statement: {advice}");
    for statement in &statements {
        database.execute(statement).unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
    statements
}

/// A role of the server that may log in, and nothing else.
fn login(database: &TestDatabase, name: &str) -> String {
    let role = format!("{}_{name}", database.name());
    database.execute(&format!("CREATE ROLE \"{role}\" LOGIN")).unwrap();
    role
}

/// Runs as a superuser that becomes a role as it connects, with options.
fn with_options(database: &TestDatabase, options: &str, arguments: &[&str]) -> Run {
    let url = format!("{}&options={options}", database.url());
    Run::of(messenger_db(arguments).env("DATABASE_URL", url))
}

#[test]
fn a_schema_that_the_role_may_not_use_is_named_and_not_public() {
    let database = TestDatabase::empty_on(own_server());
    let role = login(&database, "deploy");
    database
        .execute(&format!(
            "CREATE SCHEMA \"the app\"; ALTER DATABASE {} SET search_path = \"the app\"",
            database.name()
        ))
        .unwrap();
    for granted in ["", "USAGE"] {
        if !granted.is_empty() {
            database.execute(&format!("REVOKE ALL ON SCHEMA \"the app\" FROM {role}")).unwrap();
            database.execute(&format!("GRANT {granted} ON SCHEMA \"the app\" TO {role}")).unwrap();
        }
        let refused = as_role(&database, &role, &["run"]);
        assert!(refused.code != Some(0) && !refused.stderr.contains("public"), "{}", refused.stderr);
        let done = obey(&database, &refused.stderr);
        assert!(done.contains(&format!("GRANT USAGE, CREATE ON SCHEMA \"the app\" TO \"{role}\";")), "{done:?}");
    }
    as_role(&database, &role, &["run"]).exits(0);
    assert_eq!(
        database.value("SELECT string_agg(DISTINCT nspname, ' ') FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relname IN ('users', '__diesel_schema_migrations')"),
        "the app"
    );
}

#[test]
fn the_role_that_works_is_named_and_not_the_one_that_logs_in() {
    let database = TestDatabase::empty_on(own_server());
    let owner = format!("{}_worker", database.name());
    database.execute(&format!("CREATE ROLE {owner}")).unwrap();
    let options = format!("-crole%3D{owner}");
    let refused = with_options(&database, &options, &["run"]).exits(8);
    let done = obey(&database, &refused.stderr);
    assert!(done.iter().all(|statement| statement.ends_with(&format!(" TO \"{owner}\";"))), "{done:?}");
    with_options(&database, &options, &["run"]).exits(0);
    assert_eq!(applied(&database), versions());
}

#[test]
fn who_meets_the_tables_of_another_role_becomes_that_role_or_is_told_how() {
    let database = TestDatabase::empty_on(own_server());
    let (first, second) = (login(&database, "first"), login(&database, "second"));
    database.execute(&format!("ALTER DATABASE {} OWNER TO {first}", database.name())).unwrap();
    as_role(&database, &first, &["run", "--to", names()[5]]).exits(0);
    let before = applied(&database);

    // May read and write everything, and so could make tables of its own.
    database
        .execute(&format!(
            "GRANT ALL ON ALL TABLES IN SCHEMA public TO {second}; GRANT ALL ON SCHEMA public TO {second}"
        ))
        .unwrap();
    for command in [&["run"][..], &["revert"], &["redo"], &["plan", "--rehearse"]] {
        as_role(&database, &second, command)
            .exits(8)
            .complains(&format!("belong to the role {first:?}, and {second:?} may not become it"))
            .complains("Nothing was changed.");
    }
    assert_eq!(applied(&database), before);
    let refused = as_role(&database, &second, &["run"]).exits(8);
    let done = obey(&database, &refused.stderr);
    assert!(done[0].starts_with(&format!("GRANT \"{first}\" TO \"{second}\"")), "{done:?}");
    as_role(&database, &second, &["run"]).exits(0);
    as_role(&database, &second, &["redo", "-n", "2"]).exits(0);
    let owners = "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')";
    assert_eq!(database.column(owners), [first]);
    // Who ran it stays on record.
    assert_eq!(database.value("SELECT applied_by FROM messenger_db_ledger ORDER BY version DESC LIMIT 1"), second);
}

#[test]
fn what_belongs_to_a_member_of_the_owner_is_given_to_the_owner() {
    let database = TestDatabase::empty_on(own_server());
    on(&database, &["run"]).exits(0);
    on(&database, &["roles"]).exits(0);
    let deploy = login(&database, "deploy");
    let owner = format!("{}_owner", database.name());
    database
        .execute(&format!("GRANT {owner} TO {deploy}; ALTER FUNCTION erase_account(user_id, bigint) OWNER TO {deploy}"))
        .unwrap();
    let refused = as_role(&database, &deploy, &["redo", "-n", "3"]).exits(8);
    let done = obey(&database, &refused.stderr);
    assert!(done[0].starts_with("ALTER ROUTINE ") && done.len() == 1, "{done:?}");
    as_role(&database, &deploy, &["redo", "-n", "3"]).exits(0);
}

#[test]
fn a_setting_that_the_role_may_not_see_stops_no_comparison() {
    let database = TestDatabase::empty_on(own_server());
    let role = login(&database, "plain");
    database.execute(&format!("ALTER DATABASE {} OWNER TO {role}", database.name())).unwrap();
    as_role(&database, &role, &["run"]).exits(0);
    database.execute("ALTER FUNCTION is_blank(text) SET dynamic_library_path = '$libdir'").unwrap();
    let verified = as_role(&database, &role, &["verify"]).exits(4);
    assert!(verified.stdout.contains("function is_blank(text): setting dynamic_library_path"), "{}", verified.stdout);
}

#[test]
fn a_member_without_inheritance_becomes_the_owner() {
    let database = TestDatabase::empty_on(own_server());
    let first = login(&database, "first");
    database.execute(&format!("ALTER DATABASE {} OWNER TO {first}", database.name())).unwrap();
    as_role(&database, &first, &["run", "--to", names()[5]]).exits(0);
    let deploy = format!("{}_deploy", database.name());
    database.execute(&format!("CREATE ROLE {deploy} LOGIN NOINHERIT IN ROLE {first}")).unwrap();
    as_role(&database, &deploy, &["status"]).exits(0);
    as_role(&database, &deploy, &["run"]).exits(0);
    assert_eq!(database.value("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'attachments'"), first);
}

#[test]
fn who_may_only_look_is_advised_to_be_allowed_to_look() {
    let database = TestDatabase::empty_on(own_server());
    on(&database, &["run"]).exits(0);
    let reader = login(&database, "reader");
    for command in ["status", "list", "pending", "verify"] {
        let refused = as_role(&database, &reader, &[command]).exits(8);
        let done = obey(&database, &refused.stderr);
        assert!(done.iter().all(|statement| statement.starts_with("GRANT SELECT ON ")), "{done:?}");
        as_role(&database, &reader, &[command]).exits(0);
        database.execute(&format!("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {reader}")).unwrap();
    }
}

#[test]
fn extensions_in_a_schema_that_is_not_on_the_path_are_put_on_it() {
    let database = TestDatabase::empty_on(own_server());
    let role = login(&database, "deploy");
    database
        .execute(&format!(
            "CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions;
             GRANT USAGE, CREATE ON SCHEMA public TO {role}"
        ))
        .unwrap();
    let refused = as_role(&database, &role, &["run"]).exits(1).complains("not on the search_path");
    obey(&database, &refused.stderr);
    as_role(&database, &role, &["run"]).exits(0);
    as_role(&database, &role, &["verify"]).exits(0);
}

#[test]
fn an_event_trigger_that_refuses_is_named_where_no_right_is_missing() {
    let database = TestDatabase::empty_on(own_server());
    database
        .execute(
            "CREATE SCHEMA platform;
             CREATE FUNCTION platform.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'no tables on Thursdays'; END $$;
             CREATE EVENT TRIGGER \"the platform's\" ON ddl_command_start WHEN TAG IN ('CREATE DOMAIN', 'CREATE TYPE')
             EXECUTE FUNCTION platform.refuse()",
        )
        .unwrap();
    on(&database, &["run"])
        .exits(8)
        .complains("no tables on Thursdays")
        .complains("has every right on the schema and the messenger's tables")
        .complains("\"the platform's\"");
}

#[test]
fn a_path_that_names_no_schema_is_told_what_to_create() {
    let database = TestDatabase::empty_on(own_server());
    let role = login(&database, "deploy");
    database
        .execute(&format!(
            "ALTER DATABASE {0} SET search_path = \"we\"\"ird\"; GRANT CREATE ON DATABASE {0} TO {role}",
            database.name()
        ))
        .unwrap();
    let refused = as_role(&database, &role, &["run"]);
    assert_ne!(refused.code, Some(0));
    assert_eq!(obey(&database, &refused.stderr), [format!("CREATE SCHEMA \"we\"\"ird\" AUTHORIZATION \"{role}\";")]);
    as_role(&database, &role, &["run"]).exits(0);
}

#[test]
fn a_role_that_may_not_read_everything_takes_no_backup_whatever_language_the_server_speaks() {
    let database = TestDatabase::empty_on(own_server());
    if !super::backup::has_pg_dump(&database) {
        return;
    }
    on(&database, &["run"]).exits(0);
    let role = login(&database, "reader");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.dump");
    let refused =
        as_role(&database, &role, &["backup", file.to_str().unwrap()]).exits(8).complains("may not read public.");
    obey(&database, &refused.stderr);
    as_role(&database, &role, &["backup", file.to_str().unwrap()]).exits(0);
}

#[test]
fn where_the_history_is_in_another_schema_the_advice_leads_there() {
    let database = TestDatabase::empty_on(own_server());
    on(&database, &["run"]).exits(0);
    let role = login(&database, "deploy");
    database
        .execute(&format!(
            "CREATE SCHEMA {role} AUTHORIZATION {role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .unwrap();
    let refused = as_role(&database, &role, &["run"]).exits(2);
    obey(&database, &refused.stderr);
    as_role(&database, &role, &["run"]).exits(0);
    assert!(url_as(&database, &role).contains(&role));
}
