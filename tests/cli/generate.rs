//! `completions` and `man`: what is generated from the command line itself.

use std::process::Command;

use crate::support::{Run, messenger_db};

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let help = Run::of(&mut messenger_db(&["--help"])).exits(0).stdout;
    let listed = help.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let first = |line: &&str| !line.starts_with("    ");

    listed.filter(first).map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn every_shell_is_told_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = Run::of(&mut messenger_db(&["completions", shell])).exits(0);
        for command in commands() {
            assert!(run.stdout.contains(&command), "{shell}: {command}");
        }
    }
    Run::of(&mut messenger_db(&["completions", "csh"])).exits(2);
}

#[test]
fn bash_completes_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, Run::of(&mut messenger_db(&["completions", "bash"])).exits(0).stdout).unwrap();
    let complete = r#". "$0"; COMP_WORDS=(messenger-db pen); COMP_CWORD=1; _messenger__db messenger-db pen messenger-db
        echo "${COMPREPLY[@]}""#;
    let run = Run::of(Command::new("bash").args(["-c", complete]).arg(&script)).exits(0);
    assert_eq!(run.stdout, "pending\n");
}

#[test]
fn the_manual_page_has_the_commands_the_options_and_the_exit_codes() {
    let page = Run::of(&mut messenger_db(&["man"])).exits(0).stdout;
    assert!(page.contains(".TH messenger-db 1"), "{page}");
    for text in commands().iter().map(String::as_str).chain(["Exit codes:", "8  permission denied", "lock\\-timeout"]) {
        assert!(page.contains(text), "{text} is not in:\n{page}");
    }
}

#[test]
fn every_command_has_a_page_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    Run::of(&mut messenger_db(&["man", "--out", pages.to_str().unwrap()])).exits(0);
    for command in commands().iter().filter(|command| *command != "help") {
        let page = std::fs::read_to_string(pages.join(format!("messenger-db-{command}.1"))).unwrap();
        assert!(page.contains(".TH"), "{page}");
    }
    assert!(pages.join("messenger-db.1").exists() && pages.join("messenger-db-local-psql.1").exists());
    Run::of(&mut messenger_db(&["man", "--out", "/dev/null/pages"])).exits(1).complains("cannot be written into");
}

#[test]
fn they_need_no_readable_env_file_and_a_full_disk_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "no assignment").unwrap();
    for arguments in [&["completions", "bash"][..], &["man"]] {
        Run::of(messenger_db(arguments).current_dir(folder.path())).exits(0);
        #[cfg(target_os = "linux")]
        {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let mut command = messenger_db(arguments);
            let run = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output();
            Run::from(run.unwrap()).exits(1).complains("the result cannot be printed");
        }
    }
}
