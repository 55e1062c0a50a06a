//! Accounts: registering, finding, changing and closing them.

mod close;
mod presence;
mod profile;
mod reserved;
mod search;

pub(in crate::queries) use close::leave_next_chat;
pub use close::{CloseRefused, Closed, close};
pub use presence::{PresenceRefused, mark_seen, set_presence};
pub use profile::{PasswordRefused, ProfileChanges, ProfileRefused, change_password, reset_password, update_profile};
pub use reserved::{release_username, release_usernames};
pub use search::{SEARCH_LIMIT, search};

pub use super::profile::Profile;

use diesel::expression::functions::define_sql_function;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::UserId;
use crate::models::{NewUser, User};
use crate::queries::{nul_character, text};
use crate::schema::users;

define_sql_function! {
    /// PostgreSQL's `lower`, which `users_username_key` indexes.
    #[sql_name = "lower"]
    fn lower_username(username: Nullable<Text>) -> Nullable<Text>;
}

/// Why an account was not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterRefused {
    /// Another account has the username, in whatever case, or had it not long ago.
    #[error("the username is taken")]
    UsernameTaken,
    /// The username is not 3 to 50 of A-Z, a-z, 0-9 and _.
    #[error("a username is 3 to 50 of A-Z, a-z, 0-9 and _")]
    UsernameInvalid,
    /// The password's hash does not start with `$`, so it is probably no hash.
    #[error("a password is stored as a PHC or bcrypt string, which starts with $")]
    PasswordHashInvalid,
    /// The display name is longer than 100 characters, or 1,000 bytes.
    #[error("a display name has at most 100 characters, and 1,000 bytes")]
    DisplayNameTooLong,
    /// Nothing of the display name is seen, or it has a control character, or one that changes the direction of text.
    #[error(
        "a display name needs a visible character, and must not contain control characters or changes of direction"
    )]
    DisplayNameInvalid,
    /// The avatar's address is longer than 500 characters.
    #[error("the address of an avatar has at most 500 characters")]
    AvatarUrlTooLong,
    /// A text has a NUL in it, which PostgreSQL cannot store.
    #[error("a text with a NUL in it cannot be stored")]
    ContainsNul,
}

refusals! { RegisterRefused {
    UsernameTaken: Conflict = "username_taken" if "users_username_key",
    UsernameInvalid: Invalid = "username_invalid" if "users_username_check",
    PasswordHashInvalid: Invalid = "password_hash_invalid" if "users_password_hash_check",
    DisplayNameTooLong: Invalid = "display_name_too_long" if "users_display_name_check",
    DisplayNameInvalid: Invalid = "display_name_invalid" if "users_display_name_shown_check",
    AvatarUrlTooLong: Invalid = "avatar_url_too_long" if "users_avatar_url_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// Opens an account, offline until [`set_presence`] says otherwise.
///
/// A transaction of two statements. Of two registrations of one name at once, `users_username_key` lets one through; the other
/// waits for it, and is refused. Uses the index `reserved_usernames_pkey`, too.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`UsernameTaken`](RegisterRefused::UsernameTaken): another account has the username, in whatever case, or had it not long
///   ago: until it was [closed](close()), or took another.
/// * [`UsernameInvalid`](RegisterRefused::UsernameInvalid): the username is not 3 to 50 of A-Z, a-z, 0-9 and _.
/// * [`PasswordHashInvalid`](RegisterRefused::PasswordHashInvalid): the password's hash does not start with `$`, so it
///   is probably no hash.
/// * [`DisplayNameTooLong`](RegisterRefused::DisplayNameTooLong): the display name is longer than 100 characters, or 1,000
///   bytes.
/// * [`DisplayNameInvalid`](RegisterRefused::DisplayNameInvalid): nothing of the display name is seen, or it has a control
///   character, or one that changes the direction of text.
/// * [`AvatarUrlTooLong`](RegisterRefused::AvatarUrlTooLong): the avatar's address is longer than 500 characters.
/// * [`ContainsNul`](RegisterRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// Also when the id is an account's already, which two [`UserId::new`] never are.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use messenger_db::error::Error;
/// use messenger_db::ids::UserId;
/// use messenger_db::models::NewUser;
/// use messenger_db::queries::accounts::{self, RegisterRefused};
/// use messenger_db::secrets::PasswordHash;
///
/// // From a password-hashing crate.
/// let hash = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
/// let alice = NewUser {
///     id: UserId::new(),
///     username: "Alice",
///     password_hash: &hash,
///     display_name: Some("Alice Liddell"),
///     avatar_url: None,
/// };
/// let account = accounts::register(conn, &alice)?;
/// assert_eq!(account.username.as_deref(), Some("Alice"));
///
/// let copy = NewUser { id: UserId::new(), username: "ALICE", ..alice };
/// assert_eq!(accounts::register(conn, &copy), Err(Error::Refused(RegisterRefused::UsernameTaken)));
/// # Ok::<(), Error<RegisterRefused>>(())
/// ```
pub fn register(conn: &mut PgConnection, new: &NewUser<'_>) -> Result<User, Error<RegisterRefused>> {
    let texts = [Some(new.username), Some(new.password_hash.expose()), new.display_name, new.avatar_url];
    if nul_character::in_any(texts) {
        return Err(Error::Refused(RegisterRefused::ContainsNul));
    }
    if new.display_name.is_some_and(text::is_long_name) {
        return Err(Error::Refused(RegisterRefused::DisplayNameTooLong));
    }
    conn.transaction(|conn| {
        let account = diesel::insert_into(users::table).values(new).returning(User::as_returning()).get_result(conn)?;
        let is_reserved = reserved::is_reserved(conn, new.username, None)?;
        if is_reserved { Err(Error::Refused(RegisterRefused::UsernameTaken)) } else { Ok(account) }
    })
}

/// The account of that username, in whatever case; what a sign-in starts with. A closed account has no username, so
/// it is never found.
///
/// One statement, no lock; uses the index `users_username_key`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "Alice");
/// use messenger_db::queries::accounts;
///
/// let account = accounts::find_by_username(conn, "aLICE")?.expect("alice is registered");
/// assert_eq!(account.id, alice.user_id());
/// // Verify the password against account.password_hash, then open a session.
/// assert_eq!(accounts::find_by_username(conn, "nobody")?, None);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn find_by_username(conn: &mut PgConnection, username: &str) -> QueryResult<Option<User>> {
    // Other characters are in no username, and a NUL would be the database's error.
    if !username.chars().all(is_in_usernames) {
        return Ok(None);
    }
    users::table
        .filter(lower_username(users::username).eq(username.to_ascii_lowercase()))
        .select(User::as_select())
        .first(conn)
        .optional()
}

/// An account by its key, open or closed (`deleted_at`).
///
/// One statement, no lock; uses the index `users_pkey`.
///
/// # Errors
///
/// `NotFound` when there is no such account and never was; else the database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::actor::Actor;
/// use messenger_db::ids::UserId;
/// use messenger_db::queries::accounts;
///
/// assert_eq!(accounts::get(conn, alice)?.username.as_deref(), Some("alice"));
/// assert_eq!(accounts::get(conn, Actor::trusted(UserId::new())), Err(diesel::result::Error::NotFound));
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn get(conn: &mut PgConnection, actor: Actor) -> QueryResult<User> {
    let user = actor.user_id();
    users::table.find(user).select(User::as_select()).first(conn)
}

/// What the actor may see of these accounts, open or closed, in the order of their keys: for the names and pictures
/// beside messages. Keys that are no account's are left out.
///
/// Anybody may who is signed in. Who has blocked the actor shows neither picture nor presence, and who shows presence to
/// others only ([`privacy`](super::privacy)), no presence.
///
/// One statement, no lock. Indexes: `users_pkey`, `blocks_blocked_idx`, `blocks_pkey`, `contacts_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # let bob = messenger_db::doctest::user(conn, "bob");
/// use messenger_db::queries::accounts;
///
/// let profiles = accounts::find_profiles(conn, alice, &[bob.user_id(), alice.user_id()])?;
/// assert_eq!(profiles.iter().map(|profile| profile.id).collect::<Vec<_>>(), [alice.user_id(), bob.user_id()]);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn find_profiles(conn: &mut PgConnection, actor: Actor, of: &[UserId]) -> QueryResult<Vec<Profile>> {
    super::profile::read(conn, actor.user_id(), of.iter().copied())
}

/// Whether the character can be in a username (`users_username_check`).
const fn is_in_usernames(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}
