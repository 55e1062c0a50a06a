//! The system user who runs the server, and the programs that run as that user.
//!
//! Guards against root, whom PostgreSQL refuses, and against what programs inherit from the caller: `PG*` variables that
//! lead to other servers, a language, a terminal, a folder that is closed to the other user, and open files.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::{env, fs, io};

use rustix::process::geteuid;

use super::{LocalError, PG_USER_VARIABLE};

/// Who runs the server when the caller is root and names no other user: the first of these that exists.
const CANDIDATES: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// Closes every file but the standard streams (make's job server, a test harness's pipes). A server that inherited them
/// would keep their readers waiting as long as it runs. Tried in a subshell first, because a shell that cannot do it ends.
const DETACH: &str = r#"
for file in /dev/fd/*; do
    number=${file##*/}
    case $number in 0 | 1 | 2 | *[!0-9]*) continue ;; esac
    if (eval "exec $number>&-") 2>/dev/null; then eval "exec $number>&-"; fi
done
exec "$@"
"#;

/// How many lines of a program's output an error shows.
const TAIL: usize = 15;

/// A system user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: u32,
    gid: u32,
    /// Whether it is another user than the caller.
    pub(super) is_another: bool,
}

impl Owner {
    /// The user who runs this process.
    pub(super) fn caller() -> Self {
        let uid = geteuid().as_raw();
        Self { name: name_of(uid), uid, gid: 0, is_another: false }
    }

    /// The user who runs the server of a data folder: the caller, or, when that is root, the owner of the data, else the
    /// user of `MESSENGER_DB_PG_USER`, else the first candidate.
    pub(super) fn of(data: &Path) -> Result<Self, LocalError> {
        let caller = Self::caller();
        if caller.uid != 0 {
            return Ok(caller);
        }
        // A package that is installed later may bring a better user, but the data keeps the one who made it.
        let made = fs::symlink_metadata(data).ok().map(|data| (name_of(data.uid()), data.uid(), data.gid()));
        let asked = env::var(PG_USER_VARIABLE).ok().filter(|name| !name.is_empty());
        let names = asked.as_deref().map_or(CANDIDATES.to_vec(), |name| vec![name]);
        let named = names.iter().filter_map(|name| accounts().find(|(other, ..)| other == name));
        match made.into_iter().chain(named).find(|(_, uid, _)| *uid != 0) {
            Some((name, uid, gid)) => Ok(Self { name, uid, gid, is_another: true }),
            None => Err(LocalError::NoServerUser(names.join(" or "))),
        }
    }

    /// Gives a file or folder to this user. Follows no symbolic link.
    pub(super) fn give(&self, path: &Path) -> Result<(), LocalError> {
        let given = if self.is_another { lchown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) };
        given.map_err(LocalError::io("change the owner of", path))
    }

    /// A program that runs as this user.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (variable, _) in env::vars_os().filter(|(name, _)| misleads(name)) {
            command.env_remove(variable);
        }
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if self.is_another {
            // This drops root's supplementary groups too.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// A program that outlives this process: it has a process group of its own, so that Ctrl-C does not end it, and
    /// inherits no open file but the standard streams.
    pub(super) fn detached(&self, program: impl AsRef<OsStr>) -> Command {
        // Debian's sh cannot close a file with a number of two digits; bash, busybox and macOS can.
        let shell = if Path::new("/bin/bash").is_file() { "/bin/bash" } else { "/bin/sh" };
        let mut command = self.command(shell);
        command.env_remove("BASH_ENV").args(["-c", DETACH, "sh"]).arg(program).process_group(0);
        command
    }

    /// Runs a program to its end and takes what it prints.
    pub(super) fn run(&self, command: &mut Command) -> Result<Output, LocalError> {
        command.output().map_err(|cause| self.cannot_run(command, cause))
    }

    pub(super) fn cannot_run(&self, command: &Command, cause: io::Error) -> LocalError {
        LocalError::Run { program: command.get_program().display().to_string(), user: self.name.clone(), cause }
    }
}

/// The end of what a program printed, errors last.
pub(super) fn said(output: &Output) -> String {
    tail(&[&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat())
}

/// The last lines of a text.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}

/// What to call a user in a message.
pub(super) fn name_of(uid: u32) -> String {
    let account = accounts().find(|(_, other, _)| *other == uid);
    account.map_or_else(|| format!("the user with id {uid}"), |(name, ..)| name)
}

/// The name, user id and group id of each account in /etc/passwd; none in a container without that file.
fn accounts() -> impl Iterator<Item = (String, u32, u32)> {
    let passwd = fs::read("/etc/passwd").unwrap_or_default();
    String::from_utf8_lossy(&passwd).lines().filter_map(account).collect::<Vec<_>>().into_iter()
}

fn account(line: &str) -> Option<(String, u32, u32)> {
    // macOS writes nobody as -2.
    let id = |text: &str| text.parse().ok().or_else(|| text.parse().ok().map(i32::cast_unsigned));
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
    Some((name.to_owned(), id(fields.nth(1)?)?, id(fields.next()?)?))
}

/// Whether a variable is about other servers or about a language.
fn misleads(variable: &OsStr) -> bool {
    let name = variable.as_encoded_bytes();
    name.starts_with(b"PG") || name.starts_with(b"LC_") || name == b"LANG" || name == b"LANGUAGE"
}

#[cfg(test)]
mod tests {
    use super::account;

    #[test]
    fn accounts_are_read_and_comments_blanks_and_broken_lines_are_none() {
        assert_eq!(account("postgres:x:101:104:PostgreSQL,,,:/:/bin/sh"), Some(("postgres".to_owned(), 101, 104)));
        assert_eq!(account("nobody:*:-2:-2::/:"), Some(("nobody".to_owned(), 4_294_967_294, 4_294_967_294)));
        for line in ["", "#", "# root:x:0:0", "broken", "a:x", "a:x:1", "a:x:one:1", ":x:1:1"] {
            assert_eq!(account(line), None, "{line}");
        }
    }
}
