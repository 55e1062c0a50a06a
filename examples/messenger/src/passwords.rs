//! Passwords: hashed with Argon2id; bcrypt, as the test data has it, is verified and then replaced.

use argon2::Argon2;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _, SaltString};
use messenger_db::secrets::PasswordHash;

use crate::failure::Failure;

/// The shortest password, in characters.
const SHORTEST: usize = 8;
/// The longest, in bytes: hashing takes the longer, the longer it is.
const LONGEST: usize = 1_000;

/// Hashes a password: 19 MiB and about 20 milliseconds of one processor, so not on a thread of the runtime.
///
/// # Errors
///
/// When the password is too short or too long.
pub fn hash(password: &str) -> Result<PasswordHash, Failure> {
    if password.chars().count() < SHORTEST || password.len() > LONGEST {
        return Err(Failure::invalid("password_invalid", "a password has 8 to 1,000 characters"));
    }
    let salt = SaltString::generate(&mut OsRng);
    let hash =
        Argon2::default().hash_password(password.as_bytes(), &salt).map_err(|error| Failure::internal(&error))?;
    Ok(PasswordHash::new(hash.to_string()))
}

/// Whether it is the password. As expensive as [`hash`].
pub fn verify(password: &str, hash: &PasswordHash) -> bool {
    if password.len() > LONGEST {
        return false;
    }
    if is_outdated(hash) {
        return bcrypt::verify(password, hash.expose()).unwrap_or(false);
    }
    password_hash::PasswordHash::new(hash.expose())
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Whether the hash is to be replaced once its password is known.
pub fn is_outdated(hash: &PasswordHash) -> bool {
    hash.expose().starts_with("$2")
}

/// Takes as long as [`verify`], so that the time of an answer does not tell which usernames exist.
pub fn verify_nothing(password: &str) {
    let _ = Argon2::default()
        .hash_password(&password.as_bytes()[..password.len().min(LONGEST)], &SaltString::generate(&mut OsRng));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_and_another_is_not() {
        let hash = hash("correct horse").unwrap();
        assert!(hash.expose().starts_with("$argon2id$"));
        assert!(verify("correct horse", &hash));
        assert!(!verify("Correct horse", &hash));
        assert!(!verify("", &hash));
    }

    #[test]
    fn a_short_or_endless_password_is_refused() {
        assert_eq!(hash("sieben7").unwrap_err().code, "password_invalid");
        assert_eq!(hash(&"x".repeat(1_001)).unwrap_err().code, "password_invalid");
    }
}
