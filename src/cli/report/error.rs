//! The object for an error, on standard error.

use serde::Serialize;

use crate::cli::Problem;

/// What failed.
#[derive(Debug, Serialize)]
pub struct Failure<'a> {
    error: Error<'a>,
}

#[derive(Debug, Serialize)]
struct Error<'a> {
    message: &'a str,
    help: Option<&'a str>,
    sqlstate: Option<&'a str>,
    place: Option<Place<'a>>,
    diff: Option<&'a str>,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
}

impl<'a> From<&'a Problem> for Failure<'a> {
    fn from(problem: &'a Problem) -> Self {
        let place = problem.place.as_ref().map(|place| Place {
            file: place.source.name(),
            line: place.line,
            column: place.column,
        });
        Self {
            error: Error {
                message: &problem.message,
                help: problem.help.as_deref(),
                sqlstate: problem.sqlstate(),
                place,
                diff: problem.diff.as_deref(),
                exit_code: problem.exit as u8,
            },
        }
    }
}
