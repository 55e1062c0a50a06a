//! The columns whose values are never selected.

/// Parts of names that secrets have, in this schema and in most others.
const PARTS: [&str; 23] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "_hash",
    "private_key",
    "api_key",
    "apikey",
    "signing_key",
    "access_key",
    "encryption_key",
    "credential",
    "jwt",
    "bearer",
    "cookie",
    "totp",
    "recovery_code",
    "backup_code",
    "pin_code",
    "pincode",
    "mnemonic",
];

/// Whole names, and what is behind the last `_` of a name.
const NAMES: [&str; 9] = ["auth", "p256dh", "hash", "salt", "otp", "pin", "seed", "pass", "passcode"];

/// Whether the values of a column of that name stay in the database: hashes of passwords and tokens, tokens, and keys, of
/// this schema's tables and, by the usual names, of a service's own. The studio neither selects them nor compares them with
/// anything; what a page shows is whether there is one. Only names are looked at: what a view shows under another name is shown.
///
/// ```
/// use messenger_db::studio::is_secret;
///
/// assert!(is_secret("password_hash") && is_secret("token_hash") && is_secret("API_KEY"));
/// assert!(is_secret("smtp_pass") && is_secret("login_pin") && is_secret("jwt"));
/// assert!(!is_secret("username") && !is_secret("author") && !is_secret("pin_rank") && !is_secret("spin"));
/// ```
#[must_use]
pub fn is_secret(column: &str) -> bool {
    let name = column.to_lowercase();
    let last = name.rsplit('_').next().unwrap_or_default();
    // Of `pass` every ending: smtppass.
    NAMES.contains(&last) || name.ends_with("pass") || PARTS.iter().any(|part| name.contains(part))
}
