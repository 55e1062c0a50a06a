//! A `PgBouncer` before a server, as the user that runs it; it goes away with the test, or with this process.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{TestDatabase, until};

/// Waits for the end of whoever holds its input, and ends the pooler.
const WATCHDOG: &str = r#"pgbouncer --quiet "$1" & cat >/dev/null; kill "$!""#;

/// A running pooler.
pub struct PgBouncer {
    folder: TempDir,
    watchdog: Child,
    database: String,
}

impl PgBouncer {
    /// One in this mode (`session`, `transaction`, `statement`) before the server of a database, with so many sessions.
    pub fn before(database: &TestDatabase, mode: &str, sessions: usize) -> Self {
        let server = database.connect();
        let folder = tempfile::tempdir().unwrap();
        let configuration = folder.path().join("pgbouncer.ini");
        let path = folder.path().display();
        fs::write(
            &configuration,
            format!(
                "[databases]\n* = host={} port={} user={}\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = {path}\n\
                 listen_port = 5432\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = {sessions}\n\
                 logfile = {path}/log\nserver_reset_query_always = 0\n",
                server.host(),
                server.port(),
                server.user(),
            ),
        )
        .unwrap();
        // The server's socket is for its owner only; and like the server, the pooler refuses to run as root.
        let owner = fs::metadata(server.host()).unwrap();
        let mut watchdog = Command::new("/bin/sh");
        watchdog.args(["-c", WATCHDOG, "sh"]).arg(&configuration).stdin(Stdio::piped()).current_dir("/");
        if fs::metadata(folder.path()).unwrap().uid() != owner.uid() {
            for file in [folder.path(), &configuration] {
                chown(file, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
            watchdog.uid(owner.uid()).gid(owner.gid());
        }
        let watchdog = watchdog.spawn().unwrap();
        let pooler = Self { folder, watchdog, database: database.name().to_owned() };
        until("PgBouncer listens (scripts/pgbouncer installs it, make test calls that)", || {
            UnixStream::connect(pooler.folder().join(".s.PGSQL.5432")).is_ok()
        });
        pooler
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database's URL through the pooler.
    pub fn url(&self) -> String {
        format!("host={} port=5432 user=anybody dbname={}", self.folder().display(), self.database)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // It may have ended before.
        let _ = self.watchdog.wait();
    }
}
