//! `roles` on a database that changed since: it covers what came later, and mends what belongs to the wrong role.

use super::roles::{Guarded, owners};
use super::{as_role, names, on, own_server, url_as};
use crate::support::{Run, TestDatabase};

#[test]
fn what_the_same_login_migrates_after_the_roles_were_made_is_the_owners() {
    for is_superuser in [true, false] {
        let database = TestDatabase::empty_on(own_server());
        let name = database.name().to_owned();
        let kind = if is_superuser { "SUPERUSER" } else { "CREATEROLE" };
        database
            .execute(&format!("CREATE ROLE {name}_admin LOGIN {kind}; ALTER DATABASE {name} OWNER TO {name}_admin"))
            .unwrap();
        let admin = format!("{name}_admin");
        as_role(&database, &admin, &["run", "--to", names()[5]]).exits(0);
        as_role(&database, &admin, &["roles"]).exits(0);
        as_role(&database, &admin, &["run"]).exits(0);
        assert_eq!(owners(&database, "public"), [format!("{name}_owner")]);
        let guarded = Guarded(database);
        guarded.run_as("app", &["seed"]).exits(0);
        for table in guarded.tables() {
            guarded.tries("app", &format!("DELETE FROM {table} WHERE false")).unwrap();
            guarded.tries("readonly", &format!("SELECT FROM {table}")).unwrap();
        }
        as_role(&guarded.0, &admin, &["redo", "-n", "3"]).exits(0);
        assert_eq!(owners(&guarded.0, "public"), [format!("{name}_owner")]);
        if is_superuser {
            // The extensions are the superuser's still, and only he can drop them.
            as_role(&guarded.0, &admin, &["redo", "--all"]).exits(0);
            assert_eq!(owners(&guarded.0, "public"), [format!("{name}_owner")]);
            // Nor does a superuser make anything else for the owner, who may not make this extension.
            let folder = tempfile::tempdir().unwrap();
            let also = folder.path().to_str().unwrap();
            let file = folder.path().join("2099-01-01-000000_note/up.sql");
            std::fs::create_dir(file.parent().unwrap()).unwrap();
            for (up, exit) in [
                ("DO $$BEGIN CREATE EXTENSION file_fdw; CREATE TABLE notes (); END$$;", 8),
                ("CREATE TABLE notes (); CREATE EXTENSION file_fdw; CREATE SCHEMA notes", 0),
            ] {
                std::fs::write(&file, up).unwrap();
                for arguments in [&["plan", "--rehearse", "--also", also][..], &["run", "--also", also]] {
                    as_role(&guarded.0, &admin, arguments).exits(exit);
                }
            }
            assert_eq!(owners(&guarded.0, "public"), [format!("{name}_owner")]);
            as_role(&guarded.0, &admin, &["revert", "--all"]).exits(0);
        }
    }
}

#[test]
fn what_psql_makes_by_the_plan_of_another_role_is_the_owners() {
    for is_superuser in [true, false] {
        let database = TestDatabase::empty_on(own_server());
        let name = database.name().to_owned();
        on(&database, &["run", "--to", names()[5]]).exits(0);
        on(&database, &["roles"]).exits(0);
        let guarded = Guarded(database);
        let kind = if is_superuser { "SUPERUSER" } else { "NOSUPERUSER" };
        guarded
            .0
            .execute(&format!(
                "CREATE ROLE {name}_deploy LOGIN {kind}; GRANT {name}_owner TO {name}_deploy;
                 ALTER ROLE {name}_owner SET search_path = nowhere"
            ))
            .unwrap();
        let deploy = format!("{name}_deploy");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("2099-01-01-000000_note/up.sql");
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        let extension = "CREATE TABLE notes (); CREATE EXTENSION file_fdw;
            COMMENT ON EXTENSION file_fdw IS 'its $plan$ \\ :name'; CREATE TABLE more ()";
        std::fs::write(&file, if is_superuser { extension } else { "CREATE TABLE notes (); CREATE TABLE more ()" })
            .unwrap();
        let also = folder.path().to_str().unwrap();
        let psql_as = |role: &str| {
            let script = folder.path().join("plan.sql");
            std::fs::write(&script, as_role(&guarded.0, &deploy, &["plan", "--also", also]).exits(0).stdout).unwrap();
            let mut psql = std::process::Command::new("psql");
            psql.args(["--no-psqlrc", "--quiet", "--file"]).arg(&script).arg(url_as(&guarded.0, role));
            Run::of(&mut psql)
        };
        assert_eq!(psql_as(&deploy).exits(0).stdout, "");

        assert_eq!(owners(&guarded.0, "public"), [format!("{name}_owner")]);
        assert_eq!(
            guarded.0.value("SELECT count(*) FROM pg_extension WHERE extname = 'file_fdw'") == "1",
            is_superuser
        );
        as_role(&guarded.0, &deploy, &["run", "--also", also]).exits(0);
        on(&guarded.0, &["verify", "--also", also]).exits(0);
        for table in guarded.tables() {
            guarded.tries("app", &format!("DELETE FROM {table} WHERE false")).unwrap();
        }

        // Whoever may not become the owner makes nothing.
        let stray = format!("{name}_stray");
        guarded.0.execute(&format!("CREATE ROLE {stray} LOGIN; GRANT CREATE ON SCHEMA public TO {stray}")).unwrap();
        std::fs::rename(folder.path().join("2099-01-01-000000_note"), folder.path().join("2099-01-02-000000_other"))
            .unwrap();
        std::fs::write(folder.path().join("2099-01-02-000000_other/up.sql"), "CREATE TABLE other ()").unwrap();
        psql_as(&stray).exits(3).complains("permission denied to set role");
    }
}

#[test]
fn done_again_it_mends_what_belongs_to_the_wrong_role() {
    let guarded = Guarded::afterwards();
    let name = guarded.0.name().to_owned();
    guarded
        .0
        .execute(&format!(
            "CREATE ROLE {name}_stray LOGIN; GRANT CREATE ON SCHEMA public TO {name}_stray;
             ALTER TABLE attachments OWNER TO {name}_stray; REVOKE ALL ON attachments FROM {name}_app;
             ALTER VIEW unread_counts OWNER TO {name}_stray; ALTER TYPE user_status OWNER TO {name}_stray;
             ALTER DOMAIN user_id OWNER TO {name}_stray; ALTER TEXT SEARCH CONFIGURATION messenger OWNER TO {name}_stray;
             ALTER ROUTINE send_message OWNER TO {name}_stray; ALTER TABLE messenger_db_ledger OWNER TO {name}_stray;
             CREATE TABLE public.theirs (); ALTER TABLE theirs OWNER TO {name}_stray"
        ))
        .unwrap();
    guarded.refuses("app", "SELECT FROM attachments");
    let printed = on(&guarded.0, &["roles", "--print"]).exits(0).stdout;
    assert!(printed.contains(&format!("ALTER TABLE public.attachments OWNER TO \"{name}_owner\";")), "{printed}");
    on(&guarded.0, &["roles"]).exits(0);
    guarded.tries("app", "DELETE FROM attachments WHERE false").unwrap();
    // What no migration made, and nobody named, stays whose it is.
    assert_eq!(owners(&guarded.0, "public"), [format!("{name}_owner"), format!("{name}_stray")]);
    assert_eq!(
        guarded.0.column(&format!(
            "SELECT relname FROM pg_class WHERE relowner = '{name}_stray'::regrole AND relkind = 'r'"
        )),
        ["theirs"]
    );
    guarded.refuses("app", "SELECT FROM theirs");
}

#[test]
fn a_schema_of_the_service_is_covered_when_it_is_named() {
    let guarded = Guarded::afterwards();
    let name = guarded.0.name().to_owned();
    guarded
        .0
        .execute(&format!(
            "CREATE ROLE {name}_other; CREATE SCHEMA \"the shop\"; GRANT ALL ON SCHEMA \"the shop\" TO {name}_other, PUBLIC;
             SET ROLE {name}_other; CREATE TABLE \"the shop\".orders (id bigserial, note text);
             CREATE TABLE \"the shop\".__diesel_schema_migrations (version text);
             CREATE FUNCTION \"the shop\".total(text[], \"the shop\".orders) RETURNS int LANGUAGE sql AS 'SELECT 1'"
        ))
        .unwrap();
    let add = "INSERT INTO \"the shop\".orders (note) VALUES ('?')";
    on(&guarded.0, &["roles"]).exits(0);
    guarded.refuses("app", add);
    let printed = on(&guarded.0, &["roles", "--schema", "the shop", "--print"]).exits(0).stdout;
    on(&guarded.0, &["roles", "--schema", "the shop"]).exits(0);
    guarded.tries("app", add).unwrap();
    guarded.tries("readonly", "SELECT FROM \"the shop\".orders").unwrap();
    guarded.refuses("readonly", add);
    guarded.refuses("app", "DELETE FROM \"the shop\".__diesel_schema_migrations");
    guarded.refuses("app", "CREATE TABLE \"the shop\".mine ()");
    assert_eq!(owners(&guarded.0, "\"the shop\""), [format!("{name}_owner")]);
    // What comes later, too.
    let mut owner = guarded.0.connect();
    owner.execute(&format!("SET ROLE {name}_owner; CREATE TABLE \"the shop\".later (id bigserial)")).unwrap();
    guarded.tries("app", "INSERT INTO \"the shop\".later DEFAULT VALUES").unwrap();
    // Printed, it can be carried out.
    guarded.0.execute(&printed).unwrap();
    on(&guarded.0, &["roles", "--schema", "nowhere"])
        .exits(2)
        .complains("no schema \"nowhere\"")
        .complains("CREATE SCHEMA \"nowhere\";");
}

#[test]
fn the_schema_of_the_messenger_is_covered_whole_when_it_is_named() {
    let guarded = Guarded::afterwards();
    let name = guarded.0.name().to_owned();
    guarded
        .0
        .execute(&format!("CREATE ROLE {name}_other; CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO {name}_other"))
        .unwrap();
    on(&guarded.0, &["roles"]).exits(0);
    guarded.refuses("app", "SELECT FROM theirs");
    on(&guarded.0, &["roles", "--schema", "public"]).exits(0);
    guarded.tries("app", "DELETE FROM theirs").unwrap();
    assert_eq!(owners(&guarded.0, "public"), [format!("{name}_owner")]);
}
