//! Decides how the place of the local server is written as a URL that psql, libpq and Diesel all read alike.

use std::{fmt::Write, path::Path};

use super::USER;

/// The URL of a database behind the socket in this folder. It names the port too, because libpq would otherwise take
/// `PGPORT` from the environment and look for another socket.
pub(super) fn of(database: &str, socket: &Path, port: u16) -> String {
    let database = encode(database.as_bytes());
    let host = encode(socket.as_os_str().as_encoded_bytes());
    format!("postgresql:///{database}?host={host}&port={port}&user={USER}")
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
        assert_eq!(
            of("messenger", Path::new("/var/lib/messenger-db/socket"), 5432),
            "postgresql:///messenger?host=%2Fvar%2Flib%2Fmessenger-db%2Fsocket&port=5432&user=messenger"
        );
    }
}
