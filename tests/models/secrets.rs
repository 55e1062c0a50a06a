//! Hashes do not show in `Debug`, wherever they are.

use messenger_db::ids::UserId;
use messenger_db::models::{NewUser, NewUserSession, User, UserChanges, UserSession};
use messenger_db::schema::{user_sessions, users};
use messenger_db::secrets::{PasswordHash, TokenHash};

use diesel::prelude::*;

use crate::schema::populated;

#[test]
fn no_debug_output_shows_a_hash() {
    let database = populated();
    let mut connection = database.diesel();
    let password_hash = PasswordHash::new("$argon2id$s3cret");
    let token_hash = TokenHash::new([0xAB; 32]);
    let new_user = NewUser {
        id: UserId::new(),
        username: "eve",
        password_hash: &password_hash,
        display_name: None,
        avatar_url: None,
    };
    let user: User = diesel::insert_into(users::table)
        .values(&new_user)
        .returning(User::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(user.password_hash.as_ref().map(PasswordHash::expose), Some("$argon2id$s3cret"));
    let session: UserSession = user_sessions::table.select(UserSession::as_select()).first(&mut connection).unwrap();
    let changes = UserChanges { password_hash: Some(&password_hash), ..UserChanges::default() };
    let new_session = NewUserSession {
        id: messenger_db::ids::SessionId::new(),
        user_id: user.id,
        token_hash,
        device_id: None,
        device_type: None,
        device_name: None,
        ip_address: None,
        user_agent: None,
        expires_at: chrono::Utc::now(),
        idle_timeout: None,
    };

    let shown =
        format!("{new_user:?} {user:?} {session:?} {changes:?} {new_session:?} {password_hash:?} {token_hash:#?}");
    // Bytes beside each other: one alone may be in any id or time.
    for secret in ["s3cret", "argon2", "171, 171", "171,\n", "ab, ab", "abababab", "ABABABAB"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("PasswordHash(..)") && shown.contains("TokenHash(..)"), "{shown}");
}

#[test]
fn a_token_hash_of_another_length_is_an_error_and_not_a_panic() {
    let read = diesel::select(diesel::dsl::sql::<diesel::sql_types::Binary>("'\\x00'::bytea"))
        .get_result::<TokenHash>(&mut populated().diesel());
    assert!(matches!(read, Err(diesel::result::Error::DeserializationError(_))), "{read:?}");
}
