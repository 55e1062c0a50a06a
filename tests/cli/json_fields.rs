//! docs/json.md against what the commands print: the same fields, of the same types, for every command.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use super::{at, command, commands, names, on, with_its_arguments};
use crate::support::{Run, Running, Server, StateFolder, TestDatabase, messenger_db, until};

/// What the document says of an object: its fields by path, such as `steps[].name`, and their types.
#[derive(Default)]
struct Documented {
    types: BTreeMap<String, String>,
    seen: BTreeSet<String>,
}

/// The document, by its headings, which name the commands.
fn documented() -> BTreeMap<String, Documented> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap();
    let mut found = BTreeMap::new();
    for section in text.split("\n## ").skip(1) {
        let (heading, body) = section.split_once('\n').unwrap();
        let mut types: BTreeMap<_, _> = body
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| {
                let cells: Vec<_> = line.split(" | ").collect();
                (cells[0].trim_matches(['|', ' ', '`']).to_owned(), cells[1].to_owned())
            })
            .collect();
        let is_error = heading == "An error";
        types.insert("command".to_owned(), if is_error { "string or null" } else { "string" }.to_owned());
        found.insert(heading.to_owned(), Documented { types, ..Documented::default() });
    }
    found
}

/// The heading that names a command.
fn heading<'a>(documented: &'a BTreeMap<String, Documented>, command: &str) -> Option<&'a String> {
    documented.keys().find(|heading| heading.split(", ").any(|name| name == format!("`{command}`")))
}

impl Documented {
    /// The names of the fields directly below a path.
    fn children(&self, above: &str) -> BTreeSet<&str> {
        let below = |path: &'_ str| path.strip_prefix(above).map(str::len);
        let paths = self.types.keys().filter(|path| below(path).is_some());
        paths.map(|path| &path[above.len()..]).filter(|rest| !rest.contains(['.', '['])).collect()
    }

    /// Demands that an object has the documented fields, no other, and of the documented types.
    fn hold(&mut self, object: &Value, above: &str) {
        let fields = object.as_object().unwrap_or_else(|| panic!("{above} is no object: {object}"));
        assert_eq!(fields.keys().map(String::as_str).collect::<BTreeSet<_>>(), self.children(above), "in {above:?}");
        for (name, value) in fields {
            let path = format!("{above}{name}");
            let wanted = &self.types[&path];
            let is = match value {
                Value::Null => wanted.ends_with(" or null"),
                Value::Bool(_) => wanted.starts_with("boolean"),
                Value::String(_) => wanted.starts_with("string"),
                Value::Number(number) => {
                    wanted.starts_with("number") || (wanted.starts_with("integer") && !number.is_f64())
                }
                Value::Object(_) => wanted.starts_with("object"),
                Value::Array(values) if wanted.starts_with("array of strings") => values.iter().all(Value::is_string),
                Value::Array(values) => wanted.starts_with("array of objects") && values.iter().all(Value::is_object),
            };
            assert!(is, "{path} is documented as {wanted}: {value}");
            match value {
                Value::Object(_) => self.hold(value, &format!("{path}.")),
                Value::Array(values) => {
                    for value in values.iter().filter(|value| value.is_object()) {
                        self.hold(value, &format!("{path}[]."));
                    }
                }
                _ => {}
            }
            self.seen.insert(path);
        }
    }
}

/// What the studio prints when it listens; it is ended then.
fn studio(database: &TestDatabase) -> Run {
    let mut running = Running::start(&mut command(database, &["studio", "--json"]));
    running.says("\"studio\"");
    running.signal(Signal::TERM);
    running.ends()
}

/// Every command in a state that shows what it has to show.
fn objects() -> Vec<Run> {
    let json = |database: &TestDatabase, arguments: &[&str]| on(database, &[arguments, &["--json"]].concat());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();

    let drifted = TestDatabase::migrated();
    drifted
        .execute(
            "DROP INDEX user_sessions_expires_idx;
             UPDATE messenger_db_ledger SET checksum = repeat('0', 64), up_sql = 'SELECT 1' WHERE version LIKE '%100300messenger'",
        )
        .unwrap();
    let unknown = at(names()[4]);
    unknown.execute("DELETE FROM __diesel_schema_migrations WHERE version LIKE '%100100messenger'").unwrap();
    let in_the_way = TestDatabase::empty();
    in_the_way.execute("CREATE TABLE users (id integer)").unwrap();
    // A service's own migration that changes rows.
    let to_fill = TestDatabase::migrated();
    to_fill.execute("CREATE TABLE cats (id integer); INSERT INTO cats VALUES (1)").unwrap();
    let own = file("own");
    let fill = format!("{own}/2099-01-01-000000_fill_lives");
    fs::create_dir_all(&fill).unwrap();
    fs::write(format!("{fill}/up.sql"), "ALTER TABLE cats ADD COLUMN lives integer;\nUPDATE cats SET lives = 9;")
        .unwrap();
    fs::write(format!("{fill}/down.sql"), "ALTER TABLE cats DROP COLUMN lives;").unwrap();
    let database = TestDatabase::empty();
    let state = StateFolder::new();
    let local = |command: &str| Run::of(state.messenger_db(&["local"]).args(command.split(' ')).arg("--json"));

    let primary = Server::throwaway(&[]);
    let standby = primary.standby();
    let on_server = |server: &Server| {
        Run::of(messenger_db(&["status", "--json"]).env("DATABASE_URL", server.url("postgres"))).exits(0)
    };
    until("the standby receives", || !on_server(&primary).json()["standbys"].as_array().unwrap().is_empty());

    let mut runs = vec![
        on_server(&primary),
        on_server(&standby),
        json(&database, &["run", "--to", names()[5]]),
        json(&database, &["pending"]),
        json(&database, &["list"]),
        json(&database, &["run", "--backup", &file("before.dump")]),
        json(&database, &["revert"]),
        json(&database, &["plan"]),
        json(&database, &["redo"]),
        json(&to_fill, &["plan", "--rehearse", "--also", &own]),
        json(&database, &["run"]),
        json(&database, &["status"]),
        json(&drifted, &["status"]),
        json(&database, &["verify"]),
        json(&drifted, &["verify"]),
        json(&unknown, &["verify"]),
        json(&unknown, &["status"]),
        json(&database, &["baseline"]),
        json(&database, &["catalog"]),
        json(&database, &["docs"]),
        json(&database, &["docs", "--output", &file("schema.html")]),
        json(&drifted, &["docs", "--check", &file("schema.html")]),
        studio(&database),
        json(&database, &["roles", "--print"]),
        json(&database, &["distribute", "--print"]),
        json(&database, &["seed"]),
        json(&database, &["maintain"]),
        json(&database, &["export", "alice", &file("alice.jsonl")]),
        json(&database, &["erase", "alice", "--yes"]),
        json(&database, &["backup", &file("after.dump")]),
        Run::of(command(&database, &["exec", "--json", "--", "true"]).env("RUN_MIGRATIONS", "yes")),
        Run::of(&mut messenger_db(&["completions", "bash", "--json"])),
        Run::of(&mut messenger_db(&["man", "--json"])),
        Run::of(&mut messenger_db(&["man", "--json", "--out", &file("pages")])),
        local("status"),
        local("start"),
        local("status"),
        local("url"),
        local("stop"),
        local("status"),
        local("destroy --yes"),
        json(&in_the_way, &["run", "--allow-drift"]),
        json(&drifted, &["run"]),
        Run::of(&mut messenger_db(&["run", "--json", "--force"])),
        Run::of(&mut messenger_db(&["exec", "--json", "--", "no-such-program"])),
    ];
    // Every other command shows what it has to show of a database of this version, the binary tells which there are.
    for name in commands() {
        let is_run = |run: &Run| run.stdout.contains(&format!("{{\"command\":\"{name}\""));
        if !["exec", "local psql"].contains(&name.as_str()) && !runs.iter().any(is_run) {
            runs.push(Run::of(command(&database, &[]).args(with_its_arguments(&name)).arg("--json")));
        }
    }
    runs
}

#[test]
fn every_command_prints_the_documented_fields_and_no_others() {
    let mut documented = documented();
    for run in objects() {
        assert!(run.stdout.lines().count() <= 1 && run.stderr.lines().count() <= 1, "{run:?}");
        for line in [&run.stdout, &run.stderr].into_iter().filter(|line| !line.is_empty()) {
            let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let section = match object["command"].as_str() {
                _ if object.get("error").is_some() => "An error".to_owned(),
                Some("plan") if object.get("statements").is_some() => "`plan --rehearse`".to_owned(),
                command => heading(&documented, command.unwrap()).unwrap().clone(),
            };
            documented.get_mut(&section).unwrap().hold(&object, "");
        }
    }
    let has_backup = super::backup::has_pg_dump(&TestDatabase::empty());
    for (section, documented) in documented {
        let is_of_a_backup = |path: &str| section.contains("`backup`") || path.starts_with("backup");
        let unseen: Vec<_> = documented
            .types
            .keys()
            .filter(|path| !documented.seen.contains(*path) && (has_backup || !is_of_a_backup(path)))
            .collect();
        assert!(unseen.is_empty(), "{section}: documented, and never printed: {unseen:?}");
    }
}

#[test]
fn every_command_is_documented() {
    let documented = documented();
    for name in commands() {
        // They print what another program prints, or text.
        if !["exec", "local psql"].contains(&name.as_str()) {
            assert!(heading(&documented, &name).is_some(), "{name}");
        }
    }
}

#[test]
fn the_command_is_named_in_its_errors_too() {
    let named = |arguments: &[&str]| {
        let run = Run::of(messenger_db(arguments).arg("--json"));
        serde_json::from_str::<Value>(&run.stderr).unwrap()["command"].take()
    };
    assert_eq!(named(&["status", "--database-url", ""]), "status");
    assert_eq!(named(&["--database-url", ""]), "run");
    assert_eq!(named(&["local", "start"]), "local start");
    assert_eq!(named(&["no-such-command"]), Value::Null);
}
