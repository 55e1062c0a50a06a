//! Advice for a database that is not what it should be, or of which that is not known.

use crate::cli::problem::Problem;
use crate::cli::{Exit, differences, output};
use crate::migrate::{Drift, Unknown};

/// A catalog that differs: which objects, how, and what to do.
pub(super) fn drifted(message: &str, drift: &Drift, done: usize) -> Problem {
    const SHOWN: usize = 20;
    let objects = differences::counting(drift, SHOWN);
    let suspects = differences::suspects(drift).map_or_else(String::new, |suspects| format!("\n{suspects}"));
    let help = if done > 0 {
        "What was done stays. Make the database what it should be, by hand, or by a migration, which `--allow-drift=PATTERN` \
         lets begin; `messenger-db verify` shows when it is."
    } else if drift.version.is_none() {
        "Nothing was changed. It has what migrations would make, and no history of that: where it is a messenger's, made \
         without this binary, `messenger-db baseline` finds out of which version and records it. Where it is another \
         program's, give the messenger a database of its own (`createdb`), or a schema of its own."
    } else {
        "Nothing was changed. Make the database what it should be: undo what was done to it, by hand, or by a migration. \
         `--allow-drift=PATTERN` allows one difference, for such a migration to begin; `--allow-drift` goes on as it is."
    };
    Problem {
        // Everything that is there would be in it.
        diff: drift.version.is_some().then(|| differences::diff(drift)),
        ..Problem::new(Exit::Drift, format!("{message}\n{}", objects.join("\n")), format!("{help}{suspects}"))
    }
}

/// A database of which nobody knows what its catalog should be.
pub fn unknown_catalog(unknown: &Unknown) -> Problem {
    let message = format!("it is not known what the database should be: {unknown}");
    match unknown {
        Unknown::Ahead(_) => Problem::new(Exit::Ahead, message, "Verify it with the release that migrated it."),
        Unknown::Gap(_) => Problem::new(
            Exit::Drift,
            message,
            "`messenger-db run` applies what is missing; verify then. Where its objects are there already, \
                 `messenger-db baseline` records it.",
        ),
        Unknown::Locked(blocker) => {
            let who = blocker.as_ref().map(|blocker| {
                let ending = super::statement::ending(blocker);
                format!(" It is held by {}.{ending}", output::described(blocker))
            });
            let help = format!("Run the same command again when that is over.{}", who.unwrap_or_default());
            Problem::new(Exit::Locked, message, help)
        }
        Unknown::NotStored(_) => Problem::new(Exit::Failed, message, "Write it, and build the binary again."),
    }
}
