//! docs/operating.md, carried out: its blocks run as they stand there, on servers of the test's own.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use messenger_db::local::{DATABASE, client_program};
use messenger_db::migrate::for_tests;
use messenger_db::migrate::for_tests::Connection;
use tempfile::TempDir;

use super::root;
use crate::support::{Run, Server, TestDatabase, messenger_db, until};

/// The blocks in this language below a heading.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/operating.md")).unwrap();
    let section = text.split("\n## ").flat_map(|chapter| chapter.split("\n### "));
    let section = section.filter(|section| section.lines().next() == Some(heading)).last().unwrap();
    let opening = format!("```{language}\n");
    let blocks: Vec<_> =
        section.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect();
    assert!(!blocks.is_empty(), "{heading} has no block of {language}");
    blocks
}

/// Stops a server when its input is closed, which happens however this process ends, and removes the folder.
const WATCHDOG: &str = r#"cat >/dev/null; "$1" --pgdata "$2" --mode immediate --wait stop; rm -rf "$3""#;

/// Where a recipe is carried out, as the user that runs the server: a folder, and what the commands find there.
struct Place {
    watches: Vec<Child>,
    folder: TempDir,
    programs: PathBuf,
    owner: (u32, u32),
    variables: BTreeMap<&'static str, String>,
}

impl Place {
    /// Beside a server.
    fn beside(server: &Server) -> Self {
        let connection = server.connect();
        let socket = fs::metadata(connection.host()).unwrap();
        let owner = (socket.uid(), socket.gid());
        let major = for_tests::target(&connection).major().unwrap();
        let programs = client_program("pg_ctl", major).parent().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("bin/messenger-db");
        for name in ["bin", "socket"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // The user may not enter the checkout.
        fs::copy(env!("CARGO_BIN_EXE_messenger-db"), &binary).unwrap();
        fs::set_permissions(&binary, Permissions::from_mode(0o755)).unwrap();
        for path in [folder.path(), &folder.path().join("socket")] {
            chown(path, Some(owner.0), Some(owner.1)).unwrap();
        }
        Self { watches: Vec::new(), folder, programs, owner, variables: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.insert(name, value.into());
    }

    /// Whether the programs of the server's version are there: npm's server comes without.
    fn has(&self, program: &str) -> bool {
        self.programs.join(program).exists()
    }

    /// Settles where a server with its data in this folder is to listen, and has it stopped in the end. Gives its URL.
    fn expect_server(&mut self, data: &Path, like: &Server) -> String {
        let rules = like.connect().execute("SHOW hba_file").unwrap().remove(0).remove(0).unwrap();
        fs::write(
            self.path("settings.conf"),
            format!(
                "listen_addresses = ''\nport = 5432\nunix_socket_directories = '{}'\nhba_file = '{rules}'\nfsync = off\n",
                self.path("socket").display()
            ),
        )
        .unwrap();
        let mut watchdog = self.command("/bin/sh");
        watchdog.args(["-c", WATCHDOG, "sh"]).arg(self.programs.join("pg_ctl")).arg(data).arg(self.folder.path());
        let watchdog =
            watchdog.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").spawn();
        self.watches.push(watchdog.unwrap());
        let mut url = url::Url::parse(&like.url(DATABASE)).unwrap();
        let others: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "host").collect();
        let socket = self.path("socket");
        url.query_pairs_mut().clear().append_pair("host", socket.to_str().unwrap()).extend_pairs(others);
        url.into()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:{}:/usr/local/bin:/usr/bin:/bin", self.path("bin").display(), self.programs.display());
        command.env_clear().env("PATH", path).env("HOME", self.folder.path()).envs(&self.variables);
        command.current_dir(self.folder.path());
        if fs::metadata("/proc/self").unwrap().uid() != self.owner.0 {
            command.uid(self.owner.0).gid(self.owner.1);
        }
        command
    }

    /// Carries out a block of the document.
    fn run(&self, script: &str) -> Run {
        let mut command = self.command("/bin/sh");
        // Into files: a server that it starts keeps what it has open.
        let [out, err] = ["out", "err"].map(|name| fs::File::create(self.path(name)).unwrap());
        let status = command.args(["-euc", script]).stdout(out).stderr(err).status().unwrap();
        let read = |name| fs::read_to_string(self.path(name)).unwrap();
        Run { code: status.code(), signal: None, stdout: read("out"), stderr: read("err") }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for watchdog in &mut self.watches {
            drop(watchdog.stdin.take());
            let _ = watchdog.wait();
        }
    }
}

/// The one value that a query gives.
fn value(url: &str, sql: &str) -> String {
    let mut rows = Connection::open(&url.parse().unwrap()).unwrap().execute(sql).unwrap();
    rows.remove(0).remove(0).unwrap_or_default()
}

/// A server with the schema and a little data, and the URL of its database.
fn seeded(server: &Server) -> String {
    let url = server.url(DATABASE);
    for command in ["run", "seed"] {
        Run::of(messenger_db(&[command]).env("DATABASE_URL", &url)).exits(0);
    }
    url
}

#[test]
fn the_probe_is_ready_on_a_migrated_database_and_not_on_an_empty_one() {
    let yaml = blocks("Is it ready", "yaml").remove(0);
    let command = yaml.split("command: ").nth(1).unwrap().lines().next().unwrap();
    let command: Vec<String> = serde_json::from_str(command).unwrap();
    let arguments: Vec<_> = command[1..].iter().map(String::as_str).collect();
    let probe = |database: &TestDatabase| Run::of(messenger_db(&arguments).env("DATABASE_URL", database.url()));
    assert_eq!(command[0], "messenger-db");
    probe(&TestDatabase::migrated()).exits(0);
    probe(&TestDatabase::empty()).exits(3);

    let server = Server::throwaway(&[]);
    let mut place = Place::beside(&server);
    place.set("DATABASE_URL", seeded(&server));
    place.run(&blocks("Is it ready", "sh").remove(0)).exits(0);
    let status: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(place.path("status.json")).unwrap()).unwrap();
    for field in ["standby", "writable", "replay_lag", "standbys", "lock_waits", "connections", "not_seen"] {
        assert!(status.get(field).is_some(), "{field}");
    }
}

#[test]
fn a_standby_is_made_and_becomes_the_primary() {
    let server = Server::throwaway(&[]);
    let mut place = Place::beside(&server);
    if !place.has("pg_basebackup") {
        return;
    }
    let data = place.path("data");
    let standby = place.expect_server(&data, &server);
    place.set("PRIMARY", seeded(&server));
    place.set("STANDBY", &standby);
    place.set("STANDBY_DATA", data.to_str().unwrap());
    place.set("STANDBY_LOG", place.path("log").to_str().unwrap());
    let [make, promote] = blocks("A standby, and failover", "sh").try_into().unwrap();

    let status = place.run(&make).exits(0).stdout;
    assert!(status.contains("\nstandby   yes, read-only; "), "{status}");
    let messages = value(&server.url(DATABASE), "SELECT count(*) FROM messages");
    assert_eq!(value(&standby, "SELECT count(*) FROM messages"), messages);
    // The primary is off.
    server.crash();
    let promoted = place.run(&promote).exits(0).stdout;
    assert!(promoted.contains("nothing to do") && !promoted.contains("standby"), "{promoted}");
    assert_eq!(value(&standby, "SELECT count(*) FROM messages"), messages);
}

#[test]
fn our_tables_are_replicated_logically_to_a_subscriber_that_migrated_itself_and_then_takes_over() {
    let publisher = Server::wanted(|builder| builder.throwaway().setting("wal_level = logical"));
    let subscriber = Server::throwaway(&[]);
    let mut place = Place::beside(&publisher);
    let (from, to) = (seeded(&publisher), subscriber.url(DATABASE));
    place.set("PUBLISHER", &from);
    place.set("SUBSCRIBER", &to);
    for block in blocks("Logical replication", "sh") {
        place.run(&block).exits(0);
    }
    let published = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_publication_tables";
    let ours = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')";
    assert_eq!(value(&from, published), value(&from, ours), "docs/operating.md names them");
    let messages = "SELECT md5(string_agg(messages::text, ' ' ORDER BY chat_id, seq)) FROM messages";
    assert_eq!(value(&to, messages), value(&from, messages));

    // Each can be changed and deleted from, too: by its key.
    Connection::open(&from.parse().unwrap())
        .unwrap()
        .execute("UPDATE messages SET metadata = '{\"a\": 1}'; DELETE FROM contacts")
        .unwrap();
    for block in blocks("With logical replication", "sh") {
        place.run(&block).exits(0);
    }
    assert_eq!(value(&to, messages), value(&from, messages));
    assert_eq!(value(&to, "SELECT count(*) FROM contacts"), "0");
    assert_eq!(value(&from, "SELECT count(*) FROM pg_replication_slots"), "0");
    let run = Run::of(messenger_db(&["run"]).env("DATABASE_URL", &to)).exits(0);
    assert!(run.stdout.contains("nothing to do"), "{}", run.stdout);
}

#[test]
fn a_database_goes_through_pg_upgrade() {
    let server = Server::throwaway(&[]);
    let mut place = Place::beside(&server);
    if !place.has("pg_upgrade") {
        return;
    }
    let url = seeded(&server);
    let messages = value(&url, "SELECT count(*) FROM messages");
    let data = place.path("data");
    let upgraded = place.expect_server(&data, &server);
    // To the same version, which pg_upgrade allows: another one with its pg_upgrade is rarely there.
    let programs = place.programs.to_str().unwrap().to_owned();
    place.set("OLD_BIN", &programs);
    place.set("NEW_BIN", &programs);
    place.set("OLD_DATA", value(&url, "SHOW data_directory"));
    place.set("NEW_DATA", data.to_str().unwrap());
    place.set("NEW_LOG", place.path("log").to_str().unwrap());
    place.set("SUPERUSER", value(&url, "SELECT current_user"));
    place.set("LOCALE", value(&url, "SELECT datcollate FROM pg_database WHERE datname = 'template0'"));
    place.set("DATABASE_URL", &upgraded);
    let run = place.run(&blocks("With pg_upgrade", "sh").remove(0)).exits(0);
    assert!(run.stdout.contains("and is what it should be"), "{}", run.stdout);
    assert_eq!(value(&upgraded, "SELECT count(*) FROM messages"), messages);
}

#[test]
fn a_database_is_maintained_and_a_person_is_exported_and_erased() {
    let server = Server::throwaway(&[]);
    let mut place = Place::beside(&server);
    let url = seeded(&server);
    place.set("DATABASE_URL", &url);
    place.set("PERSON", "alice");
    place.run(&blocks("Maintenance", "sh").remove(0)).exits(0);
    let object = fs::read_to_string(place.path("maintenance.jsonl")).unwrap();
    assert!(object.contains(r#""task":"old_messages","outcome":"done""#), "{object}");
    let run = place.run(&blocks("A person's data", "sh").remove(0)).exits(0);
    assert!(run.stdout.contains("Nothing is left in any table"), "{}", run.stdout);
    let export = fs::read_to_string(place.path("person.jsonl")).unwrap();
    assert!(export.lines().last().unwrap().contains("manifest"), "{export}");
    value(&url, &blocks("Maintenance", "sql").remove(0).replace("id, file_key", "count(*)").replace("ORDER BY id", ""));
    // The sidecar's command is one that the binary reads.
    let yaml = blocks("Maintenance", "yaml").remove(0);
    let command = yaml.split("command: [").nth(1).unwrap().split(']').next().unwrap();
    let arguments: Vec<_> = command.split(", ").chain(["--help"]).collect();
    Run::of(&mut messenger_db(&arguments)).exits(0);
}

#[test]
fn a_dump_is_restored_by_another_owner() {
    let server = Server::throwaway(&[]);
    let mut place = Place::beside(&server);
    if !place.has("pg_dump") {
        return;
    }
    let old = seeded(&server);
    Run::of(messenger_db(&["roles", "--prefix", "old"]).env("DATABASE_URL", &old)).exits(0);
    let mut admin = server.connect();
    admin.execute("CREATE ROLE restorer LOGIN").unwrap();
    for name in ["new", "with_acl", "with_extension"] {
        admin.execute(&format!("CREATE DATABASE {name} OWNER restorer")).unwrap();
    }
    let by_restorer = |database: &str| {
        let mut url = url::Url::parse(&server.url(database)).unwrap();
        let others: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "user").collect();
        url.query_pairs_mut().clear().extend_pairs(others).append_pair("user", "restorer");
        url.to_string()
    };
    place.set("OLD", &old);
    place.set("NEW", by_restorer("new"));
    let run = place.run(&blocks("Dump and restore", "sh").remove(0)).exits(0);
    assert!(run.stdout.contains("and is what it should be"), "{}", run.stdout);
    let count = "SELECT count(*) FROM messages";
    assert_eq!(value(&server.url("new"), count), value(&old, count));

    // Without --no-acl, as the document says.
    place.set("NEW", by_restorer("with_acl"));
    let run = place.run("pg_restore --dbname \"$NEW\" --no-owner messenger.dump").exits(1);
    assert!(run.stderr.contains("ALTER DEFAULT PRIVILEGES FOR ROLE old_owner"), "{}", run.stderr);
    assert!(run.stderr.contains("errors ignored on restore: 2\n"), "{}", run.stderr);

    // Where an administrator has installed the extension.
    let extended = server.url("with_extension");
    Connection::open(&extended.parse().unwrap()).unwrap().execute("CREATE EXTENSION pg_trgm").unwrap();
    place.set("NEW", by_restorer("with_extension"));
    let restore = "pg_restore --dbname \"$NEW\" --no-owner --no-acl --exit-on-error messenger.dump";
    let run = place.run(restore).exits(1);
    assert!(run.stderr.contains("must be owner of extension pg_trgm"), "{}", run.stderr);
    place.run(&blocks("Dump and restore", "sh")[1]).exits(0);
    assert_eq!(value(&extended, count), value(&old, count));
    Run::of(messenger_db(&["verify"]).env("DATABASE_URL", by_restorer("with_extension"))).exits(0);
}

#[test]
fn what_is_to_be_watched_gives_no_row_on_a_healthy_server_and_sizes_give_one_for_each_table() {
    let server = Server::throwaway(&[]);
    let url = seeded(&server);
    let rows = |sql: &str| Connection::open(&url.parse().unwrap()).unwrap().execute(sql).unwrap();
    for query in blocks("What to watch", "sql") {
        assert_eq!(rows(&query), Vec::<Vec<_>>::new(), "{query}");
    }
    let sizes = rows(&blocks("Sizes and autovacuum", "sql").remove(0));
    assert_eq!(sizes.len().to_string(), value(&url, "SELECT count(*) FROM pg_stat_user_tables"));
    assert!(sizes.len() > 10);
}

#[test]
fn an_invalid_index_and_an_open_transaction_are_among_what_is_watched() {
    let server = Server::throwaway(&[]);
    let url = seeded(&server);
    let mut session = server.connect();
    session.execute("CREATE TABLE twice AS SELECT 1 AS id FROM generate_series(1, 2)").unwrap();
    assert!(session.execute("CREATE UNIQUE INDEX CONCURRENTLY twice_idx ON twice (id)").is_err());
    let queries = blocks("What to watch", "sql");
    let invalid = queries.iter().find(|query| query.contains("indisvalid")).unwrap();
    until("the index is seen", || !session.execute(invalid).unwrap().is_empty());
    // The threshold of each age is in the text: with none, what is there shows.
    let open = queries.iter().find(|query| query.contains("xact_start")).unwrap().replace("5 minutes", "0");
    let mut other = Connection::open(&url.parse().unwrap()).unwrap();
    other.execute("BEGIN").unwrap();
    other.execute("SELECT 1").unwrap();
    assert!(!session.execute(&open).unwrap().is_empty());
}
