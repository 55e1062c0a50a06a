//! The private PostgreSQL after a crash, a power cut, or with files that somebody else left.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use messenger_db::migrate::for_tests::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Run, StateFolder, until, works_in};

fn local(folder: &StateFolder, arguments: &[&str]) -> Run {
    Run::of(folder.messenger_db(&["local"]).args(arguments))
}

fn connect(folder: &StateFolder) -> Connection {
    let url = local(folder, &["url"]).exits(0).stdout;
    Connection::open(&url.trim_end().parse().unwrap()).unwrap()
}

fn pid_file(folder: &StateFolder) -> PathBuf {
    folder.path().join("data/postmaster.pid")
}

/// A server with a table, whose processes are all gone at once, as after a power cut; its `postmaster.pid` is there.
fn after_a_power_cut() -> StateFolder {
    let folder = StateFolder::new();
    local(&folder, &["start"]).exits(0);
    connect(&folder).execute("CREATE TABLE kept ()").unwrap();
    let text = fs::read_to_string(pid_file(&folder)).unwrap();
    let pid = text.lines().next().unwrap().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    until("its processes are gone", || !works_in(&folder.path()));
    folder
}

/// Leaves this in the place of `postmaster.pid`, as the server's user.
fn leave(folder: &StateFolder, bytes: &[u8]) {
    let owner = fs::metadata(folder.path().join("data")).unwrap();
    fs::write(pid_file(folder), bytes).unwrap();
    chown(pid_file(folder), Some(owner.uid()), Some(owner.gid())).unwrap();
    fs::set_permissions(pid_file(folder), PermissionsExt::from_mode(0o600)).unwrap();
}

#[track_caller]
fn starts_with_its_data(folder: &StateFolder) {
    assert!(local(folder, &["status"]).exits(0).stdout.contains(", stopped\n"));
    assert!(local(folder, &["start"]).exits(0).stdout.contains(" started, process "));
    connect(folder).execute("SELECT FROM kept").unwrap();
    local(folder, &["stop"]).exits(0);
}

#[test]
fn a_pid_file_that_a_power_cut_left_empty_torn_or_full_of_zeros_is_in_nobodys_way() {
    let folder = after_a_power_cut();
    let whole = fs::read(pid_file(&folder)).unwrap();
    // The files as they are, with half a line, with a number that another process has, and with nonsense.
    let torn = &whole[..whole.len() / 2];
    let number = format!("{}\n{}/da", std::process::id(), folder.path().display());
    for left in [&whole[..], b"", torn, b"1", b"\n", &[0; 300], number.as_bytes(), b"postgres\n"] {
        leave(&folder, left);
        starts_with_its_data(&folder);
    }
}

#[test]
fn a_pid_file_whose_number_another_process_of_the_same_user_has_is_in_nobodys_way() {
    let folder = after_a_power_cut();
    let whole = fs::read_to_string(pid_file(&folder)).unwrap();
    let owner = fs::metadata(folder.path().join("data")).unwrap();
    let mut stranger = Command::new("/bin/sh");
    stranger.args(["-c", "cat"]).stdin(Stdio::piped());
    std::os::unix::process::CommandExt::uid(&mut stranger, owner.uid());
    let mut stranger = stranger.spawn().unwrap();
    leave(&folder, whole.replacen(whole.lines().next().unwrap(), &stranger.id().to_string(), 1).as_bytes());
    starts_with_its_data(&folder);
    assert!(stranger.try_wait().unwrap().is_none(), "it was ended");
    // Waiting closes its input first.
    stranger.wait().unwrap();
}

#[test]
fn sockets_and_lock_files_that_were_left_are_in_nobodys_way() {
    let folder = after_a_power_cut();
    let socket = folder.path().join("socket");
    for (name, text) in [
        (".s.PGSQL.5432.lock", String::new()),
        (".s.PGSQL.5432.lock", format!("{}\n", std::process::id())),
        (".s.PGSQL.5432", "no socket".to_owned()),
    ] {
        fs::write(socket.join(name), text).unwrap();
        starts_with_its_data(&folder);
    }
}

#[test]
fn a_start_that_fails_says_why_and_does_not_propose_to_destroy_the_data() {
    let folder = after_a_power_cut();
    let conf = folder.path().join("data/postgresql.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, format!("{text}\nno_such_setting = 1\n")).unwrap();
    let run = local(&folder, &["start"]).exits(1).complains("no_such_setting").complains("Nothing is lost");
    assert!(!run.stderr.contains("destroy"), "{}", run.stderr);
    fs::write(&conf, text).unwrap();
    starts_with_its_data(&folder);
}

#[test]
fn a_state_folder_of_another_user_is_refused_with_both_names() {
    // Only root can give a folder away.
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        let folder = StateFolder::new();
        fs::create_dir(folder.path()).unwrap();
        chown(folder.path(), Some(65534), None).unwrap();
        for command in ["start", "status", "stop", "destroy"] {
            local(&folder, &[command]).exits(1).complains("it belongs to nobody, and you are root");
        }
        fs::remove_dir(folder.path()).unwrap();
    }
}
