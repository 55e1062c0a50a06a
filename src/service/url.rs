//! The URL of a pool: how long libpq may take for a connection, and what it says of a URL without telling its password.

use std::time::Duration;

/// The URL, or the words of libpq, with a `connect_timeout`: a pool that gives up waiting for a connection cannot end the thread
/// that makes it.
pub(super) fn with_timeout(url: &str, connect: Duration) -> String {
    if url.contains("connect_timeout") || std::env::var_os("PGCONNECT_TIMEOUT").is_some() {
        return url.to_owned();
    }
    let between = match url.split_once("://") {
        Some(_) if url.ends_with(['?', '&']) => "",
        Some(_) if url.contains('?') => "&",
        Some(_) => "?",
        None => " ",
    };
    // 0 would be no limit.
    let seconds = connect.as_secs() + u64::from(connect.subsec_nanos() > 0);
    format!("{url}{between}connect_timeout={}", seconds.max(1))
}

/// What libpq says, without what it quotes of the URL. Of a URL that it cannot read, or has read otherwise than it was meant, that
/// may be the password; so only an attempt to connect names its server, role and database.
pub(super) fn without_quotes(said: &str, url: &str) -> String {
    let is_attempt = ["connection to server", "could not translate host name"].iter().any(|it| said.starts_with(it));
    // What is quoted may have been percent-decoded.
    let is_of_url = |quoted: &str| quoted.len() > 1 && (url.contains(quoted) || url.contains('%'));
    let is_shown = |quoted: &str| !is_of_url(quoted) || (is_attempt && !quoted.contains('@'));
    let pieces = said.split('"').enumerate();
    // Every other piece is between two quotes.
    pieces.map(|(at, piece)| if at % 2 == 0 || is_shown(piece) { piece } else { "…" }).collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::{Connection as _, PgConnection};

    use super::{with_timeout, without_quotes};

    #[test]
    fn who_has_not_said_how_long_connecting_may_take_waits_as_long_as_the_pool() {
        for (url, expected) in [
            ("postgresql://a,b/m", "postgresql://a,b/m?connect_timeout=2"),
            ("postgres://a/m?", "postgres://a/m?connect_timeout=2"),
            ("postgres://a/m?sslmode=require", "postgres://a/m?sslmode=require&connect_timeout=2"),
            ("host=a dbname=m", "host=a dbname=m connect_timeout=2"),
            ("", " connect_timeout=2"),
            ("host=a connect_timeout=9", "host=a connect_timeout=9"),
        ] {
            assert_eq!(with_timeout(url, Duration::from_millis(1_500)), expected);
        }
        assert_eq!(with_timeout("", Duration::ZERO), " connect_timeout=1");
    }

    #[test]
    fn no_url_that_cannot_be_read_shows_its_password() {
        for url in [
            "postgres//u:s3cret%@h/db",
            "postgresql://u:s3cret%et@h/db",
            "postgresql://u:s3cret%00@h/db",
            "postgresql://u:s3cret@[::1/db",
            "postgresql://u:s3cret@[::1]x/db",
            "postgresql://u:p#s3cret@h/db",
            "postgresql://u:s3cret/word@h/db",
            "postgresql://u:p@s3cret@h/db",
            "postgresql://u:p#s3cre%74@h/db",
            "postgresql://u:p@h/db?s3cret",
            "postgresql://u:p@h/db?s3cret=1",
            "postgresql://u:p@h/db?sslmode=s3cret",
            "user=u password=my s3cret",
            "user=u password=my s3cret=1",
            "user=u password='s3cret",
        ] {
            let url = &with_timeout(url, Duration::from_secs(1));
            let said = PgConnection::establish(url).map_or_else(|error| error.to_string(), |_| String::new());
            let shown = without_quotes(&said, url);
            assert!(!said.is_empty() && !shown.contains("s3cret"), "{url}: {shown}");
        }
    }

    #[test]
    fn an_attempt_names_its_server_role_and_database() {
        for said in [
            "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  role \"u\" does not exist",
            "could not translate host name \"nowhere\" to address: Name or service not known",
            "no \"quote\" of it",
            "an unfinished \" quote",
        ] {
            assert_eq!(without_quotes(said, "postgresql://u:p@10.0.0.1,nowhere/db"), said);
        }
    }
}
