//! A place for a private PostgreSQL; server and folder go away with the test, or with this process, however it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use messenger_db::local::STATE_DIR_VARIABLE;

use rustix::fs::statvfs;

use super::messenger_db;

/// Waits for the end of whoever holds its input, and tidies up. The binary waits for what is being made just then.
/// What it leaves for being another's is the test's own; a server that resists is left to be found.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
"$1" local destroy --yes 2>"$2/destroy"
test -e "$2/state/data" || rm -rf "$2"
"#;

/// A folder for `MESSENGER_DB_STATE_DIR`, which does not exist yet.
pub struct StateFolder {
    above: PathBuf,
    watchdog: Child,
}

impl StateFolder {
    /// One of its own for a test.
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let above = place().join(format!("messenger-db-test-{}-{number}", std::process::id()));
        // Watched before it is made: this process may be killed at any moment.
        let watchdog = Command::new("/bin/sh")
            .args(["-c", WATCHDOG, "sh", env!("CARGO_BIN_EXE_messenger-db")])
            .arg(&above)
            .env(STATE_DIR_VARIABLE, above.join("state"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C ends the tests, and not what tidies up behind them.
            .process_group(0)
            .current_dir("/")
            .spawn()
            .unwrap();
        fs::create_dir(&above).unwrap();
        // Root's server is run by another user, who has to get there.
        fs::set_permissions(&above, PermissionsExt::from_mode(0o755)).unwrap();
        Self { above, watchdog }
    }

    /// The state folder.
    pub fn path(&self) -> PathBuf {
        self.above.join("state")
    }

    /// The binary, working on it.
    pub fn messenger_db(&self, arguments: &[&str]) -> Command {
        let mut command = messenger_db(arguments);
        command.env(STATE_DIR_VARIABLE, self.path());
        command
    }
}

/// `TMPDIR`; without it in memory, where that has 4 GiB to spare: half the time of a small test is making and removing a database's
/// files.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let is_spacious = statvfs(memory).is_ok_and(|found| found.f_bavail * found.f_frsize >= 4 << 30);
    let is_told = std::env::var_os("TMPDIR").is_some();
    if is_spacious && !is_told { memory.to_owned() } else { std::env::temp_dir() }
}

impl Drop for StateFolder {
    fn drop(&mut self) {
        // Waiting closes its input first.
        let _ = self.watchdog.wait();
        if !std::thread::panicking() {
            let complaint = fs::read_to_string(self.above.join("destroy")).unwrap_or_default();
            assert!(!self.above.exists(), "{} is left: {complaint}", self.above.display());
        }
    }
}
