//! Finds a user's groups by their names.

use diesel::prelude::*;

use super::SearchRefused;
use super::query::check;
use crate::actor::Actor;
use crate::error::Error;
use crate::models::Chat;
use crate::queries::functions::{Matches, array_to_tsvector, search_names, search_text, search_words};
use crate::schema::{chat_heads, chat_participants, chats};

/// How many groups are found at most.
const MAX_GROUPS: i64 = 50;

/// The groups of a user that have these words in their names, 50 at most: the one where something was said last comes
/// first.
///
/// Each word is a prefix, from three Latin letters or one letter of another script on, whatever the case and the accents.
/// A text without a word finds nothing.
///
/// Anybody may, in the groups that they are in now.
///
/// One statement, which locks nothing. Its cost follows the number of the user's chats. Indexes:
/// `chat_participants_active_idx`, `chats_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`QueryTooLong`](SearchRefused::QueryTooLong): the text has more than [`MAX_QUERY`](super::MAX_QUERY) characters.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let anna = messenger_db::doctest::user(conn, "anna");
/// use messenger_db::queries::groups::{self, NewGroup};
/// use messenger_db::queries::search;
///
/// let group = groups::create(conn, anna, &NewGroup::new("Горный клуб", &[]))?;
/// let found = search::find_groups(conn, anna, "клуб гор")?;
/// assert_eq!(found[0].id, group.id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_groups(conn: &mut PgConnection, actor: Actor, text: &str) -> Result<Vec<Chat>, Error<SearchRefused>> {
    let words = array_to_tsvector(search_words(search_text(chats::name)));
    let has_words = Matches::new(words, search_names(check(text)?));
    let found = chat_participants::table
        .inner_join(chats::table.on(chats::id.eq(chat_participants::chat_id)))
        .inner_join(chat_heads::table.on(chat_heads::chat_id.eq(chat_participants::chat_id)))
        .filter(chat_participants::user_id.eq(actor.user_id()).and(chat_participants::left_at.is_null()))
        .filter(chats::name.is_not_null().and(chats::deleted_at.is_null()))
        .filter(has_words)
        .order((chat_heads::last_message_at.desc().nulls_last(), chats::id))
        .limit(MAX_GROUPS)
        .select(Chat::as_select())
        .load(conn)?;
    Ok(found)
}
