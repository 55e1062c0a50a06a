//! Runs the `messenger-db` binary as a person would, with an environment that holds nothing of ours.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Output};

use messenger_db::local::STATE_DIR_VARIABLE;

/// What a run of a program left behind.
#[derive(Debug)]
pub struct Run {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self::new(output.status, text(output.stdout), text(output.stderr))
    }
}

impl Run {
    pub(super) fn new(status: ExitStatus, stdout: String, stderr: String) -> Self {
        Self { code: status.code(), signal: status.signal(), stdout, stderr }
    }

    /// Runs a command to its end.
    pub fn of(command: &mut Command) -> Self {
        command.output().unwrap_or_else(|error| panic!("{error}: {command:?}")).into()
    }

    /// Demands that it ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Demands that standard error says this.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in stderr:\n{}", self.stderr);
        self
    }

    /// The one JSON object on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        object(&self.stdout)
    }

    /// The error in the one JSON object on standard error.
    #[track_caller]
    pub fn json_error(&self) -> serde_json::Value {
        object(&self.stderr)["error"].take()
    }
}

#[track_caller]
fn object(text: &str) -> serde_json::Value {
    let value: serde_json::Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: no JSON object, or more than one: {text}"));
    assert!(value.is_object() && text.lines().count() == 1, "{text}");
    value
}

/// The binary, in a folder without a `.env`, with an environment that names no database, no colours and no width.
///
/// Without a database it would use the private server of this machine; here that fails, unless a test names a state
/// folder of its own.
pub fn messenger_db(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_messenger-db"));
    command.args(arguments).current_dir("/").env(STATE_DIR_VARIABLE, "/dev/null/messenger-db");
    for (variable, _) in std::env::vars_os() {
        if variable.to_str().is_some_and(|name| name.starts_with("PG")) {
            command.env_remove(variable);
        }
    }
    for variable in
        ["DATABASE_URL", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "COLUMNS", "LINES", "RUST_BACKTRACE"]
    {
        command.env_remove(variable);
    }
    command
}
