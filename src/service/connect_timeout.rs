//! How long libpq may take for a connection of a pool.

use std::time::Duration;

/// The URL, or the words of libpq, with a `connect_timeout`: a pool that gives up waiting for a connection cannot end the thread
/// that makes it.
pub(super) fn with(url: &str, connect: Duration) -> String {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::with;

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
            assert_eq!(with(url, Duration::from_millis(1_500)), expected);
        }
        assert_eq!(with("", Duration::ZERO), " connect_timeout=1");
    }
}
