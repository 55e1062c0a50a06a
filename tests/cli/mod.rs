//! The binary as a process, on a real server.

mod ahead;
mod allow_drift;
mod already_there;
mod backup;
mod command_line;
mod connection;
mod database_url;
mod distribute;
mod docs;
mod env_file;
mod exec;
mod generate;
mod health;
mod help;
mod history;
mod interruption;
mod json;
mod json_fields;
mod languages;
mod left_behind;
mod local_environment;
mod local_recovery;
mod local_server;
mod local_upgrade;
mod lock;
mod locks;
mod maintain;
mod output;
mod passwords;
mod permissions;
mod person;
mod plan;
mod pooler;
mod read_only;
mod replicated;
mod revert_redo;
mod rights;
mod roles;
mod roles_later;
mod round_trips;
mod run;
mod seed;
mod terminals;
mod tls;
mod unfit;
mod verify;
mod wait;

use std::process::Command;
use std::sync::OnceLock;

use messenger_db::migrate::migrations;

use crate::support::{Run, Server, TestDatabase, messenger_db};

/// The binary, with the database in its environment.
fn command(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = messenger_db(arguments);
    command.env("DATABASE_URL", database.url());
    command
}

/// Runs the binary with the database in its environment.
pub fn on(database: &TestDatabase, arguments: &[&str]) -> Run {
    Run::of(&mut command(database, arguments))
}

/// The URL of a database, for a role of its server.
fn url_as(database: &TestDatabase, role: &str) -> String {
    let mut url = url::Url::parse(&database.url()).unwrap();
    let others: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "user").collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("user", role);
    // A form has spaces as +, a URL of libpq has not.
    url.as_str().replace('+', "%20")
}

/// The commands, as the binary lists them: `run`, `local start` …
fn commands() -> Vec<String> {
    let of = |help: &[&str]| -> Vec<String> {
        let help = Run::of(&mut messenger_db(help)).exits(0).stdout;
        let listed = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
        let names = listed.filter(|line| !line.starts_with("    ")).map(|line| line.split_whitespace().next().unwrap());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    };
    let local = of(&["local", "--help"]).into_iter().map(|name| format!("local {name}"));
    of(&["--help"]).into_iter().filter(|name| name != "local").chain(local).collect()
}

/// The words of a command, with a value for each argument that its usage demands: a file that cannot be.
fn with_its_arguments(command: &str) -> Vec<String> {
    let help: Vec<_> = command.split(' ').chain(["--help"]).collect();
    let help = Run::of(&mut messenger_db(&help)).exits(0).stdout;
    let usage = help.split("Usage: messenger-db ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let words = usage.split(' ').filter(|word| !word.starts_with('['));
    words.map(|word| if word.starts_with('<') { "/dev/null/file" } else { word }.to_owned()).collect()
}

/// Runs the binary as a role of the server.
fn as_role(database: &TestDatabase, role: &str, arguments: &[&str]) -> Run {
    Run::of(messenger_db(arguments).env("DATABASE_URL", url_as(database, role)))
}

/// The names of the migrations, oldest first.
pub fn names() -> Vec<&'static str> {
    migrations().unwrap().iter().map(|migration| migration.name).collect()
}

/// The versions of the migrations, oldest first.
fn versions() -> Vec<&'static str> {
    migrations().unwrap().iter().map(|migration| migration.version.as_str()).collect()
}

/// The versions that a database has applied, oldest first.
fn applied(database: &TestDatabase) -> Vec<String> {
    database.column("SELECT version FROM __diesel_schema_migrations ORDER BY version")
}

/// What must not change when a command changes nothing.
fn state(database: &TestDatabase) -> (String, Vec<String>) {
    (database.catalog(), database.column("SELECT version || run_on FROM __diesel_schema_migrations ORDER BY version"))
}

/// A database at one of the migrations.
pub fn at(name: &str) -> TestDatabase {
    let database = TestDatabase::empty();
    on(&database, &["run", "--to", name]).exits(0);
    database
}

/// The database's URL for another role.
fn url_of_role(database: &TestDatabase, role: &str) -> String {
    let url = database.url();
    let (place, options) = url.split_once('?').unwrap();
    let others: Vec<_> = options.split('&').filter(|option| !option.starts_with("user=")).collect();
    format!("{place}?{}&user={role}", others.join("&"))
}

/// A server for tests that need roles, which belong to a whole server: the role `secretive` needs a password.
fn own_server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server::throwaway(&["local all secretive scram-sha-256"]);
        server.connect().execute("CREATE ROLE secretive LOGIN SUPERUSER PASSWORD 'p@ss/w:rd#?'").unwrap();
        server
    })
}
