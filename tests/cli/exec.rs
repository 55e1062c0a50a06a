//! `exec`: waits for the database, migrates it when that is wanted, and becomes the program.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::{applied, at, command, names, versions};
use crate::support::{AnnouncedServer, LockHolder, Run, Running, Server, TestDatabase, messenger_db, until};

/// The binary with `exec`, and a database to migrate when so told.
fn exec(database: &TestDatabase, switch: Option<&str>, program: &[&str]) -> Command {
    let mut command = command(database, &[&["exec", "--"], program].concat());
    command.env_remove("RUN_MIGRATIONS");
    if let Some(switch) = switch {
        command.env("RUN_MIGRATIONS", switch);
    }
    command
}

fn is_untouched(database: &TestDatabase) -> bool {
    database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL") == "t"
}

#[test]
fn it_becomes_the_program_with_its_process_arguments_and_exit_code() {
    let database = TestDatabase::migrated();
    let script = r#"echo $$; for each; do echo "<$each>"; done; cat; exit 42"#;
    let mut child = exec(&database, None, &["sh", "-c", script, "sh", "a b", "", "--wait", "--", "%"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"what was typed").unwrap();
    let run = Run::from(child.wait_with_output().unwrap()).exits(42);
    assert_eq!(run.stdout, format!("{pid}\n<a b>\n<>\n<--wait>\n<-->\n<%>\nwhat was typed"));
    assert_eq!(run.stderr, "");
}

#[test]
fn it_migrates_when_the_switch_says_so_and_leaves_standard_output_to_the_program() {
    let database = TestDatabase::empty();
    let run = Run::of(&mut exec(&database, Some("true"), &["echo", "the program"])).exits(0);
    assert_eq!(run.stdout, "the program\n");
    for name in names() {
        assert!(run.stderr.contains(&format!("applied   {name} ")), "{name} is not in:\n{}", run.stderr);
    }
    assert_eq!(applied(&database), versions());

    let run = Run::of(exec(&database, Some("1"), &["echo", "again"]).arg("--json")).exits(0);
    assert_eq!(run.stdout, "again --json\n");
    let database = TestDatabase::empty();
    let run = Run::of(command(&database, &["exec", "--json", "--", "true"]).env("RUN_MIGRATIONS", "yes")).exits(0);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&run.stderr).unwrap()["command"], "run");
}

#[test]
fn it_migrates_nothing_otherwise() {
    let database = TestDatabase::empty();
    for switch in [None, Some(""), Some("false"), Some("0"), Some("no"), Some("OFF")] {
        Run::of(&mut exec(&database, switch, &["true"])).exits(0);
        assert!(is_untouched(&database), "{switch:?}");
    }
}

#[test]
fn a_switch_that_says_neither_is_refused_before_anything_is_done() {
    let database = TestDatabase::empty();
    for switch in ["ture", "2", "maybe", "true,false"] {
        let run = Run::of(&mut exec(&database, Some(switch), &["echo", "the program"]))
            .exits(2)
            .complains("RUN_MIGRATIONS says neither yes nor no")
            .complains("RUN_MIGRATIONS=true");
        assert_eq!(run.stdout, "");
        assert!(is_untouched(&database));
    }
}

#[test]
fn a_run_that_fails_keeps_the_program_from_starting() {
    let database = TestDatabase::empty();
    database.execute("CREATE TABLE users (id integer)").unwrap();
    let run = Run::of(&mut exec(&database, Some("true"), &["echo", "the program"])).exits(4);
    assert!(run.complains("unexpected table users").stdout.is_empty());
}

#[test]
fn a_database_that_is_ahead_keeps_the_program_from_starting_unless_that_is_allowed() {
    let database = TestDatabase::migrated();
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99messenger')").unwrap();
    Run::of(&mut exec(&database, Some("true"), &["true"])).exits(6);
    let allowing = &mut command(&database, &["exec", "--allow-ahead", "--", "true"]);
    Run::of(allowing.env("RUN_MIGRATIONS", "true")).exits(0);
}

#[test]
fn a_program_that_is_not_found_or_not_executable_is_told_with_the_codes_of_a_shell() {
    let database = TestDatabase::empty();
    for program in ["no-such-program", "/no/such/program", ""] {
        Run::of(&mut exec(&database, Some("true"), &[program])).exits(127).complains("is not found");
        assert!(is_untouched(&database), "nothing is migrated for nothing");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("program");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let file = file.to_str().unwrap();
    Run::of(&mut exec(&database, None, &[file])).exits(126).complains("cannot be executed: Permission denied");
    Run::of(&mut exec(&database, None, &["/"])).exits(126);
    let missing = Run::of(&mut command(&database, &["exec"])).exits(2);
    assert!(missing.stderr.contains("<CMD>"), "{}", missing.stderr);
    // Without the dashes it could be an option's value.
    Run::of(&mut command(&database, &["exec", "true"])).exits(2);
}

#[test]
fn without_a_database_url_it_is_refused() {
    Run::of(&mut messenger_db(&["exec", "--", "true"])).exits(2).complains("exec needs a database URL");
}

/// What a program sees that is started directly, and what it sees behind `exec`.
fn seen(database: &TestDatabase, before: &str, program: &str) -> [String; 2] {
    let binary = env!("CARGO_BIN_EXE_messenger-db");
    [program.to_owned(), format!("{binary} exec -- {program}")].map(|started| {
        let command = command(database, &[]);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("{before} exec {started}")]).current_dir("/").env_clear();
        shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("PATH", std::env::var_os("PATH").unwrap()).env("RUN_MIGRATIONS", "true");
        Run::of(&mut shell).exits(0).stdout
    })
}

/// Which signals are blocked, ignored and caught, without the two that glibc keeps for itself.
fn signals(status: &str) -> [u64; 3] {
    ["SigBlk:", "SigIgn:", "SigCgt:"].map(|name| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
        u64::from_str_radix(mask, 16).unwrap() & !(1 << 31 | 1 << 32)
    })
}

#[test]
#[cfg(target_os = "linux")]
fn signals_files_and_environment_are_as_they_were() {
    let database = TestDatabase::migrated();
    for before in ["", "trap '' INT;", "trap '' TERM HUP;", "trap '' INT QUIT TERM USR1;"] {
        let [directly, behind] = seen(&database, before, "cat /proc/self/status").map(|status| signals(&status));
        assert_eq!(directly, behind, "{before}");
    }
    for program in
        ["ls /proc/self/fd", "env -0", "cat /proc/self/cmdline", "sh -c umask", "cat /proc/self/oom_score_adj"]
    {
        let [directly, behind] = seen(&database, "", program);
        assert_eq!(directly, behind, "{program}");
    }
    let [_, environment] = seen(&database, "", "env");
    assert!(environment.contains(&format!("DATABASE_URL={}\n", database.url())), "{environment}");
}

#[test]
fn what_an_env_file_adds_is_not_passed_on() {
    let database = TestDatabase::empty();
    let folder = tempfile::tempdir().unwrap();
    let lines = format!("DATABASE_URL='{}'\nRUN_MIGRATIONS=true\nKNOWN=from the file\n", database.url());
    std::fs::write(folder.path().join(".env"), lines.replace("from the file", "file")).unwrap();
    let mut command = messenger_db(&["exec", "--", "env"]);
    command.current_dir(folder.path()).env("KNOWN", "before").env_remove("RUN_MIGRATIONS");
    let run = Run::of(&mut command).exits(0);
    assert_eq!(applied(&database), versions());
    assert!(run.stdout.contains("KNOWN=before\n"), "{}", run.stdout);
    assert!(!run.stdout.contains("DATABASE_URL") && !run.stdout.contains("RUN_MIGRATIONS"), "{}", run.stdout);
}

#[test]
fn a_signal_ends_the_program_and_the_caller_sees_by_which() {
    let database = TestDatabase::migrated();
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        let mut running =
            Running::start(&mut exec(&database, Some("true"), &["sh", "-c", "echo ready; exec sleep 600"]));
        running.says("ready");
        running.signal(signal);
        assert_eq!(running.ends().signal, Some(signal.as_raw()));
    }
}

#[test]
fn it_waits_for_the_server_without_being_told_to_and_keeps_no_session() {
    let announced = AnnouncedServer::new(&[]);
    let url = announced.url();
    let psql = "SELECT 'sessions: ' || count(*) FROM pg_stat_activity WHERE application_name = 'messenger-db'";
    let mut command = messenger_db(&["exec", "--", "psql", "--no-psqlrc", "--tuples-only", "--command", psql, &url]);
    let mut running = Running::start(command.env("DATABASE_URL", &url).env("RUN_MIGRATIONS", "true"));
    running.says("waiting up to 60 s for");
    let _server = announced.start();
    let run = running.ends().exits(0);
    assert_eq!(run.stdout.trim(), "sessions: 0");
}

#[test]
fn waiting_can_be_interrupted_and_then_nothing_is_started() {
    for switch in ["true", "false"] {
        let mut command = messenger_db(&["exec", "--", "echo", "the program"]);
        command.env("DATABASE_URL", "postgresql://127.0.0.1:1/chat").env("RUN_MIGRATIONS", switch);
        let mut running = Running::start(&mut command);
        running.says("waiting up to 60 s");
        running.signal(Signal::TERM);
        assert_eq!(running.ends().exits(1).complains("interrupted while waiting").stdout, "");
    }
    let none = &mut messenger_db(&["exec", "--wait", "0", "--", "echo", "the program"]);
    Run::of(none.env("DATABASE_URL", "postgresql://127.0.0.1:1/chat")).exits(7);
}

#[test]
fn two_containers_at_once_migrate_once_and_both_start() {
    let database = TestDatabase::empty();
    let start = || Running::start(&mut exec(&database, Some("true"), &["echo", "up"]));
    let runs = [start(), start(), start()].map(|running| running.ends().exits(0));
    assert!(runs.iter().all(|run| run.stdout == "up\n"));
    let lines = runs.iter().flat_map(|run| run.stderr.lines()).filter(|line| line.starts_with("applied")).count();
    assert_eq!(lines, names().len());
    pretty_assertions::assert_eq!(database.catalog(), at(names().last().unwrap()).catalog());
}

/// A folder with a migration of a service's own.
fn own_folder(up: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("2026-12-01-000000_create_pets")).unwrap();
    std::fs::write(folder.path().join("2026-12-01-000000_create_pets/up.sql"), up).unwrap();
    folder
}

#[test]
fn the_services_own_migrations_are_carried_out_too() {
    let database = TestDatabase::empty();
    let folder = own_folder("CREATE TABLE pets (owner user_id REFERENCES users)");
    let also = folder.path().to_str().unwrap();
    for (switch, is_there) in [("false", "f"), ("true", "t"), ("true", "t")] {
        let mut command = command(&database, &["exec", "--also", also, "--", "echo", "up"]);
        let run = Run::of(command.env("RUN_MIGRATIONS", switch)).exits(0);
        assert_eq!(run.stdout, "up\n");
        assert_eq!(database.value("SELECT to_regclass('pets') IS NOT NULL"), is_there, "{switch}");
    }
    assert_eq!(applied(&database).len(), versions().len() + 1);
}

#[test]
fn a_folder_that_is_wrong_is_told_before_anybody_waits_for_a_server() {
    let folder = own_folder("COMMIT");
    let also = folder.path().to_str().unwrap();
    for arguments in [&["exec", "--also", also, "--", "true"][..], &["run", "--wait", "60s", "--also", also]] {
        let command = &mut messenger_db(arguments);
        command.env("DATABASE_URL", "postgresql://127.0.0.1:1/chat").env("RUN_MIGRATIONS", "true");
        let run = Run::of(command).exits(2).complains("2026-12-01-000000_create_pets/up.sql:1");
        assert!(!run.stderr.contains("waiting"), "{}", run.stderr);
    }
}

#[test]
fn a_run_whose_primary_fails_is_finished_on_the_standby_that_is_promoted() {
    let server: &'static Server = Box::leak(Box::new(Server::throwaway(&[])));
    let database = TestDatabase::empty_on(server);
    let standby = server.standby();
    let both = format!(
        "postgresql:///{}?host={},{}&port=5432,5432&user={}&target_session_attrs=read-write",
        database.name(),
        server.connect().host(),
        standby.connect().host(),
        server.connect().user()
    );
    let start = |arguments: &[&str]| {
        Running::start(messenger_db(arguments).env("DATABASE_URL", &both).env("RUN_MIGRATIONS", "true"))
    };
    let lock = LockHolder::of_type(&database, "contact_status");
    let mut run = start(&["run", "--lock-timeout", "0"]);
    run.says("waiting for a lock");
    let before = applied(&database);
    assert!(!before.is_empty() && before.len() < versions().len(), "{before:?}");
    let sent = database.value("SELECT pg_current_wal_insert_lsn()");
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{sent}'");
    until("the standby has replayed", || standby.connect().execute(&replayed).unwrap() == [[Some("t".to_owned())]]);

    server.crash();
    drop(lock);
    run.ends().exits(1);
    // There is no primary, until somebody promotes the standby.
    let mut exec = start(&["exec", "--wait", "60s", "--", "echo", "up"]);
    let line = exec.says("waiting up to");
    assert!(line.contains("target_session_attrs"), "{line}");
    standby.connect().execute("SELECT pg_promote()").unwrap();
    let run = exec.ends().exits(0);
    assert_eq!(run.stdout, "up\n");
    let count = run.stderr.lines().filter(|line| line.starts_with("applied")).count();
    assert_eq!(count, versions().len() - before.len(), "{}", run.stderr);
    Run::of(messenger_db(&["verify", "--strict"]).env("DATABASE_URL", &both)).exits(0);
    // For the database of the test to be dropped.
    server.restart();
}
