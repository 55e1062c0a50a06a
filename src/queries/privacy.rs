//! What a user shows to whom, and lets whom do: presence, what they have read, groups, search by name.
//!
//! A block comes before each of these: whom the user has blocked sees neither presence nor picture nor receipts, adds the user
//! to nothing and does not find them, whatever is chosen here. What is chosen is obeyed when somebody reads, so that a send
//! or a receipt costs the same whoever hides what.

use diesel::prelude::*;

use super::user_changes::{self, About};
use crate::actor::Actor;
use crate::enums::{UserChangeKind, Visibility};
use crate::error::{Error, refusals};
use crate::queries::predicates::open_account;
use crate::schema::users;

/// What a user has chosen. At first, everything is for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Privacy {
    /// Who sees whether the user is there, and when they were last seen.
    pub presence_to: Visibility,
    /// Who sees what the user has read. It is mutual: of whom the user does not show theirs, the user does not see what they have
    /// read.
    pub receipts_to: Visibility,
    /// Who may add the user to groups.
    pub addable_by: Visibility,
    /// Whose [search](super::accounts::search) by a part of the name finds the user.
    pub findable_by: Visibility,
}

/// What of it changes; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = users)]
pub struct Changes {
    /// Who sees whether the user is there, and when they were last seen.
    pub presence_to: Option<Visibility>,
    /// Who sees what the user has read, and whose reading the user sees.
    pub receipts_to: Option<Visibility>,
    /// Who may add the user to groups.
    pub addable_by: Option<Visibility>,
    /// Whose search by a part of the name finds the user.
    pub findable_by: Option<Visibility>,
}

/// Why nothing was shown or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivacyRefused {
    /// There is no such account, or it is closed.
    #[error("there is no such account")]
    NoSuchAccount,
}

refusals! { PrivacyRefused {
    NoSuchAccount: NotFound = "account_not_found",
} }

/// The columns that [`Privacy`] is read from.
const CHOSEN: (users::presence_to, users::receipts_to, users::addable_by, users::findable_by) =
    (users::presence_to, users::receipts_to, users::addable_by, users::findable_by);

/// What the actor has chosen.
///
/// One statement, no lock. Index: `users_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](PrivacyRefused::NoSuchAccount): there is no such account, or it is closed.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// use messenger_db::enums::Visibility;
/// use messenger_db::queries::privacy;
///
/// assert_eq!(privacy::get(conn, alice)?.presence_to, Visibility::Everybody);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn get(conn: &mut PgConnection, actor: Actor) -> Result<Privacy, Error<PrivacyRefused>> {
    let chosen = open_account(actor.user_id()).select(CHOSEN).first(conn).optional()?;
    chosen.ok_or(Error::Refused(PrivacyRefused::NoSuchAccount))
}

/// Changes what the actor has chosen, and gives all of it as it is now. Nobody else is told of it: they see it when they read
/// the next time. Who is in a group already stays there.
///
/// The actor's other devices find it in their [`changes`](super::changes::Page::settings), as settings of no chat.
///
/// A transaction of two statements. It locks the account's row, and then the counter of the user's log. Index: `users_pkey`; the
/// update writes no indexed column.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](PrivacyRefused::NoSuchAccount): there is no such account, or it is closed.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let [alice, bob] = ["alice", "bob"].map(|name| messenger_db::doctest::user(conn, name));
/// use messenger_db::enums::Visibility;
/// use messenger_db::queries::accounts;
/// use messenger_db::queries::privacy::{self, Changes};
///
/// let hidden = Changes { presence_to: Some(Visibility::Contacts), ..Changes::default() };
/// privacy::change(conn, alice, &hidden)?;
/// assert_eq!(accounts::find_profiles(conn, bob, &[alice.user_id()])?[0].last_seen_at, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn change(conn: &mut PgConnection, actor: Actor, changes: &Changes) -> Result<Privacy, Error<PrivacyRefused>> {
    if *changes == Changes::default() {
        // An UPDATE has to set something.
        return get(conn, actor);
    }
    let user = actor.user_id();
    conn.transaction(|conn| {
        let chosen = diesel::update(open_account(user)).set(changes).returning(CHOSEN).get_result(conn).optional()?;
        let chosen = chosen.ok_or(Error::Refused(PrivacyRefused::NoSuchAccount))?;
        user_changes::record(conn, &[user], UserChangeKind::SettingsChanged, About::default())?;
        Ok(chosen)
    })
}
