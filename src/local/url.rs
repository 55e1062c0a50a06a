//! Writes the place of the local server as a URL for libpq, and so for Diesel, psql and `pg_dump`.

use std::{fmt::Write, path::Path};

use super::USER;

/// What libpq would otherwise read from `PGHOSTADDR`, `PGOPTIONS`, `PGSSLMODE` and the like, which can lead to another
/// server or refuse this one. An empty value means "none". Every libpq from 15 on knows these options. `PGSERVICE` cannot
/// be overruled in a URL.
const STATED: &str = "hostaddr=&options=&sslmode=disable&gssencmode=disable&channel_binding=disable&requirepeer=\
                      &target_session_attrs=any&connect_timeout=10&client_encoding=UTF8";

/// The URL of a database behind the socket in this folder. It states every option that matters, so that the environment
/// does not count.
pub(super) fn of(database: &str, socket: &Path, port: u16) -> String {
    let database = encode(database.as_bytes());
    let host = encode(socket.as_os_str().as_encoded_bytes());
    format!("postgresql:///{database}?host={host}&port={port}&user={USER}&{STATED}")
}

/// Percent-encodes every byte but the unreserved ones of RFC 3986.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a String does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{encode, of};

    #[test]
    fn everything_but_the_unreserved_characters_is_encoded() {
        assert_eq!(encode(b"AZaz09-._~"), "AZaz09-._~");
        assert_eq!(encode("/a b'\"%&?#+,:@ü".as_bytes()), "%2Fa%20b%27%22%25%26%3F%23%2B%2C%3A%40%C3%BC");
    }

    #[test]
    fn the_url_names_socket_port_and_user() {
        let url = of("messenger", Path::new("/var/lib/messenger-db/socket"), 5432);
        let place = "postgresql:///messenger?host=%2Fvar%2Flib%2Fmessenger-db%2Fsocket&port=5432&user=messenger&";
        assert!(url.starts_with(place), "{url}");
    }
}
