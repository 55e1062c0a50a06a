//! Changes an account's names, picture and password.

use diesel::prelude::*;

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::UserId;
use crate::models::{User, UserChanges};
use crate::queries::accounts::reserved;
use crate::queries::functions::clock;
use crate::queries::predicates::{open_account, open_account_to_lock};
use crate::queries::{atomic, nul_character, text, unused_files, user_changes};
use crate::schema::users;
use crate::secrets::PasswordHash;
use crate::views::local_users;

/// What of a profile is to change: `None` leaves it, `Some(None)` takes it away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProfileChanges<'a> {
    /// What the user signs in with and is found by.
    pub username: Option<&'a str>,
    /// The name to show.
    pub display_name: Option<Option<&'a str>>,
    /// Where the picture is: an address that the service makes, for this user alone. When another replaces it, its file is on the
    /// list of [unused files](crate::queries::unused_files): whoever could choose the address could have anybody's file deleted.
    pub avatar_url: Option<Option<&'a str>>,
}

/// Why a profile did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileRefused {
    /// There is no such account, or it is closed.
    #[error("there is no such account")]
    NoSuchAccount,
    /// Another account has the username, in whatever case, or had it not long ago.
    #[error("the username is taken")]
    UsernameTaken,
    /// The username is not 3 to 50 of A-Z, a-z, 0-9 and _.
    #[error("a username is 3 to 50 of A-Z, a-z, 0-9 and _")]
    UsernameInvalid,
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

refusals! { ProfileRefused {
    NoSuchAccount: NotFound = "account_not_found",
    UsernameTaken: Conflict = "username_taken" if "users_username_key",
    UsernameInvalid: Invalid = "username_invalid" if "users_username_check",
    DisplayNameTooLong: Invalid = "display_name_too_long" if "users_display_name_check",
    DisplayNameInvalid: Invalid = "display_name_invalid" if "users_display_name_shown_check",
    AvatarUrlTooLong: Invalid = "avatar_url_too_long" if "users_avatar_url_check",
    ContainsNul: Invalid = "contains_nul",
} }

/// Why a password did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordRefused {
    /// There is no such account, or it is closed.
    #[error("there is no such account")]
    NoSuchAccount,
    /// The password is no longer the one that was verified.
    #[error("the password was changed meanwhile")]
    ChangedMeanwhile,
    /// The new password's hash does not start with `$`, or has a NUL in it, so it is probably no hash.
    #[error("a password is stored as a PHC or bcrypt string, which starts with $")]
    PasswordHashInvalid,
}

refusals! { PasswordRefused {
    NoSuchAccount: NotFound = "account_not_found",
    ChangedMeanwhile: Conflict = "password_changed_meanwhile",
    PasswordHashInvalid: Invalid = "password_hash_invalid" if "users_password_hash_check",
} }

/// Changes what was named of a profile, and returns the account as it is then.
///
/// A username that is given up stays reserved for the user, as that of a closed account is: until
/// [`release_usernames`](super::release_usernames) gives it free, nobody else takes it. So do the last three of them.
///
/// A picture that is replaced or taken away is on the list of [unused files](crate::queries::unused_files).
///
/// Everybody who has a chat with the user, and each contact, finds the change in [`changes`](crate::queries::changes); but whom
/// the user has blocked hears nothing of another picture, and sees none. In a chat that has somebody of them, 1,000 others at most
/// hear of it, in the logs of their own; the rest see it when they read the profile the next time.
///
/// A transaction; locks the account's row `FOR UPDATE`, and waits for another who is taking the same username; then the heads of
/// the user's chats in the order of their ids, and the counters of the contacts' logs. Its cost follows the number of the user's
/// chats and contacts. Uses the indexes `users_pkey`, `unread_messages_pkey` and `contacts_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](ProfileRefused::NoSuchAccount): there is no such account, or it is closed.
/// * [`UsernameTaken`](ProfileRefused::UsernameTaken): another account has the username, in whatever case, or had it not long
///   ago: until it was [closed](super::close()), or took another.
/// * [`UsernameInvalid`](ProfileRefused::UsernameInvalid): the username is not 3 to 50 of A-Z, a-z, 0-9 and _.
/// * [`DisplayNameTooLong`](ProfileRefused::DisplayNameTooLong): the display name is longer than 100 characters, or 1,000
///   bytes.
/// * [`DisplayNameInvalid`](ProfileRefused::DisplayNameInvalid): nothing of the display name is seen, or it has a control
///   character, or one that changes the direction of text.
/// * [`AvatarUrlTooLong`](ProfileRefused::AvatarUrlTooLong): the avatar's address is longer than 500 characters.
/// * [`ContainsNul`](ProfileRefused::ContainsNul): a text has a NUL in it, which PostgreSQL cannot store.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::queries::accounts::{self, ProfileChanges};
///
/// let changes = ProfileChanges { display_name: Some(Some("Alice L.")), ..ProfileChanges::default() };
/// let account = accounts::update_profile(conn, alice, &changes)?;
/// assert_eq!(account.display_name.as_deref(), Some("Alice L."));
/// assert_eq!(account.username.as_deref(), Some("alice"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn update_profile(
    conn: &mut PgConnection,
    actor: Actor,
    changes: &ProfileChanges<'_>,
) -> Result<User, Error<ProfileRefused>> {
    let user = actor.user_id();
    if nul_character::in_any([changes.username, changes.display_name.flatten(), changes.avatar_url.flatten()]) {
        return Err(Error::Refused(ProfileRefused::ContainsNul));
    }
    if changes.display_name.flatten().is_some_and(text::is_long_name) {
        return Err(Error::Refused(ProfileRefused::DisplayNameTooLong));
    }
    let account = open_account(user);
    if *changes == ProfileChanges::default() {
        // An UPDATE has to set something.
        let unchanged = account.select(User::as_select()).first(conn).optional()?;
        return unchanged.ok_or(Error::Refused(ProfileRefused::NoSuchAccount));
    }
    let &ProfileChanges { username, display_name, avatar_url } = changes;
    // Whom the user has blocked hears of what they see, which is all but the picture.
    let is_seen_by_blocked = username.is_some() || display_name.is_some();
    let changes = UserChanges { username, display_name, avatar_url, password_hash: None };
    conn.transaction(|conn| {
        // Whoever begins to know the user meanwhile comes before, and is told, or later, and reads the new name.
        let held = open_account_to_lock(user)
            .select((local_users::username.assume_not_null(), local_users::avatar_url))
            .for_update();
        let Some((before, picture)) = held.first::<(String, Option<String>)>(conn).optional()? else {
            return Err(Error::Refused(ProfileRefused::NoSuchAccount));
        };
        let updated = diesel::update(account)
            .set((changes, users::updated_at.eq(clock())))
            .returning(User::as_returning())
            .get_result(conn)?;
        if let Some(username) = username {
            if reserved::is_reserved(conn, username, Some(user))? {
                return Err(Error::Refused(ProfileRefused::UsernameTaken));
            }
            reserved::reserve_given_up(conn, user, &before, username)?;
        }
        if let Some(avatar_url) = avatar_url {
            unused_files::queue_replaced(conn, picture, avatar_url)?;
        }
        user_changes::record_profile(conn, user, !is_seen_by_blocked)?;
        Ok(updated)
    })
}

/// Replaces the password of a user who has just shown that they know it: `verified` is the hash that was verified,
/// and the change is refused when it is no longer the account's, so that of two changes at once only one happens.
///
/// Sessions stay as they are; [`revoke_others`](crate::queries::sessions::revoke_others) ends those on other devices.
///
/// One statement, and one more to tell why when it did nothing; locks the account's row until it commits. Uses
/// `users_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](PasswordRefused::NoSuchAccount): there is no such account, or it is closed.
/// * [`ChangedMeanwhile`](PasswordRefused::ChangedMeanwhile): the password is no longer the one that was verified.
/// * [`PasswordHashInvalid`](PasswordRefused::PasswordHashInvalid): the new password's hash does not start with `$`,
///   or has a NUL in it, so it is probably no hash.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::error::Error;
/// use messenger_db::queries::accounts::{self, PasswordRefused};
/// use messenger_db::secrets::PasswordHash;
///
/// let verified = accounts::get(conn, alice)?.password_hash.expect("an open account has one");
/// let new = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$bmV3");
/// accounts::change_password(conn, alice, &verified, &new)?;
/// assert_eq!(
///     accounts::change_password(conn, alice, &verified, &new),
///     Err(Error::Refused(PasswordRefused::ChangedMeanwhile)),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change_password(
    conn: &mut PgConnection,
    actor: Actor,
    verified: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), Error<PasswordRefused>> {
    let user = actor.user_id();
    if nul_character::in_any([Some(new.expose())]) {
        return Err(Error::Refused(PasswordRefused::PasswordHashInvalid));
    }
    if nul_character::in_any([Some(verified.expose())]) {
        return Err(Error::Refused(PasswordRefused::ChangedMeanwhile));
    }
    let account = open_account(user);
    let changed = atomic::statement(conn, |conn| {
        diesel::update(account.filter(users::password_hash.eq(verified)))
            .set((users::password_hash.eq(new), users::updated_at.eq(clock())))
            .execute(conn)
    })?;
    if changed > 0 {
        return Ok(());
    }
    let is_open = diesel::select(diesel::dsl::exists(account)).get_result(conn)?;
    let reason = if is_open { PasswordRefused::ChangedMeanwhile } else { PasswordRefused::NoSuchAccount };
    Err(Error::Refused(reason))
}

/// Gives the account a new password, whatever the old one was: for a user who forgot it and proved in another way who
/// they are.
///
/// Sessions stay as they are; [`revoke_all`](crate::queries::sessions::revoke_all) ends them.
///
/// One statement; locks the account's row until it commits. Uses the index `users_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](PasswordRefused::NoSuchAccount): there is no such account, or it is closed.
/// * [`PasswordHashInvalid`](PasswordRefused::PasswordHashInvalid): the new password's hash does not start with `$`,
///   or has a NUL in it, so it is probably no hash.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::queries::{accounts, sessions};
/// use messenger_db::secrets::PasswordHash;
///
/// let new = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$bmV3");
/// accounts::reset_password(conn, alice.user_id(), &new)?;
/// sessions::revoke_all(conn, alice)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn reset_password(conn: &mut PgConnection, user: UserId, new: &PasswordHash) -> Result<(), Error<PasswordRefused>> {
    if nul_character::in_any([Some(new.expose())]) {
        return Err(Error::Refused(PasswordRefused::PasswordHashInvalid));
    }
    let account = open_account(user);
    let changes = (users::password_hash.eq(new), users::updated_at.eq(clock()));
    let changed = atomic::statement(conn, |conn| diesel::update(account).set(changes).execute(conn))?;
    if changed == 0 { Err(Error::Refused(PasswordRefused::NoSuchAccount)) } else { Ok(()) }
}
