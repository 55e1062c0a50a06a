//! `backup`: a dump that is there whole or not at all, and no migration without the backup that was asked for.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use messenger_db::local::{PG_BIN_VARIABLE, client_program};
use messenger_db::migrate::{self, BackupError, BackupOptions, Error, Event, Observer, Silent, for_tests};
use rustix::process::Signal;
use tempfile::TempDir;

use super::{at, command, names, on, own_server, state};
use crate::schema::rows;
use crate::support::{LockHolder, Run, Running, TestDatabase, messenger_db};

/// Whether a `pg_dump` is installed that is new enough for the server of the tests: npm's server comes without.
pub(super) fn has_pg_dump(database: &TestDatabase) -> bool {
    let server = for_tests::target(&database.connect()).major().unwrap();
    let version = Command::new(client_program("pg_dump", server)).arg("--version").output();
    let said = version.map(|output| String::from_utf8(output.stdout).unwrap()).unwrap_or_default();
    let major = said.split_once("(PostgreSQL) ").and_then(|(_, rest)| rest.split(['.', ' ', '\n']).next());
    major.is_some_and(|major| major.parse::<u32>().unwrap() >= server)
}

/// A `pg_dump` that does what a script says; `$file` is where it is to write.
struct Fake {
    folder: TempDir,
}

impl Fake {
    fn new(version: &str, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = format!(
            "#!/bin/sh\n[ \"$1\" = --version ] && {{ echo 'pg_dump (PostgreSQL) {version}'; exit; }}\n\
             for file; do :; done\n{script}\n"
        );
        fs::write(folder.path().join("pg_dump"), program).unwrap();
        fs::set_permissions(folder.path().join("pg_dump"), PermissionsExt::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn command(&self, database: &TestDatabase, arguments: &[&str]) -> Command {
        let mut command = command(database, arguments);
        command.env(PG_BIN_VARIABLE, self.folder.path());
        command
    }
}

/// A place for backups.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A new database with what is in a dump.
fn restored(file: &Path) -> TestDatabase {
    let database = TestDatabase::empty();
    let mut command =
        Command::new(client_program("pg_restore", for_tests::target(&database.connect()).major().unwrap()));
    Run::of(command.args(["--exit-on-error", "--dbname", &database.url()]).arg(file)).exits(0);
    database
}

/// Every row of every table, as text.
fn contents(database: &TestDatabase) -> Vec<String> {
    let tables = database.column(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1",
    );
    let rows = |table| database.column(&format!("SELECT t::text FROM {table} AS t ORDER BY 1"));
    tables.iter().flat_map(|table| rows(table).into_iter().map(move |row| format!("{table}: {row}"))).collect()
}

#[test]
fn a_restored_backup_has_the_same_catalog_and_the_same_rows() {
    let (database, place) = (rows::populated(), Place::new());
    let file = place.file("chat.dump");
    let run = on(&database, &["backup", text(&file)]);
    if !has_pg_dump(&database) {
        run.exits(2).complains("cannot dump a server of version").complains("client programs of PostgreSQL");
        assert_eq!(place.names(), [""; 0]);
        return;
    }
    assert!(run.exits(0).stdout.contains("backed up to "));
    let restored = restored(&file);
    pretty_assertions::assert_eq!(restored.catalog(), database.catalog());
    assert!(contents(&database).len() > 20);
    pretty_assertions::assert_eq!(contents(&restored), contents(&database));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(place.names(), ["chat.dump"]);
}

#[test]
fn run_takes_the_backup_of_what_was_before() {
    let (database, place) = (at(names()[4]), Place::new());
    if !has_pg_dump(&database) {
        return;
    }
    let before = database.catalog();
    let file = place.file("before.dump");
    let run = on(&database, &["run", "--json", "--backup", text(&file)]).exits(0);
    assert_eq!(run.json()["backup"]["file"], text(&file));
    assert_eq!(run.json()["backup"]["bytes"], fs::metadata(&file).unwrap().len());
    pretty_assertions::assert_eq!(database.catalog(), TestDatabase::migrated().catalog());
    let restored = restored(&file);
    pretty_assertions::assert_eq!(restored.catalog(), before);
    on(&restored, &["run"]).exits(0);
    pretty_assertions::assert_eq!(restored.catalog(), database.catalog());
}

#[test]
fn a_backup_of_a_subscriber_has_no_subscription_in_it() {
    let (database, place) = (TestDatabase::migrated(), Place::new());
    if !has_pg_dump(&database) {
        return;
    }
    let file = place.file("subscriber.dump");
    let subscription = "CREATE SUBSCRIPTION ours CONNECTION 'host=nowhere password=secret' PUBLICATION ours
        WITH (connect = false, slot_name = NONE)";
    database.execute(subscription).unwrap();
    let run = on(&database, &["backup", text(&file)]);
    database.execute("DROP SUBSCRIPTION ours").unwrap();
    run.exits(0);
    let count = "SELECT count(*) FROM pg_subscription INNER JOIN pg_database ON pg_database.oid = subdbid
        WHERE datname = current_database()";
    let restored = restored(&file);
    assert_eq!(restored.value(count), "0");
    pretty_assertions::assert_eq!(restored.catalog(), database.catalog());
}

#[test]
fn nothing_pending_needs_no_backup() {
    let (database, place) = (TestDatabase::migrated(), Place::new());
    let run = on(&database, &["run", "--json", "--backup", text(&place.file("none"))]).exits(0);
    assert_eq!(run.json()["backup"], serde_json::Value::Null);
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn without_its_backup_run_touches_nothing_and_no_file_is_left() {
    let (database, place) = (at(names()[4]), Place::new());
    let before = state(&database);
    let fake = Fake::new("99.1", r#"printf PGDMP >"$file"; echo 'out of luck' >&2; exit 1"#);
    for command in [&["run", "--backup"][..], &["backup"]] {
        Run::of(fake.command(&database, command).arg(place.file("half.dump")))
            .exits(1)
            .complains("no backup: out of luck")
            .complains("Nothing was changed");
        assert_eq!(place.names(), [""; 0]);
    }
    assert_eq!(state(&database), before);
    let database = TestDatabase::empty();
    Run::of(fake.command(&database, &["run", "--backup"]).arg(place.file("half.dump"))).exits(1);
    assert_eq!(database.value("SELECT to_regclass('__diesel_schema_migrations') IS NULL"), "t");
}

#[test]
fn no_file_is_ever_overwritten() {
    let (database, place) = (at(names()[4]), Place::new());
    let before = state(&database);
    fs::write(place.file("a file"), "precious").unwrap();
    fs::create_dir(place.file("a folder")).unwrap();
    std::os::unix::fs::symlink("/no/such/target", place.file("a link")).unwrap();
    for name in ["a file", "a folder", "a link"] {
        on(&database, &["backup", text(&place.file(name))])
            .exits(2)
            .complains("exists, and a backup overwrites nothing");
        on(&database, &["run", "--backup", text(&place.file(name))]).exits(2);
    }
    // Made while the dump was running.
    let fake = Fake::new("99.1", r#"target=${file%.*.partial}; echo precious >"$target"; printf PGDMP >"$file""#);
    Run::of(&mut fake.command(&database, &["backup", text(&place.file("late"))])).exits(2).complains("exists");
    assert_eq!(fs::read_to_string(place.file("late")).unwrap(), "precious\n");
    assert_eq!(fs::read_to_string(place.file("a file")).unwrap(), "precious");
    let mut names = place.names();
    names.sort();
    assert_eq!(names, ["a file", "a folder", "a link", "late"]);
    assert_eq!(state(&database), before);
}

#[test]
fn a_dump_is_utf_8_whatever_encoding_clients_ask_for() {
    let (database, place) = (TestDatabase::migrated(), Place::new());
    if !has_pg_dump(&database) {
        return;
    }
    database.execute(&format!("ALTER DATABASE {} SET client_encoding = 'LATIN1'", database.name())).unwrap();
    let file = place.file("chat.dump");
    Run::of(command(&database, &["backup", text(&file)]).env("PGCLIENTENCODING", "LATIN2")).exits(0);
    pretty_assertions::assert_eq!(restored(&file).catalog(), database.catalog());
}

#[test]
fn without_a_name_the_file_is_called_after_the_database_and_the_time() {
    let (database, place) = (TestDatabase::empty(), Place::new());
    let fake = Fake::new("99.1", r#"printf PGDMP >"$file""#);
    let run = Run::of(fake.command(&database, &["backup", "--json"]).current_dir(place.0.path())).exits(0);
    let names = place.names();
    assert_eq!(run.json()["file"], names[0].as_str());
    let time = names[0].strip_prefix(&format!("{}-", database.name())).and_then(|rest| rest.strip_suffix("Z.dump"));
    assert!(time.is_some_and(|time| time.len() == 15 && time.contains('T')), "{names:?}");
}

#[test]
fn the_password_is_handed_over_where_others_cannot_read_it() {
    let database = TestDatabase::empty_on(own_server());
    let place = Place::new();
    let fake = Fake::new("99.1", r#"printf '%s\n' "$@" >"$file"; printf '%s' "$PGPASSWORD" >>"$file""#);
    let url =
        database.url().replace("user=messenger", "user=secretive&password=p%40ss%2Fw%3Ard%23%3F&connect_timeout=7");
    let file = place.file("seen");
    let run = Run::of(fake.command(&database, &["backup", text(&file)]).env("DATABASE_URL", &url)).exits(0);
    let seen = fs::read_to_string(&file).unwrap();
    let (arguments, password) = seen.rsplit_once('\n').unwrap();
    assert_eq!(password, "p@ss/w:rd#?");
    for told in [arguments, &run.stdout, &run.stderr] {
        assert!(!told.contains("p@ss") && !told.contains("p%40ss"), "{told}");
    }
    for told in
        ["--format=custom", "--no-password", "--lock-wait-timeout=2000", "user='secretive'", "connect_timeout='7'"]
    {
        assert!(arguments.contains(told), "{arguments}");
    }
    assert!(arguments.contains(&format!("dbname='{}'", database.name())), "{arguments}");
    let secret = "&sslpassword=swordfish";
    let run = Run::of(fake.command(&database, &["backup"]).env("DATABASE_URL", url + secret)).exits(2);
    assert!(!run.complains("(sslpassword)").stderr.contains("swordfish"));
}

#[test]
fn with_a_real_password_a_real_dump_is_taken() {
    let database = TestDatabase::empty_on(own_server());
    let place = Place::new();
    let url = database.url().replace("user=messenger", "user=secretive&password=p%40ss%2Fw%3Ard%23%3F");
    if has_pg_dump(&database) {
        Run::of(command(&database, &["backup", text(&place.file("a"))]).env("DATABASE_URL", &url)).exits(0);
        let wrong = Run::of(
            command(&database, &["backup", text(&place.file("b"))]).env("DATABASE_URL", url.replace("%40", "")),
        );
        wrong.exits(7);
    }
}

#[test]
fn a_pg_dump_older_than_the_server_is_refused_before_anything_is_written() {
    let (database, place) = (at(names()[4]), Place::new());
    let fake = Fake::new("14.11 (Debian 14.11-1)", "exit 0");
    let options = BackupOptions { file: place.file("old"), program: fake.folder.path().join("pg_dump") };
    let refused = migrate::backup(&database.pool(), &options, &mut Silent);
    assert!(matches!(refused, Err(Error::Backup(BackupError::TooOld { .. }))), "{refused:?}");
    let options = BackupOptions { file: place.file("none"), program: "/no/such/pg_dump".into() };
    let refused = migrate::backup(&database.pool(), &options, &mut Silent);
    assert!(matches!(refused, Err(Error::Backup(BackupError::Program { .. }))), "{refused:?}");
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn a_newer_pg_dump_is_preferred_to_one_that_is_too_old() {
    let old = Fake::new("9.6.24", "exit 1");
    if has_pg_dump(&TestDatabase::empty()) {
        // The search begins with the folder that the environment names, and goes on from there.
        let run = Run::of(&mut old.command(&TestDatabase::empty(), &["backup", "/dev/null/file"])).exits(1);
        assert!(!run.complains("cannot be written").stderr.contains("9.6"));
    }
}

#[test]
fn an_interrupted_backup_leaves_nothing() {
    let (database, place) = (at(names()[4]), Place::new());
    let before = state(&database);
    let fake = Fake::new("99.1", "exec sleep 600");
    for arguments in [&["backup"][..], &["run", "--backup"]] {
        let mut running = Running::start(fake.command(&database, arguments).arg(place.file("never")));
        running.says("backing up to");
        running.signal(Signal::TERM);
        running.ends().exits(1).complains("interrupted");
        assert_eq!(place.names(), [""; 0]);
    }
    assert_eq!(state(&database), before);
}

#[test]
fn a_backup_gives_way_to_a_lock() {
    let (database, place) = (TestDatabase::migrated(), Place::new());
    if has_pg_dump(&database) {
        let lock = LockHolder::of(&database, "LOCK TABLE users");
        on(&database, &["backup", "--lock-timeout", "50", text(&place.file("blocked"))])
            .exits(5)
            .complains("LOCK TABLE public.users IN ACCESS SHARE MODE")
            .complains(&format!("A table is held by process {} (", lock.pid()))
            .complains(&format!("SELECT pg_terminate_backend({})", lock.pid()));
        assert_eq!(place.names(), [""; 0]);
    }
}

#[test]
fn run_says_who_keeps_its_backup_waiting() {
    let (database, place) = (at(names()[4]), Place::new());
    if has_pg_dump(&database) {
        database.execute("CREATE TABLE notes ()").unwrap();
        let before = state(&database);
        let lock = LockHolder::of(&database, "LOCK TABLE notes");
        on(&database, &["run", "--lock-timeout", "50", "--backup", text(&place.file("blocked"))])
            .exits(5)
            .complains("LOCK TABLE public.notes IN ACCESS SHARE MODE")
            .complains(&format!("A table is held by process {} (", lock.pid()));
        assert_eq!(place.names(), [""; 0]);
        assert_eq!(state(&database), before);
    }
}

#[test]
fn a_folder_that_is_not_there_is_told_before_the_dump_begins() {
    let database = at(names()[4]);
    let before = state(&database);
    let fake = Fake::new("99.1", "exit 0");
    Run::of(&mut fake.command(&database, &["run", "--backup", "/no/such/folder/file"]))
        .exits(1)
        .complains("/no/such/folder/file")
        .complains("cannot be written");
    assert_eq!(state(&database), before);
}

#[test]
fn a_backup_does_not_go_to_standard_output() {
    Run::of(&mut messenger_db(&["backup", "-"])).exits(2).complains("goes into a file");
}

#[test]
fn a_dump_of_columns_with_options_that_nobody_knows_is_restored_and_verified() {
    let (database, place) = (TestDatabase::migrated(), Place::new());
    if !has_pg_dump(&database) {
        return;
    }
    database
        .execute(
            "UPDATE pg_attribute SET attoptions = '{pg_attver=7}' WHERE attnum > 0 AND attrelid IN (
                 SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
             )",
        )
        .unwrap();
    let file = place.file("marked");
    on(&database, &["backup", text(&file)]).exits(0);
    let restored = TestDatabase::empty();
    let program = client_program("pg_restore", for_tests::target(&restored.connect()).major().unwrap());
    // An older pg_dump writes the options down, and an older server refuses them; nothing else is missing then.
    Run::of(Command::new(program).args(["--dbname", &restored.url()]).arg(&file));
    on(&restored, &["verify", "--strict"]).exits(0);
    on(&restored, &["status", "--exit-code"]).exits(0);
}

/// Notes how far a backup is, and lets the program go on that waits for a file.
struct Watching {
    seen: Vec<(u64, u64, String)>,
    file: PathBuf,
}

impl Observer for Watching {
    fn on(&mut self, event: &Event<'_>) {
        if let Event::BackupProgress { done, total, table } = event {
            self.seen.push((*done, *total, (*table).to_owned()));
            fs::write(&self.file, "").unwrap();
        }
    }

    fn wants_progress(&self) -> bool {
        true
    }
}

#[test]
fn a_backup_tells_how_far_it_is_to_those_who_want_to_know() {
    let (database, place) = (TestDatabase::empty(), Place::new());
    database
        .execute(
            "CREATE TABLE wide AS SELECT repeat('x', 1000) FROM generate_series(1, 20000); CREATE TABLE a AS SELECT 1",
        )
        .unwrap();
    database.execute("ANALYZE").unwrap();
    let psql = client_program("psql", for_tests::target(&database.connect()).major().unwrap());
    // The server is in the middle of the table until somebody has seen it, or for ten seconds.
    let fake = Fake::new(
        "99.1",
        &format!(
            r#"for argument; do case $argument in --dbname=*) url=${{argument#--dbname=}} ;; esac; done
            {} "$url" --command 'COPY wide TO STDOUT' | {{
                tries=0
                until [ -e {} ] || [ $tries = 100 ]; do tries=$((tries + 1)); sleep 0.1; done
                cat >"$file"
            }}"#,
            psql.display(),
            place.file("seen").display()
        ),
    );
    let pool =
        migrate::connect(&database.url().parse().unwrap(), &migrate::ConnectOptions::default(), &mut Silent).unwrap();
    let options = BackupOptions { file: place.file("slow.dump"), program: fake.folder.path().join("pg_dump") };
    let mut watching = Watching { seen: Vec::new(), file: place.file("seen") };
    migrate::backup(&pool, &options, &mut watching).unwrap();
    let (done, total, table) = &watching.seen[0];
    // What comes before it by name is done.
    assert!(*done > 8_192 && done <= total && *total > 20_000_000 && table == "wide", "{:?}", watching.seen);
}
