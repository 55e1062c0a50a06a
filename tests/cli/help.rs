//! What the binary says of itself. `make snapshots` writes the files anew.

use std::collections::BTreeSet;
use std::path::Path;

use messenger_db::cli::Exit;
use snapbox::assert_data_eq;

use crate::support::{Run, messenger_db};

fn said(arguments: &[&str]) -> String {
    let run = Run::of(&mut messenger_db(arguments)).exits(0);
    assert_eq!(run.stderr, "");
    // clap pads empty lines, and an editor that opens a snapshot may take that away.
    run.stdout.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// The commands that a help lists, but for `help` itself.
fn listed(help: &str) -> Vec<String> {
    let commands = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let first = |line: &&str| !line.starts_with("    ");
    let names = commands.filter(first).map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.filter(|name| name != "help").collect()
}

/// Every command, the binary tells which: a new one needs its snapshot, and one that is gone takes its own along.
#[test]
fn the_help_of_every_command_is_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    let mut arguments = vec![vec!["--help".to_owned()], vec!["-h".to_owned()]];
    for command in listed(&said(&["--help"])) {
        arguments.push(vec![command, "--help".to_owned()]);
    }
    for command in listed(&said(&["local", "--help"])) {
        arguments.push(vec!["local".to_owned(), command, "--help".to_owned()]);
    }
    let mut files = BTreeSet::new();
    for arguments in &arguments {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let name = match arguments[..] {
            ["--help"] => "help".to_owned(),
            ["-h"] => "help_short".to_owned(),
            _ => arguments[..arguments.len() - 1].join("_"),
        };
        let file = format!("{name}.txt");
        assert_data_eq!(said(&arguments), snapbox::Data::read_from(&folder.join(&file), None).raw());
        files.insert(file);
    }
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.collect::<BTreeSet<_>>(), files);
}

#[test]
fn help_the_manual_page_and_the_readme_say_the_same_of_every_exit_code() {
    let help = said(&["--help"]);
    let page = said(&["man"]);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let exits = || Exit::ALL.iter().filter(|exit| !exit.is_of_exec());
    let lines = exits().map(|exit| format!("  {}  {}\n", *exit as u8, exit.meaning().replace('`', "")));
    assert!(help.ends_with(&format!("Exit codes:\n{}", lines.clone().collect::<String>())), "{help}");
    for line in lines {
        assert!(page.contains(line.trim().replace('-', "\\-").as_str()), "{line} is not in\n{page}");
    }
    let rows: String =
        exits().map(|exit| format!("| {} | {} |\n", *exit as u8, exit.meaning())).collect::<Vec<_>>().concat();
    assert!(readme.contains(&format!("| exit code | means |\n| --- | --- |\n{rows}\n")), "README.md lacks\n{rows}");
}

#[test]
fn help_and_version_need_neither_a_database_nor_a_readable_env_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "no assignment").unwrap();
    for arguments in [["--help"], ["--version"], ["help"]] {
        Run::of(messenger_db(&arguments).current_dir(folder.path())).exits(0);
    }
}

#[test]
fn the_version_is_the_crates() {
    let expected = concat!("messenger-db ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(said(&["--version"]), expected);
    assert_eq!(said(&["-V"]), expected);
}
