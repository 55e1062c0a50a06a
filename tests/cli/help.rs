//! What the binary says of itself. `make snapshots` writes help.txt anew.

use std::fmt::Write as _;
use std::path::Path;

use messenger_db::cli::Exit;
use snapbox::assert_data_eq;

use super::commands;
use crate::support::{Run, messenger_db};

fn said(arguments: &[&str]) -> String {
    let run = Run::of(&mut messenger_db(arguments)).exits(0);
    assert_eq!(run.stderr, "");
    // clap pads empty lines, and an editor that opens a snapshot may take that away.
    run.stdout.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Every command, the binary tells which. The options that all commands share stand once, in the help without a command.
#[test]
fn the_help_of_every_command_is_as_written() {
    let help = said(&["--help"]);
    let shared = &help[help.find("\nConnection:\n").unwrap()..help.find("\nExit codes:\n").unwrap()];
    let mut all = format!("$ messenger-db -h\n{}\n$ messenger-db --help\n{help}", said(&["-h"]));
    for command in commands().into_iter().chain(["local".to_owned()]) {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let own = said(&arguments).replace(shared, "\n…\n");
        let _ = write!(all, "\n$ messenger-db {command} --help\n{own}");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help.txt");
    assert_data_eq!(all, snapbox::Data::read_from(&file, None).raw());
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
