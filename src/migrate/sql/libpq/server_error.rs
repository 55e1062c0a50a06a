//! An error or notice of the server, with every field that helps a person.

use std::fmt;

use pq_sys::{PGresult, PQresultErrorField, PQresultErrorMessage};

use super::text_at;

/// What PostgreSQL said when it refused a statement.
///
/// The fields are those of the protocol
/// ([Error and Notice Message Fields](https://www.postgresql.org/docs/current/protocol-error-fields.html)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerError {
    /// `ERROR`, `FATAL`, `NOTICE` …, never translated.
    pub severity: String,
    /// The five characters of the SQLSTATE, such as `42P07`; empty when the connection broke instead.
    pub sqlstate: String,
    /// The message, one line as a rule, in the server's language.
    pub message: String,
    /// More about what happened.
    pub detail: Option<String>,
    /// What the server proposes.
    pub hint: Option<String>,
    /// Where in what was sent, in characters from 1. Many errors have none: `relation already exists`, for one.
    pub position: Option<usize>,
    /// How many of the statements that were sent together had succeeded before the one that failed.
    pub completed: usize,
    /// Which function or nested statement it happened in.
    pub context: Option<String>,
    /// The table that it is about.
    pub table: Option<String>,
    /// The constraint that refused.
    pub constraint: Option<String>,
}

/// What PostgreSQL remarked while it carried out a statement.
pub type Notice = ServerError;

impl ServerError {
    /// Reads the fields of a result.
    ///
    /// # Safety
    ///
    /// `result` points to a result that lives until this returns.
    pub(super) unsafe fn of_result(result: *const PGresult) -> Self {
        let field = |code: u8| {
            // SAFETY: the result is alive by this function's contract, and libpq's text lives as long as it does.
            unsafe { text_at(PQresultErrorField(result, i32::from(code))) }
        };
        Self {
            severity: field(b'V').or_else(|| field(b'S')).unwrap_or_else(|| "ERROR".to_owned()),
            sqlstate: field(b'C').unwrap_or_default(),
            message: field(b'M')
                // SAFETY: as above.
                .or_else(|| unsafe { text_at(PQresultErrorMessage(result)) })
                .unwrap_or_default()
                .trim_end()
                .to_owned(),
            detail: field(b'D'),
            hint: field(b'H'),
            position: field(b'P').and_then(|position| position.parse().ok()),
            context: field(b'W'),
            table: field(b't'),
            constraint: field(b'n'),
            completed: 0,
        }
    }

    /// The error of a statement of a file as it would be if the whole file had been sent: the statement starts at that byte, and
    /// so many were completed before it.
    pub(in crate::migrate) fn in_file(self, sql: &str, start: usize, completed: usize) -> Self {
        let before = sql.get(..start).map_or(0, |before| before.chars().count());
        Self { position: self.position.map(|position| position + before), completed, ..self }
    }

    /// An error as of a server that refuses to write, before it is asked to.
    pub(in crate::migrate) fn read_only(message: &str) -> Self {
        let sqlstate = "25006".to_owned();
        Self { severity: "ERROR".to_owned(), sqlstate, message: message.to_owned(), ..Self::default() }
    }

    /// An error of the connection itself, which has no SQLSTATE.
    pub(in crate::migrate) fn of_connection(message: &str) -> Self {
        Self { severity: "FATAL".to_owned(), message: message.trim_end().to_owned(), ..Self::default() }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.sqlstate.is_empty() {
            write!(f, " (SQLSTATE {})", self.sqlstate)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}
