//! `--allow-drift`: everything, one thing by a pattern, and what a committed file says.

use super::{at, names, on};
use crate::support::{Run, TestDatabase, messenger_db};

const AUDIT: &str =
    "CREATE TRIGGER audit_messages BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION diesel_set_updated_at()";

#[test]
fn one_thing_is_allowed_and_everything_else_is_not() {
    let database = at(names()[8]);
    database.execute(AUDIT).unwrap();
    let pattern = "--allow-drift=table messages: trigger audit*";
    for command in [&["run"][..], &["plan"], &["plan", "--rehearse"], &["verify"], &["status", "--exit-code"]] {
        on(&database, command).exits(4);
    }
    on(&database, &["plan", pattern]).exits(0);
    on(&database, &["plan", "--rehearse", pattern]).exits(0);
    let verified = on(&database, &["verify", pattern]).exits(0);
    assert!(verified.stdout.starts_with("allowed    table messages: trigger audit_messages\n"), "{}", verified.stdout);
    on(&database, &["status", "--exit-code", pattern]).exits(3);

    database.execute("ALTER TABLE messages ADD must integer NOT NULL DEFAULT 1").unwrap();
    database.execute("ALTER TABLE messages ALTER must DROP DEFAULT").unwrap();
    let refused = on(&database, &["run", pattern]).exits(4).complains("unexpected table messages: column must");
    assert!(!refused.stderr.contains("audit"), "{}", refused.stderr);
    on(&database, &["run", pattern, "--allow-drift=unexpected table messages: column must"]).exits(0);
    on(&database, &["redo", pattern, "--allow-drift=table messages: column *"]).exits(0);
    on(&database, &["verify", "--strict", pattern, "--allow-drift=table messages: column *"]).exits(0);
    on(&database, &["verify", "--allow-drift"]).exits(0);
}

#[test]
fn a_pattern_that_matches_nothing_is_told_also_when_the_database_is_refused() {
    let database = TestDatabase::migrated();
    let idle = "--allow-drift=table users: trigger spy*";
    let told = "nothing differs that \"table users: trigger spy*\" matches";
    on(&database, &["verify", idle]).exits(0).complains(told);
    database.execute(AUDIT).unwrap();
    on(&database, &["verify", idle]).exits(4).complains(told);
    on(&database, &["verify", "--allow-drift=nonsense"]).exits(2).complains("begins with no kind of object");
    on(&database, &["verify", "--allow-drift="]).exits(2).complains("a pattern is missing");
}

#[test]
fn a_file_holds_patterns_and_a_line_that_is_none_is_named() {
    let database = TestDatabase::migrated();
    database.execute(AUDIT).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("allowed.txt");
    let option = format!("--allow-drift=@{}", file.display());
    std::fs::write(&file, "# The audit of the platform.\r\n\r\ntable *: trigger audit*\r\n").unwrap();
    on(&database, &["verify", &option]).exits(0);
    let exec = messenger_db(&["exec", &option, "--", "echo", "hello"])
        .env("DATABASE_URL", database.url())
        .env("RUN_MIGRATIONS", "true")
        .output();
    assert_eq!(Run::from(exec.unwrap()).exits(0).stdout, "hello\n");
    std::fs::write(&file, "table *: trigger audit*\n\nmessages\n").unwrap();
    on(&database, &["verify", &option]).exits(2).complains("allowed.txt:3: it begins with no kind");
    std::fs::remove_file(&file).unwrap();
    on(&database, &["verify", &option]).exits(2).complains("allowed.txt: No such file");
}

#[test]
fn row_security_from_a_platforms_event_trigger_is_named_as_what_it_is_and_can_be_allowed() {
    let database = TestDatabase::empty();
    database
        .execute(
            "CREATE SCHEMA platform;
             CREATE FUNCTION platform.secure() RETURNS event_trigger LANGUAGE plpgsql AS $$
                 DECLARE command record;
                 BEGIN
                     FOR command IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE command_tag = 'CREATE TABLE' LOOP
                         EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', command.object_identity);
                     END LOOP;
                 END $$;
             CREATE EVENT TRIGGER ensure_rls ON ddl_command_end EXECUTE FUNCTION platform.secure()",
        )
        .unwrap();
    on(&database, &["run", "--to", names()[6]])
        .exits(4)
        .complains("unexpected table users: row security")
        .complains("event trigger ensure_rls: ddl_command_end EXECUTE FUNCTION platform.secure")
        .complains("--allow-drift='table *: row security'");
    on(&database, &["run"]).exits(4);
    on(&database, &["run", "--allow-drift=table *: row security"]).exits(0);
    on(&database, &["verify", "--allow-drift=table *: row security"]).exits(0);
    on(&database, &["verify"]).exits(4).complains("ensure_rls");
}
