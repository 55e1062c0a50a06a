//! Advice for a connection that failed.

use std::time::Duration;

use super::quoted;
use crate::cli::problem::Problem;
use crate::cli::{Exit, duration};
use crate::migrate::{Conninfo, Obstacle, ServerError};

/// The SQLSTATE of a statement that was cancelled.
const STATEMENT_TIMEOUT: &str = "57014";

/// What to show for a connection that failed: by whose fault, and what to correct.
pub(super) fn no_connection(conninfo: &Conninfo, obstacle: Obstacle, waited: Duration, error: &ServerError) -> Problem {
    let server = conninfo.server();
    let mut help = match obstacle {
        Obstacle::Silent if waited.is_zero() => {
            format!("Nothing answers at {server}. Start the server, or correct the database URL.")
        }
        Obstacle::Silent => {
            let waited = duration::text(waited);
            format!("Nothing answered at {server} in {waited}. Start the server, or correct the database URL.")
        }
        Obstacle::NotNow if error.sqlstate == "3D000" => format!(
            "The server at {server} has no such database. Make it with `createdb`, or correct the database URL.",
        ),
        Obstacle::NotNow if error.sqlstate == STATEMENT_TIMEOUT => format!(
            "The server at {server} cut off the first statement: a statement_timeout of the role or the database is too short \
             for any. An administrator ends it with ALTER ROLE {} RESET statement_timeout; or ALTER DATABASE {} RESET \
             statement_timeout;",
            conninfo.option("user").map_or_else(|| "…".to_owned(), quoted),
            conninfo.option("dbname").map_or_else(|| "…".to_owned(), quoted),
        ),
        Obstacle::NotNow => format!("The server at {server} runs, and cannot serve now: see above why."),
        Obstacle::Unfit => format!(
            "No server at {server} is what target_session_attrs asks for, such as one that takes writes. Promote one, or \
             correct the database URL."
        ),
        Obstacle::Impossible => {
            "The database URL asks for what cannot be, such as a service, a host or an sslmode that \
                                 does not exist: see above. Correct it."
                .to_owned()
        }
        Obstacle::Encryption => format!(
            "Encryption failed on our side; the server at {server} has not looked at role and password yet. Check sslmode, \
             sslrootcert, sslcert and sslkey in the database URL (or PGSSLMODE and so on, or ~/.postgresql): the server's \
             certificate must be signed by an authority in sslrootcert, and with verify-full be made for the host{} that the URL names; a \
             key of ours may be read by nobody else (chmod 600). A server that has no TLS must be given it (ssl = on), or be \
             asked without (sslmode=disable), where the network is trusted.",
            named(conninfo.option("host")),
        ),
        Obstacle::Credentials => format!(
            "The server at {server} asked for what our side does not give. Give the role{} its password, in the database \
             URL, PGPASSWORD or ~/.pgpass; or let require_auth and channel_binding allow what the server asks for.",
            named(conninfo.option("user")),
        ),
        _ => format!(
            "The server at {server} runs, and refused: see above why. Check the role{}, its password and the database{} in \
             the database URL.",
            named(conninfo.option("user")),
            named(conninfo.option("dbname")),
        ),
    };
    if obstacle.passes() && waited.is_zero() && error.sqlstate != STATEMENT_TIMEOUT {
        help.push_str(" Where that is about to change, `--wait 30s` waits up to 30 seconds.");
    }
    // Whoever tries again at 7 would do so for ever.
    let exit = if obstacle == Obstacle::Impossible { Exit::Usage } else { Exit::NoConnection };
    Problem {
        sqlstate: Some(error.sqlstate.clone()),
        ..Problem::new(exit, format!("cannot connect to the database\n{}", error.message), help)
    }
}

fn named(name: Option<&str>) -> String {
    name.map(|name| format!(" {name:?}")).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use super::no_connection;
    use crate::migrate::{Obstacle, ServerError};

    #[test]
    fn a_timeout_that_is_too_short_for_anything_is_named_with_what_ends_it() {
        let conninfo = "postgresql://app@h/chat".parse().unwrap();
        let error = ServerError { sqlstate: "57014".to_owned(), ..ServerError::default() };
        let help = no_connection(&conninfo, Obstacle::NotNow, Duration::ZERO, &error).help.unwrap();
        assert!(help.contains("ALTER ROLE \"app\" RESET statement_timeout"), "{help}");
        assert!(help.contains("ALTER DATABASE \"chat\" RESET"), "{help}");
        assert!(!help.contains("--wait"), "{help}");
    }
}
