//! Reads what the command line allows to differ.

use std::fs;

use super::args::AllowDrift;
use super::output::Output;
use super::{Exit, Problem};
use crate::migrate::{AllowedDrift, Comparison, Drift, Error};

/// What `--allow-drift` means each time that it is given.
#[derive(Debug, Default)]
pub struct Allowed {
    /// Whether everything is allowed, that migrations were edited, too.
    pub everything: bool,
    /// The patterns.
    pub drift: AllowedDrift,
}

impl Allowed {
    /// Reads it, files included.
    pub fn read(options: &AllowDrift) -> Result<Self, Problem> {
        let mut allowed = Self::default();
        for value in &options.allow_drift {
            match value.strip_prefix('@') {
                Some(file) => allowed.add_file(file)?,
                None => {
                    allowed.drift.add(value).map_err(|bad| unusable(&format!("--allow-drift={value}"), bad.reason))?;
                }
            }
            allowed.everything |= value == "*";
        }
        Ok(allowed)
    }

    fn add_file(&mut self, file: &str) -> Result<(), Problem> {
        let text = fs::read_to_string(file).map_err(|error| unusable(file, &error.to_string()))?;
        self.drift.add_lines(&text).map_err(|bad| unusable(&format!("{file}:{}", bad.line), bad.reason))
    }

    /// Tells which patterns match nothing, once it is known what differs.
    pub fn remark(&self, catalog: &Comparison, output: &Output) {
        if !matches!(catalog, Comparison::None | Comparison::Unknown(_)) {
            self.remark_on(catalog.drift(), output);
        }
    }

    /// The same, for what was refused.
    pub fn remark_on_refusal(&self, error: &Error, output: &Output) {
        if let Error::Drift { drift, .. } | Error::RedoneOtherwise { drift } | Error::NothingEqual { drift } = error {
            self.remark_on(Some(drift), output);
        }
    }

    fn remark_on(&self, drift: Option<&Drift>, output: &Output) {
        for pattern in self.drift.without_match(drift) {
            output.note(&format!("--allow-drift: nothing differs that {pattern:?} matches"));
        }
    }
}

fn unusable(what: &str, reason: &str) -> Problem {
    Problem::new(
        Exit::Usage,
        format!("{what}: {reason}"),
        "A pattern is a line as `messenger-db verify` prints it, with * for any text, such as \
         `table messages: trigger audit*`; a file has one a line, and # begins a comment.",
    )
}
