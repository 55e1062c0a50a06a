//! The exit codes, stated once: `--help`, the manual pages and the table in README.md are printed from here or held
//! against it. They never change.

use std::fmt::Write as _;
use std::process::ExitCode;

/// Defines each exit code from one line: its name, its number and its meaning, in Markdown.
macro_rules! exit_codes {
    ($($name:ident = $code:literal, $meaning:literal;)+) => {
        /// How a command ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Exit {
            $(#[doc = $meaning] $name = $code,)+
        }

        impl Exit {
            /// Every exit code, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// What it means, in Markdown.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $meaning,)+
                }
            }
        }
    };
}

exit_codes! {
    Done = 0, "done, or nothing to do";
    Failed = 1, "failed";
    Usage = 2, "wrong usage or configuration";
    Pending = 3, "migrations are pending (`pending`, `status --exit-code`, `seed`, `maintain`, `erase`, `export`)";
    Drift = 4, "the database differs from what it should be, or an applied migration was edited";
    Locked = 5, "a lock could not be acquired in time";
    Ahead = 6, "the database is ahead of this binary";
    NoConnection = 7, "no connection";
    PermissionDenied = 8, "permission denied";
    NotExecutable = 126, "the program that `exec` is to become cannot be executed";
    NotFound = 127, "the program that `exec` is to become is not found";
}

impl Exit {
    /// Whether only `exec` ends so, in the place of the program that it could not become.
    #[must_use]
    pub const fn is_of_exec(self) -> bool {
        matches!(self, Self::NotExecutable | Self::NotFound)
    }

    /// The list for `--help` and the manual page.
    pub(super) fn help() -> String {
        let mut help = "Exit codes:".to_owned();
        for exit in Self::ALL.iter().filter(|exit| !exit.is_of_exec()) {
            // Writing into a String does not fail.
            let _ = write!(help, "\n  {}  {}", *exit as u8, exit.meaning().replace('`', ""));
        }
        help
    }

    /// The list for the help of `exec`.
    pub(super) fn help_of_exec() -> String {
        format!(
            "Exit codes: those of the program once it runs; before that {} when it cannot be executed, {} when it is \
             not found, and those that `messenger-db --help` lists.",
            Self::NotExecutable as u8,
            Self::NotFound as u8
        )
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
