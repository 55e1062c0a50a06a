//! Makes a hot standby of a private server from a copy of its data: with the server's programs alone, which do not all come with
//! `pg_basebackup`. The benches take it, too.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::PathBuf;
use std::process::Command;

use messenger_db::local::{DATABASE, Local, StopMode};
use messenger_db::migrate::for_tests::Connection;

/// Gives a server that was never started the data of another, which runs, so that it is a hot standby of it from its next start
/// on. It calls itself `standby`. The log comes from the primary, from where the copy began.
pub fn make(primary: &Local, standby: &Local) {
    // Makes the folder and the socket's, with the owner they need; its data is not wanted.
    standby.start().unwrap();
    standby.stop(StopMode::Immediate).unwrap();
    let (from, data) = (primary.state_dir().join("data"), standby.state_dir().join("data"));
    let owner = fs::metadata(&data).unwrap();
    fs::remove_dir_all(&data).unwrap();

    let mut session = Connection::open(&primary.url(DATABASE).parse().unwrap()).unwrap();
    session.execute("SELECT pg_backup_start('standby', true)").unwrap();
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, owner.permissions()).unwrap();
    let entries = fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path());
    let wanted = |path: &PathBuf| !["pg_wal", "postmaster.pid"].iter().any(|name| path.ends_with(name));
    let mut copy = Command::new("cp");
    let copied = copy.env("LC_ALL", "C").arg("-a").args(entries.filter(wanted)).arg(&data).output().unwrap();
    // The server removes files meanwhile. Those that a standby needs are in the log.
    let said = String::from_utf8_lossy(&copied.stderr);
    let is_gone = |line: &str| line.ends_with("No such file or directory");
    assert!(copied.status.success() || !said.is_empty() && said.lines().all(is_gone), "{said}");
    let label = session.execute("SELECT labelfile FROM pg_backup_stop(false)").unwrap().remove(0).remove(0).unwrap();
    let conninfo = format!("host={} user={} application_name=standby", session.host(), session.user());
    fs::create_dir(data.join("pg_wal")).unwrap();
    for (name, text) in [
        ("backup_label", label),
        ("standby.signal", String::new()),
        ("postgresql.auto.conf", format!("primary_conninfo = '{conninfo}'\n")),
    ] {
        fs::write(data.join(name), text).unwrap();
    }
    for name in ["", "pg_wal", "backup_label", "standby.signal", "postgresql.auto.conf"] {
        chown(data.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}
