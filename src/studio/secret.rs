//! The columns whose values are never selected.

/// Parts of names that secrets have, in this schema and in most others.
const PARTS: [&str; 9] =
    ["password", "passwd", "passphrase", "secret", "token", "_hash", "private_key", "api_key", "credential"];

/// Whole names.
const NAMES: [&str; 5] = ["auth", "p256dh", "hash", "salt", "otp"];

/// Whether the values of a column of that name stay in the database: hashes of passwords and tokens, tokens, and keys, of
/// this schema's tables and, by the usual names, of a service's own. The studio neither selects them nor compares them with
/// anything; what a page shows is whether there is one.
///
/// ```
/// use messenger_db::studio::is_secret;
///
/// assert!(is_secret("password_hash") && is_secret("token_hash") && is_secret("API_KEY"));
/// assert!(!is_secret("username") && !is_secret("author"));
/// ```
#[must_use]
pub fn is_secret(column: &str) -> bool {
    let name = column.to_lowercase();
    NAMES.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}
