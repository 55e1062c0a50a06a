//! Decides whether the process with a number is the server of a data folder, or has only inherited its number.

use std::{fs, io, path::Path, process::Command};

/// Who has a process number now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// Nobody.
    Gone,
    /// A process that is not the server, or what is left of one that has ended.
    Stranger,
    /// The server of the data folder, as far as can be seen.
    Server,
}

/// Looks at a process. In doubt it is the server: to take a living server for dead could cost the data.
pub(super) fn identify(pid: u32, data: &Path) -> Process {
    let Some((name, state)) = describe(pid) else { return Process::Gone };
    // A process that has ended, which nobody has asked about: containers without an init are full of them.
    if state.starts_with(['Z', 'X']) || !["postgres", "postmaster"].iter().any(|server| name.contains(server)) {
        return Process::Stranger;
    }
    // A server works in its data folder, so another server's process gives itself away, where that may be looked at.
    match (fs::read_link(format!("/proc/{pid}/cwd")), data.canonicalize()) {
        (Ok(works_in), Ok(data)) if works_in != data => Process::Stranger,
        _ => Process::Server,
    }
}

/// The program's name and the process's state; `None` if there is no such process.
fn describe(pid: u32) -> Option<(String, String)> {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(stat) => parse(&String::from_utf8_lossy(&stat)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && Path::new("/proc/self/stat").exists() => None,
        Err(_) => ask(pid),
    }
}

/// Reads `4711 (postgres) S 1 …`, where the name may have parentheses of its own.
fn parse(stat: &str) -> Option<(String, String)> {
    let (before, after) = stat.rsplit_once(')')?;
    let (_, name) = before.split_once('(')?;
    Some((name.to_owned(), after.trim_start().to_owned()))
}

/// Asks `ps`, where there is no /proc.
fn ask(pid: u32) -> Option<(String, String)> {
    let mut command = Command::new("ps");
    // Each column by its own option: BSD's ps takes all that follows the first = for that column's heading.
    match command.args(["-o", "stat=", "-o", "comm=", "-p", &pid.to_string()]).output() {
        Ok(output) => {
            let line = String::from_utf8_lossy(&output.stdout);
            let (state, name) = line.trim().split_once(char::is_whitespace)?;
            Some((name.trim().to_owned(), state.to_owned()))
        }
        // Nothing can be found out, so it is taken for the server.
        Err(_) => Some(("postgres".to_owned(), String::new())),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Process, ask, describe, identify, parse};

    #[test]
    fn name_and_state_are_read_from_proc() {
        let parts = |stat| parse(stat).map(|(name, state)| (name, state.chars().next()));
        assert_eq!(parts("1 (postgres) S 1 1"), Some(("postgres".to_owned(), Some('S'))));
        assert_eq!(parts("1 (a) (b)) Z 1 1"), Some(("a) (b)".to_owned(), Some('Z'))));
        assert_eq!(parts("nonsense"), None);
    }

    #[test]
    fn this_test_is_a_stranger_and_a_number_nobody_has_is_gone() {
        assert_eq!(identify(std::process::id(), Path::new("/")), Process::Stranger);
        assert_eq!(identify(i32::MAX.unsigned_abs(), Path::new("/")), Process::Gone);
    }

    #[test]
    fn ps_and_proc_agree_about_this_test() {
        let name = |found: Option<(String, String)>| found.map(|(name, _)| name.chars().take(5).collect::<String>());
        let pid = std::process::id();
        // ps may print the program's whole path, but not on a system with /proc.
        if Path::new("/proc/self/stat").exists() {
            assert_eq!(name(ask(pid)), name(describe(pid)));
        }
        assert_eq!(ask(i32::MAX.unsigned_abs()), None);
    }
}
