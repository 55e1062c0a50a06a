//! No part of a password is ever printed, however wrong the URL is, and wherever it was written.

use std::process::Command;

use super::{commands, own_server, with_its_arguments};
use crate::support::{Run, TestDatabase, messenger_db};

/// The two halves of every password here: neither may be seen.
const HALVES: [&str; 2] = ["hunter", "swordfish"];

/// URLs of all kinds of wrongness, most with a password that was not percent-encoded. Nothing listens on port 1.
fn urls() -> Vec<String> {
    let mut urls = Vec::new();
    for between in [
        "",
        "@",
        "/",
        ":",
        "#",
        "?",
        "&",
        "=",
        " ",
        "%",
        "%00",
        "%ZZ",
        "\"",
        "'",
        "\\",
        "@/",
        "/@",
        "@swordfish/",
        "?@",
        "\n",
    ] {
        urls.push(format!("postgresql://bob:hunter{between}swordfish@127.0.0.1:1/chat"));
        urls.push(format!("postgres://bob:{between}swordfish@127.0.0.1:1/chat"));
        // What is before the / or the ? reads like a port.
        urls.push(format!("postgresql://bob:12{between}swordfish@127.0.0.1:1/chat"));
        urls.push(format!("postgresql://127.0.0.1:1/chat?password=hunter{between}swordfish"));
        urls.push(format!("host=127.0.0.1 port=1 password=hunter{between}swordfish"));
        urls.push(format!("host=127.0.0.1 port=1 password='hunter{between}swordfish'"));
        urls.push(format!(" postgresql://bob:hunter{between}swordfish@127.0.0.1:1/chat"));
        urls.push(format!("mysql://bob:hunter{between}swordfish@127.0.0.1:1/chat"));
        urls.push(format!("bob:hunter{between}swordfish@127.0.0.1:1/chat"));
    }
    urls.push("postgresql://bob:hunterswordfish@127.0.0.1:99999/chat".to_owned());
    urls.push("postgresql://bob:hunterswordfish@127.0.0.1:1/chat?sslmode=nonsense".to_owned());
    urls.push("postgresql://bob:hunterswordfish@127.0.0.1:1/chat?hunter=swordfish".to_owned());
    urls.push("host=127.0.0.1 port=1 passwort=hunterswordfish".to_owned());
    urls
}

fn tells_nothing(command: &mut Command, codes: &[i32]) {
    let run = Run::of(command);
    let told = format!("{}{}", run.stdout, run.stderr);
    for half in HALVES {
        assert!(!told.contains(half), "{command:?}:\n{told}");
    }
    assert!(run.code.is_some_and(|code| codes.contains(&code)), "{command:?}: {run:?}");
}

#[test]
fn a_wrong_url_as_an_option_or_in_the_environment_tells_nothing() {
    for url in urls() {
        tells_nothing(messenger_db(&["status", "--verbose"]).env("DATABASE_URL", &url), &[2, 7]);
        tells_nothing(&mut messenger_db(&["run", &format!("--database-url={url}"), "--json"]), &[2, 7]);
    }
}

#[test]
fn a_wrong_url_in_an_env_file_tells_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for url in urls() {
        // Quoted and plain: the plain ones are cut or refused where they have spaces or quotes.
        for line in [format!("DATABASE_URL={url}\n"), format!("DATABASE_URL='{url}'\n"), format!("{url}\n")] {
            std::fs::write(folder.path().join(".env"), line).unwrap();
            // Where no URL is left of it, the private server is out of reach here: 7.
            tells_nothing(messenger_db(&["run", "--wait", "0.001"]).current_dir(folder.path()), &[2, 7]);
        }
    }
}

#[test]
fn a_url_where_none_belongs_is_refused_without_being_repeated() {
    for url in ["postgresql://bob:hunter swordfish@localhost/chat", "host=localhost password=hunterswordfish"] {
        for arguments in [&[url][..], &["run", url], &["run", "--to", "1", url], &["--wait", url], &["local", url]] {
            tells_nothing(&mut messenger_db(arguments), &[2]);
            tells_nothing(messenger_db(arguments).arg("--json"), &[2]);
            tells_nothing(messenger_db(arguments).args(["--color", "always"]), &[2]);
        }
        tells_nothing(&mut messenger_db(&[&format!("--wait={url}")]), &[2]);
        tells_nothing(&mut messenger_db(&[&format!("--database={url}")]), &[2]);
    }
}

#[test]
fn a_password_that_the_server_refuses_is_not_repeated() {
    let url = own_server().url("messenger").replace("user=messenger", "user=secretive&password=hunterswordfish");
    for arguments in [&["run"][..], &["run", "--json"], &["status", "--verbose"], &["run", "--wait", "60"]] {
        tells_nothing(messenger_db(arguments).env("DATABASE_URL", &url), &[7]);
    }
}

#[test]
fn a_password_that_is_right_is_not_repeated_either() {
    let password = "p%40ss%2Fw%3Ard%23%3F";
    let url = own_server().url("messenger").replace("user=messenger", &format!("user=secretive&password={password}"));
    for arguments in [&["status"][..], &["status", "--json"], &["list", "--verbose"], &["run", "--to", "nonsense"]] {
        let run = Run::of(messenger_db(arguments).env("DATABASE_URL", &url));
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(!told.contains(password) && !told.contains("p@ss/w:rd#?"), "{told}");
        assert!(told.contains("secretive") || !arguments.contains(&"status"), "{told}");
    }
}

/// Commands with the loudest options, in an order in which each has something to do.
const LOUD: &[&str] = &[
    "run --verbose",
    "status --json",
    "list --verbose",
    "verify --verbose",
    "verify --json",
    "distribute --print --json",
    // Nobody has this address, so that it ends after it has connected.
    "studio --listen 192.0.2.1",
    "erase nobody --yes --verbose",
    "export nobody /dev/null/file",
    "redo --json",
    "revert --verbose",
    "plan --json",
    "roles --print --json",
    "plan --rehearse",
    "run --to nonsense",
    "backup /dev/null/file",
    "run --backup /dev/null/file",
    "exec --verbose -- true",
    "exec -- /no/such/program",
    "run --json",
];

/// Those, and every command that is not among them: the binary tells which there are.
fn invocations() -> Vec<Vec<String>> {
    // What does not connect to a database that somebody names.
    let connects = |name: &String| !["completions", "man"].contains(&name.as_str()) && !name.starts_with("local ");
    let is_loud = |name: &String| LOUD.iter().any(|loud| loud.split(' ').next() == Some(name));
    let loud = LOUD.iter().map(|loud| loud.split(' ').map(str::to_owned).collect());
    let others = commands().into_iter().filter(connects).filter(|name| !is_loud(name));
    loud.chain(others.map(|name| [with_its_arguments(&name), vec!["--verbose".to_owned()]].concat())).collect()
}

#[test]
fn a_password_in_any_legal_place_is_in_no_stream_of_any_command() {
    let (plain, encoded) = ("p@ss/w:rd#?", "p%40ss%2Fw%3Ard%23%3F");
    let database = TestDatabase::empty_on(own_server());
    let (name, socket) = (database.name(), database.connect().host());
    let folder = tempfile::tempdir().unwrap();
    let passwords = folder.path().join("passwords");
    std::fs::write(&passwords, "*:*:*:secretive:p@ss/w\\:rd#?\n").unwrap();
    std::fs::set_permissions(&passwords, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let without = format!("postgresql://secretive@/{name}?host={socket}");
    let passfile = passwords.to_str().unwrap();
    std::fs::write(folder.path().join(".env"), format!("DATABASE_URL='{without}&password={encoded}'\n")).unwrap();

    let places: &[&[(&str, &str)]] = &[
        &[("DATABASE_URL", &format!("postgresql://secretive:{encoded}@/{name}?host={socket}"))],
        &[("DATABASE_URL", &format!("{without}&password={encoded}"))],
        &[("DATABASE_URL", &format!("host={socket} dbname={name} user=secretive password='{plain}'"))],
        &[("DATABASE_URL", &format!("{without}&password={encoded}&sslpassword=hunterswordfish"))],
        &[("DATABASE_URL", &without), ("PGPASSWORD", plain)],
        &[("DATABASE_URL", &without), ("PGPASSFILE", passfile)],
        &[("DATABASE_URL", &format!("{without}&passfile={passfile}"))],
        // In .env.
        &[],
    ];
    let invocations = invocations();
    for place in places {
        for arguments in &invocations {
            let mut command = messenger_db(&[]);
            command.args(arguments).current_dir(folder.path()).envs(place.iter().copied());
            let run = Run::of(&mut command);
            let told = format!("{}{}", run.stdout, run.stderr);
            for secret in [plain, encoded, "swordfish"] {
                assert!(!told.contains(secret), "{command:?}:\n{told}");
            }
            // It was let in, so the password was there to be told.
            assert!(run.code != Some(7), "{command:?}:\n{told}");
            // It was understood, so it has come so far as to connect.
            assert!(run.code != Some(2) || arguments.contains(&"nonsense".to_owned()), "{command:?}:\n{told}");
        }
    }
}
