//! What the binary says of itself. `SNAPSHOTS=overwrite cargo test help` writes the files anew.

use messenger_db::cli::Exit;
use snapbox::assert_data_eq;

use crate::support::{Run, messenger_db};

fn said(arguments: &[&str]) -> String {
    let run = Run::of(&mut messenger_db(arguments)).exits(0);
    assert_eq!(run.stderr, "");
    // clap pads empty lines, and an editor that opens a snapshot may take that away.
    run.stdout.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

macro_rules! help_is_as_written {
    ($($name:ident: $arguments:expr, $file:literal;)+) => { $(
        #[test]
        fn $name() {
            assert_data_eq!(said(&$arguments), snapbox::file![$file].raw());
        }
    )+ };
}

help_is_as_written! {
    the_help_of_the_program_is_as_written: ["--help"], "snapshots/help.txt";
    the_short_help_of_the_program_is_as_written: ["-h"], "snapshots/help_short.txt";
    the_help_of_run_is_as_written: ["run", "--help"], "snapshots/run.txt";
    the_help_of_revert_is_as_written: ["revert", "--help"], "snapshots/revert.txt";
    the_help_of_redo_is_as_written: ["redo", "--help"], "snapshots/redo.txt";
    the_help_of_list_is_as_written: ["list", "--help"], "snapshots/list.txt";
    the_help_of_pending_is_as_written: ["pending", "--help"], "snapshots/pending.txt";
    the_help_of_status_is_as_written: ["status", "--help"], "snapshots/status.txt";
    the_help_of_verify_is_as_written: ["verify", "--help"], "snapshots/verify.txt";
    the_help_of_plan_is_as_written: ["plan", "--help"], "snapshots/plan.txt";
    the_help_of_adopt_is_as_written: ["adopt", "--help"], "snapshots/adopt.txt";
    the_help_of_catalog_is_as_written: ["catalog", "--help"], "snapshots/catalog.txt";
    the_help_of_roles_is_as_written: ["roles", "--help"], "snapshots/roles.txt";
    the_help_of_seed_is_as_written: ["seed", "--help"], "snapshots/seed.txt";
    the_help_of_backup_is_as_written: ["backup", "--help"], "snapshots/backup.txt";
    the_help_of_exec_is_as_written: ["exec", "--help"], "snapshots/exec.txt";
    the_help_of_completions_is_as_written: ["completions", "--help"], "snapshots/completions.txt";
    the_help_of_man_is_as_written: ["man", "--help"], "snapshots/man.txt";
    the_help_of_local_is_as_written: ["local", "--help"], "snapshots/local.txt";
    the_help_of_local_start_is_as_written: ["local", "start", "--help"], "snapshots/local_start.txt";
    the_help_of_local_stop_is_as_written: ["local", "stop", "--help"], "snapshots/local_stop.txt";
    the_help_of_local_status_is_as_written: ["local", "status", "--help"], "snapshots/local_status.txt";
    the_help_of_local_url_is_as_written: ["local", "url", "--help"], "snapshots/local_url.txt";
    the_help_of_local_psql_is_as_written: ["local", "psql", "--help"], "snapshots/local_psql.txt";
    the_help_of_local_destroy_is_as_written: ["local", "destroy", "--help"], "snapshots/local_destroy.txt";
}

#[test]
fn every_command_has_its_help_in_a_snapshot() {
    let listed = |help: &str| -> Vec<String> {
        let commands = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
        let first = |line: &&str| !line.starts_with("    ");

        commands
            .filter(first)
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .filter(|name| name != "help")
            .collect()
    };
    let top = listed(&said(&["--help"]));
    let local = listed(&said(&["local", "--help"])).into_iter().map(|name| format!("local_{name}"));
    for name in top.into_iter().chain(local) {
        let file = format!("{}/tests/cli/snapshots/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        assert!(std::path::Path::new(&file).exists(), "{file}");
    }
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
