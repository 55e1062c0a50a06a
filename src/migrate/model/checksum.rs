//! Checksum of a migration's SQL, independent of how its lines end.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::migrate::model::migration::Migration;

impl Migration {
    /// The SHA-256, in hexadecimal, over `up.sql` and `down.sql`, the length of the first between them. A checkout
    /// with CRLF has the same.
    #[must_use]
    pub fn checksum(&self) -> String {
        let (up, down) = (normal(self.up), normal(self.down));
        let digest = Sha256::new().chain_update(&up).chain_update(up.len().to_be_bytes()).chain_update(down).finalize();
        digest.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// The text with every line ended as Unix does.
fn normal(sql: &str) -> String {
    sql.replace("\r\n", "\n").replace('\r', "\n")
}
