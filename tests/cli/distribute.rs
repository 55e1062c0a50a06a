//! The command `distribute`: what it would do on a plain server, and what it does on one that stands in for Citus.

use std::fs;
use std::path::Path;

use messenger_db::migrate::for_tests::statements;
use messenger_db::migrate::migrations;

use super::{on, state};
use crate::support::TestDatabase;

/// A migrated database on a plain server that has what is used of Citus.
fn with_stand_in() -> TestDatabase {
    let database = TestDatabase::migrated();
    database.execute(include_str!("citus_stand_in.sql")).unwrap();
    let name = database.name();
    database.execute(&format!("ALTER DATABASE {name} SET search_path = public, citus_stand_in")).unwrap();
    database
}

#[test]
fn without_the_extension_the_sql_is_printed_and_nothing_is_done() {
    let database = TestDatabase::migrated();
    let before = state(&database);
    on(&database, &["distribute"]).exits(2).complains("CREATE EXTENSION citus").complains("citus_add_node");
    let printed = on(&database, &["distribute", "--print"]).exits(0).complains("cannot be carried out here yet").stdout;
    assert_eq!(state(&database), before);
    // The comments are those of docs/schema.md.
    let is_kept = |line: &&str| !line.starts_with("COMMENT ON ");
    let printed = printed.lines().filter(is_kept).collect::<Vec<_>>().join("\n") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/distribute.sql");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(&path, &printed).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    pretty_assertions::assert_eq!(printed, golden, "tests/cli/distribute.sql is stale: make snapshots writes it");

    on(&TestDatabase::empty(), &["distribute", "--print"]).exits(2).complains("migrations are pending");
}

#[test]
fn what_is_not_where_it_belongs_is_placed_and_verify_tells_of_it() {
    let database = with_stand_in();
    let before = database.catalog();
    on(&database, &["verify"]).exits(0);
    let done = on(&database, &["distribute", "--json"]).exits(0).json();
    assert_eq!((&done["done"], &done["workers"]), (&true.into(), &1.into()));
    // The foreign keys are there again, and so is every comment.
    pretty_assertions::assert_eq!(database.catalog(), before);
    on(&database, &["verify"]).exits(0);
    assert!(on(&database, &["distribute"]).exits(0).stdout.contains("nothing to distribute"));
    database.execute("DELETE FROM citus_stand_in.pg_dist_node WHERE groupid = 1").unwrap();
    on(&database, &["distribute"]).exits(0).complains("no other server takes shards");
    let local = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND oid NOT IN (SELECT logicalrelid FROM pg_dist_partition) ORDER BY 1";
    assert_eq!(database.column(local), ["__diesel_schema_migrations", "messenger_db_ledger"]);
    let backwards = "SELECT conname FROM pg_constraint
        INNER JOIN pg_dist_partition AS own ON own.logicalrelid = conrelid
        INNER JOIN pg_dist_partition AS other ON other.logicalrelid = confrelid
        WHERE contype = 'f' AND other.partmethod = 'h' AND own.colocationid <> other.colocationid";
    assert_eq!(database.column(backwards), [""; 0]);
    let delegated = "SELECT objid::regproc FROM pg_dist_object WHERE distribution_argument_index = 0 ORDER BY 1::text";
    assert_eq!(database.column(delegated), ["mark_delivered", "mark_read", "send_message"]);

    // Of rows, the coordinator's copy is locked.
    let read = "SELECT DISTINCT view.relname || ' reads ' || own.relname FROM pg_rewrite
        INNER JOIN pg_class AS view ON view.oid = ev_class AND view.relname LIKE 'local\\_%'
        INNER JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
        INNER JOIN pg_class AS own ON refclassid = 'pg_class'::regclass AND own.oid = refobjid AND own.relkind = 'r'
        ORDER BY 1";
    assert_eq!(
        database.column(read),
        [
            "local_chats reads chats_102001",
            "local_contacts reads contacts_102002",
            "local_user_sessions reads user_sessions_102003",
            "local_users reads users_102004",
        ]
    );
    database.execute("CREATE OR REPLACE VIEW local_chats AS SELECT id, kind, deleted_at FROM chats").unwrap();
    database.execute("GRANT SELECT ON local_chats TO PUBLIC").unwrap();
    let told = on(&database, &["verify"]).exits(4).stdout;
    assert!(told.contains("view local_chats: reads the table, and is to read the coordinator's copy"), "{told}");
    database.execute("DROP TABLE citus_stand_in.chats_102001").unwrap();
    on(&database, &["distribute"]).exits(0);
    on(&database, &["verify"]).exits(0);
    assert_eq!(database.value("SELECT relacl::text LIKE '%{=r/%' OR relacl::text LIKE '%,=r/%' FROM pg_class WHERE relname = 'local_chats'"), "t");

    // What another server lacks, or has from an older backup.
    let mark_read = "public.mark_read(public.chat_id, public.user_id, pg_catalog.int8)";
    database.execute(&format!("INSERT INTO citus_stand_in.changed VALUES ('{mark_read}')")).unwrap();
    let told = on(&database, &["verify"]).exits(4).stdout;
    assert!(told.contains(&format!("server worker:5432: has another body of {mark_read}\n")), "{told}");
    let again = on(&database, &["distribute", "--print"]).exits(0).stdout;
    assert!(again.contains("CREATE OR REPLACE FUNCTION public.mark_read("), "{again}");
    database.execute("DELETE FROM citus_stand_in.changed").unwrap();
    for lacking in ["public.page_picture", mark_read] {
        database.execute(&format!("INSERT INTO citus_stand_in.lacking VALUES ('{lacking}')")).unwrap();
        let told = on(&database, &["verify"]).exits(4).stdout;
        assert!(told.contains(&format!("server worker:5432: lacks {lacking}")), "{told}");
        database.execute("DELETE FROM citus_stand_in.lacking").unwrap();
    }

    // A table that is new, and one that somebody has distributed in another way.
    database.execute("DELETE FROM pg_dist_partition WHERE logicalrelid = 'attachments'::regclass").unwrap();
    let told = on(&database, &["verify"]).exits(4).stdout;
    assert!(told.contains("layout     table attachments: local, and is to be distributed by chat_id"), "{told}");
    assert!(told.contains(": 1 difference."), "{told}");
    let told = on(&database, &["status", "--exit-code"]).exits(4).stdout;
    assert!(told.contains("layout    table attachments: local, and is to be distributed by chat_id\n"), "{told}");
    on(&database, &["distribute"]).exits(0);
    on(&database, &["verify"]).exits(0);
    for (changed, wrong) in [
        ("colocationid = 99", "table chat_settings: its shards are not with those of chat_heads"),
        ("partkey = 'user_id'", "table chat_settings: distributed by user_id, and is to be distributed by chat_id"),
    ] {
        database
            .execute(&format!("UPDATE pg_dist_partition SET {changed} WHERE logicalrelid = 'chat_settings'::regclass"))
            .unwrap();
        let told = on(&database, &["verify"]).exits(4).stdout;
        assert!(told.contains(wrong), "{told}");
        on(&database, &["distribute"]).exits(2).complains(wrong).complains("undistribute_table");
    }
}

#[test]
fn a_migration_of_a_distributed_database_is_sent_a_statement_at_a_time_one_shard_after_the_other() {
    let database = with_stand_in();
    database
        .execute(
            "CREATE TABLE citus_stand_in.sent (query text, mode text);
             CREATE FUNCTION citus_stand_in.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO citus_stand_in.sent
                 VALUES (current_query(), current_setting('citus.multi_shard_modify_mode', true));
             END $$;
             CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION citus_stand_in.note()",
        )
        .unwrap();
    on(&database, &["redo", "--allow-drift"]).exits(0);
    let made = "SELECT query FROM citus_stand_in.sent WHERE mode = 'sequential'";
    let sent = database.column(made);
    let newest = migrations().unwrap().pop().unwrap();
    let mut statements = statements::split(newest.up);
    statements.retain(|one| one.text.starts_with("CREATE ") || one.text.starts_with("COMMENT "));
    let missing: Vec<_> = statements.iter().filter(|one| !sent.iter().any(|sent| sent == one.text)).collect();
    assert!(statements.len() > 1 && missing.is_empty(), "{missing:#?}");
}
