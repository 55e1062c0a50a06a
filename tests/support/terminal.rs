//! Runs a program on a terminal, as a person has it, and takes what appears there.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::Run;

/// What of a program is on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Everything.
    Everything,
    /// Standard error; standard output goes to a pipe.
    Errors,
}

/// Runs a command on a terminal of 80 columns. What appears there is given as its standard error.
pub fn on_terminal(mut command: Command, on: On) -> Run {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).unwrap());
    command.env("TERM", "xterm-256color").stdin(terminal()).stderr(terminal());
    command.stdout(if on == On::Everything { terminal() } else { Stdio::piped() });

    let mut child = command.spawn().unwrap();
    // Its handles of the terminal are the last but the child's: without them the reading ends with the child.
    drop(command);
    let mut shown = Vec::new();
    let mut master = File::from(master);
    let mut buffer = [0; 4096];
    // Linux ends it with an error, others with nothing more to read.
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    let mut stdout = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut stdout).unwrap();
    }
    Run::new(child.wait().unwrap(), stdout, String::from_utf8(shown).unwrap())
}
