//! Decides how the server is started: so that it outlives the caller, its terminal and its pipes.

use std::{
    process::Output,
    thread,
    time::{Duration, Instant},
};

use super::{
    LocalError,
    binaries::Binaries,
    builder::LocalBuilder,
    child,
    life::{self, Life},
    lock::Lock,
    log,
    owner::Owner,
    pidfile::PidFile,
    settings,
    socket::Socket,
    state::StateFolder,
};

/// How long the children of a killed server may take to notice and let go of its shared memory.
const LETTING_GO: Duration = Duration::from_secs(10);

/// Starts the server and waits until it is ready. Nothing lives in the data folder when this is called.
pub(super) fn launch(
    folder: &StateFolder,
    socket: &Socket,
    wanted: &LocalBuilder,
    binaries: &Binaries,
    owner: &Owner,
    lock: &Lock,
) -> Result<PidFile, LocalError> {
    settings::write(folder, socket, wanted)?;
    socket.prepare(owner)?;
    socket.clear()?;
    let began = Instant::now();
    loop {
        let position = log::prepare(folder, owner)?;
        let output = pg_ctl(folder, binaries, owner, lock)?;
        let life = Life::observe(folder, socket)?;
        match life {
            Life::Up(file) if output.status.success() => return Ok(file),
            Life::Up(file) | Life::Silent(file) => return Err(life::not_ready(folder, file.pid, life::START)),
            Life::Dead | Life::Haunted => {}
        }
        let mut tail = log::tail(folder, position);
        let held = tail.contains("shared memory block") && tail.contains("still in use");
        if held && began.elapsed() < LETTING_GO {
            thread::sleep(Duration::from_millis(100));
            continue;
        }
        if tail.is_empty() {
            tail = child::said(&output);
        }
        return Err(LocalError::Start { log: folder.log(), tail });
    }
}

/// Runs `pg_ctl`, which gives the server a session of its own and the log for its output.
fn pg_ctl(folder: &StateFolder, binaries: &Binaries, owner: &Owner, lock: &Lock) -> Result<Output, LocalError> {
    let mut command = child::detached(binaries.folder.join("pg_ctl"), owner);
    command.args(["start", "--wait", "--silent", "--timeout", &life::START.as_secs().to_string()]);
    // pg_ctl pastes paths into a shell command between plain double quotes. So the log is named relative to the
    // folder, and the data in the environment, and any path will do.
    command.args(["--log", "server.log"]).env("PGDATA", folder.data()).current_dir(&folder.root);
    child::run(command.stdin(lock.stdin()?), owner)
}
