//! Decides what every child process sees: the server's user, a clean environment, and a folder it may enter.

use std::{
    env,
    ffi::OsStr,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use super::{LocalError, owner::Owner};

/// How many lines of a program's or the server's output an error carries.
const TAIL: usize = 15;

/// Closes every file but the standard streams (make's job server, a test harness's pipes): a server that held them
/// would keep their readers waiting for as long as it lives. Tried in a subshell first, because a shell that cannot
/// do it ends.
const DETACH: &str = r#"
for file in /dev/fd/*; do
    number=${file##*/}
    case $number in 0 | 1 | 2 | *[!0-9]*) continue ;; esac
    if (eval "exec $number>&-") 2>/dev/null; then eval "exec $number>&-"; fi
done
exec "$@"
"#;

/// A command that runs as the server's user, in `/` because the caller's folder may be closed to that user, without
/// the caller's terminal, and without what the environment says about other servers and languages.
pub(super) fn command(program: impl AsRef<OsStr>, owner: &Owner) -> Command {
    let mut command = Command::new(program);
    for (variable, _) in env::vars_os() {
        if misleads(&variable) {
            command.env_remove(variable);
        }
    }
    // What initdb and pg_ctl say is read here and must not be translated.
    command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
    if let Some((uid, gid)) = owner.switch {
        // Becoming another user drops root's supplementary groups too.
        command.uid(uid).gid(gid);
    }
    command
}

/// A command for a program that outlives us: it has a process group of its own, so that Ctrl-C ends us and not it,
/// and of what the caller has open it gets at most the standard streams.
pub(super) fn detached(program: impl AsRef<OsStr>, owner: &Owner) -> Command {
    // Debian's sh cannot close a file with a number of two digits; bash, busybox and macOS can.
    let shell = if Path::new("/bin/bash").is_file() { "/bin/bash" } else { "/bin/sh" };
    let mut command = self::command(shell, owner);
    command.env_remove("BASH_ENV").args(["-c", DETACH, "sh"]).arg(program).process_group(0);
    command
}

/// Runs a command to its end and takes what it prints.
pub(super) fn run(command: &mut Command, owner: &Owner) -> Result<Output, LocalError> {
    command.output().map_err(|cause| LocalError::Run {
        program: command.get_program().display().to_string(),
        user: owner.name.clone(),
        cause,
    })
}

/// The end of what a program printed, errors last.
pub(super) fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat();
    tail(&text)
}

/// The last lines of a text.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
}

/// `PGDATA`, `PGPORT`, `PGOPTIONS`, … are about the servers the caller uses, not about this one.
fn misleads(variable: &OsStr) -> bool {
    let name = variable.as_encoded_bytes();
    name.starts_with(b"PG") || name.starts_with(b"LC_") || name == b"LANG" || name == b"LANGUAGE"
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{misleads, tail};

    #[test]
    fn other_servers_and_languages_are_kept_from_the_children() {
        for name in ["PGDATA", "PGPORT", "PGOPTIONS", "LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"] {
            assert!(misleads(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "HOME", "TZ", "LD_LIBRARY_PATH", "LANGUAGES_I_SPEAK"] {
            assert!(!misleads(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn the_tail_is_the_last_fifteen_lines_that_say_something() {
        let long = (1..=40).map(|n| format!("line {n}\n")).collect::<Vec<_>>().join("\n");
        let tail = tail(&long);
        assert!(tail.starts_with("line 26\n") && tail.ends_with("\nline 40"), "{tail}");
        assert_eq!(super::tail("one\ntwo\n"), "one\ntwo");
    }
}
