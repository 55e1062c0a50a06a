//! Tells why there is no session, and whether that passes by itself: by the SQLSTATE and by the step that failed, never
//! by a text, which is in the language of the server.

use super::ServerError;

/// What stands between here and a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Nothing answers at that address, or what answered has gone. It passes.
    Silent,
    /// The server cannot serve now: it is starting up or shutting down, has too many connections, or has no such
    /// database yet. It passes.
    NotNow,
    /// No server of those named is what `target_session_attrs` asks for, such as writable. It passes.
    Unfit,
    /// The server refuses for good: a wrong password, a role that is not there or may not, a setting it does not know.
    Refused,
    /// Encryption failed on this side: the server has none or a certificate that is not trusted, or this side's own
    /// certificate or key cannot be used.
    Encryption,
    /// This side does not give what the server asks for: there is no password, or `require_auth` or `channel_binding`
    /// forbids the method.
    Credentials,
    /// The connection string asks for what cannot be, so that nothing was tried.
    Impossible,
}

impl Obstacle {
    /// Whether another attempt may succeed although nobody corrects anything.
    #[must_use]
    pub const fn passes(self) -> bool {
        matches!(self, Self::Silent | Self::NotNow | Self::Unfit)
    }

    /// That of an error which the server sent. Without a SQLSTATE, the connection broke.
    ///
    /// What no further attempt changes is listed, and everything else waited for: the classes 28 (authorization), 42
    /// (privilege, unknown setting), 22 (value of a setting), 0A (unsupported), and a database closed to connections.
    pub(in crate::migrate) fn of_sqlstate(sqlstate: &str) -> Self {
        match sqlstate.get(..2) {
            None => Self::Silent,
            Some("28" | "42" | "22" | "0A") => Self::Refused,
            Some(_) if sqlstate == "55000" => Self::Refused,
            Some(_) => Self::NotNow,
        }
    }
}

/// An attempt to connect that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unconnected {
    /// What stood in the way.
    pub obstacle: Obstacle,
    /// All that libpq says of it, with the server's SQLSTATE where the server answered.
    pub error: ServerError,
    /// What the server itself said, in its language.
    pub said: Option<String>,
}

impl From<ServerError> for Unconnected {
    /// An error of a session that had just been opened.
    fn from(error: ServerError) -> Self {
        let said = (!error.sqlstate.is_empty()).then(|| error.message.clone());
        Self { obstacle: Obstacle::of_sqlstate(&error.sqlstate), error, said }
    }
}

/// What libpq says of a failure when it is to be verbose, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verbose {
    /// As libpq says it by default.
    pub(super) text: String,
    /// The SQLSTATE of the last error that a server sent.
    pub(super) sqlstate: Option<String>,
    /// The message of that.
    pub(super) said: Option<String>,
}

impl Verbose {
    /// Reads a message. For an error of the server, libpq prints `SEVERITY:  SQLSTATE: MESSAGE` whatever the language,
    /// and lines of its own words for the place in the server's source.
    pub(super) fn read(message: &str) -> Self {
        const SOURCE: [&str; 6] = [
            "LOCATION:  ",
            "SCHEMA NAME:  ",
            "TABLE NAME:  ",
            "COLUMN NAME:  ",
            "DATATYPE NAME:  ",
            "CONSTRAINT NAME:  ",
        ];
        let mut read = Self::default();
        let mut lines = Vec::new();
        for line in message.lines() {
            if let Some((before, sqlstate, said)) = coded(line) {
                read.sqlstate = Some(sqlstate.to_owned());
                read.said = Some(said.to_owned());
                lines.push(format!("{before}{said}"));
            } else if read.sqlstate.is_none() || !SOURCE.iter().any(|label| line.starts_with(label)) {
                lines.push(line.to_owned());
            }
        }
        read.text = lines.join("\n");
        read
    }
}

/// A line with a SQLSTATE: what stands before it, the SQLSTATE, and what stands behind it.
fn coded(line: &str) -> Option<(&str, &str, &str)> {
    line.match_indices(":  ").find_map(|(colon, separator)| {
        let (before, rest) = line.split_at_checked(colon + separator.len())?;
        let (sqlstate, said) = rest.split_at_checked(5)?;
        let is_sqlstate = sqlstate.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
        Some((before, sqlstate, said.strip_prefix(": ")?)).filter(|_| is_sqlstate)
    })
}

#[cfg(test)]
mod tests {
    use super::{Obstacle, Verbose};

    #[test]
    fn the_sqlstate_is_read_in_any_language_and_taken_out_of_the_text() {
        let read = Verbose::read(
            "Verbindung zum Server auf Socket »/tmp/.s.PGSQL.5432« fehlgeschlagen: SCHWERWIEGEND:  53300: tut mir leid\n\
             TIP:  Später.\nLOCATION:  InitProcess, proc.c:355\n",
        );
        assert_eq!(read.sqlstate.as_deref(), Some("53300"));
        assert_eq!(read.said.as_deref(), Some("tut mir leid"));
        assert_eq!(
            read.text,
            "Verbindung zum Server auf Socket »/tmp/.s.PGSQL.5432« fehlgeschlagen: SCHWERWIEGEND:  tut mir leid\nTIP:  Später."
        );
    }

    #[test]
    fn of_several_servers_the_last_one_counts() {
        let read = Verbose::read(
            "connection to server at \"a\" (::1), port 5432 failed: FATAL:  57P03: starting up\nLOCATION:  f, g.c:1\n\
             connection to server at \"b\" (::2), port 5432 failed: FATAL:  28P01: no: XX000:  00000: no\n",
        );
        assert_eq!(read.sqlstate.as_deref(), Some("28P01"));
        assert_eq!(read.said.as_deref(), Some("no: XX000:  00000: no"));
    }

    #[test]
    fn what_libpq_says_by_itself_is_left_as_it_is() {
        for text in ["could not translate host name \"x:  y\" to address", "ERROR:  53é00: x", "a:  12345", ""] {
            assert_eq!(Verbose::read(text), Verbose { text: text.to_owned(), ..Verbose::default() });
        }
    }

    #[test]
    fn what_passes_is_everything_but_what_somebody_must_correct() {
        for sqlstate in ["", "53300", "53400", "57P01", "57P02", "57P03", "3D000", "08006", "08P01", "XX000"] {
            assert!(Obstacle::of_sqlstate(sqlstate).passes(), "{sqlstate}");
        }
        for sqlstate in ["28000", "28P01", "42501", "42704", "22023", "0A000", "55000"] {
            assert!(!Obstacle::of_sqlstate(sqlstate).passes(), "{sqlstate}");
        }
    }
}
