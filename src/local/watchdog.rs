//! The watchdog process of a throwaway server, which removes it when the process that wanted it ends, even by SIGKILL.

use std::process::{ChildStdin, Stdio};

use super::{Local, LocalError, Status, owner::Owner};

/// Waits for the end of the process that holds the other end of its input. Then ends the server it was told about and
/// removes what [`Local::destroy`] removes; leaves everything alone if another server has taken the folder over.
const DESTROY_AT_THE_END: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
pid=$1; socket=$2; cd "$3" || exit 1
lives() { test -e data/postmaster.pid; }
if lives; then
    test "$(head -n 1 data/postmaster.pid)" = "$pid" || exit 1
    kill -s QUIT "$pid"
fi
n=0
while lives && test "$n" -lt 100; do sleep 0.1; n=$((n + 1)); done
rm -rf "$socket" socket server.log settings.conf pg_hba.conf program data.partial data
rm -f .messenger-db lock
rmdir "$3"
"#;

/// Has a server destroyed when it is dropped: see [`Local::keep`].
#[derive(Debug)]
#[must_use = "the server is destroyed when this is dropped"]
pub struct Watchdog {
    _open: ChildStdin,
}

impl Local {
    /// Has the running server destroyed, with its data, when the watchdog is dropped or this process ends, whichever
    /// comes first and however it ends. For tests, whose processes have no moment to clean up in: a static holds the
    /// watchdog. The state folder should be this process's own, such as a new one under the system's temporary folder.
    ///
    /// The server goes away a moment later, by a process of its own that nobody waits for. `None` when no server runs.
    ///
    /// # Errors
    ///
    /// [`LocalError::Run`] if that process cannot be started; the errors of [`Local::status`].
    pub fn keep(&self) -> Result<Option<Watchdog>, LocalError> {
        let Status::Running { pid, .. } = self.status()? else { return Ok(None) };
        // As the caller, who may remove all of it.
        let caller = Owner::caller();
        let mut command = caller.detached("/bin/sh");
        command
            .args(["-c", DESTROY_AT_THE_END, "sh", &pid.to_string()])
            .arg(&self.socket.folder)
            .arg(&self.folder.root);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let spawned = command.spawn().map_err(|cause| caller.cannot_run(&command, cause))?;
        Ok(spawned.stdin.map(|open| Watchdog { _open: open }))
    }
}
