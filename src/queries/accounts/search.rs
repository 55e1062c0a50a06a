//! Finds accounts by a part of the username, or by words of the display name.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Profile, is_in_usernames, lower_username};
use crate::actor::Actor;
use crate::ids::{UserId, sql_types};
use crate::queries::functions::{Matches, array_to_tsvector, search_names, search_text, search_words};
use crate::queries::profile::{self, ProfileSql, seen_by};
use crate::queries::statement::statement;
use crate::queries::visibility::MayFind;
use crate::schema::users;
use crate::views::presence_entries;

/// How many accounts a search finds at most.
pub const SEARCH_LIMIT: usize = 20;

/// How many characters of a name are looked for at most: 100.
const MAX_NAME: usize = 100;

/// How many accounts of one name are read at most.
const MAX_NAMED: i64 = 500;

/// The open accounts that have this part in their username, in whatever case, or these words in their display name, in
/// any script: first those whose username begins with the part, then those that have it, both by username, then those
/// found by display name; [`SEARCH_LIMIT`] at most.
///
/// Anybody who is signed in may. Whoever has blocked the actor is not found, as if there were no such account, and neither is
/// who lets only others find them ([`privacy`](crate::queries::privacy)). Of more than 500 names with one beginning, the first 500
/// by username are looked at.
///
/// The part is taken as it is: `_` is an underscore and no wildcard. A part of one or two letters is found at the
/// beginning of the username and after an underscore, not in the middle of a word, where only a scan of all users could
/// look for it; underscores alone are found at the beginning. In display names each word is a prefix, from three Latin
/// letters or one letter of another script on, and the last of several words from one letter on, whatever the case and the accents.
/// The empty part finds nobody, as does a part of more than 100 characters.
///
/// One statement when the names that begin with the part are enough, else up to four; no lock. Indexes:
/// `users_username_key`, `users_username_trgm_idx`, `users_name_words_idx`, `blocks_blocked_idx`, `blocks_pkey`, `contacts_pkey`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # for name in ["rosalind", "Lindsey", "bob"] { let _ = messenger_db::doctest::user(conn, name); }
/// use messenger_db::queries::accounts;
///
/// # let bob = messenger_db::doctest::user(conn, "robert");
/// let found = accounts::search(conn, bob, "lind")?;
/// let names: Vec<_> = found.iter().filter_map(|profile| profile.username.as_deref()).collect();
/// assert_eq!(names, ["Lindsey", "rosalind"]);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn search(conn: &mut PgConnection, actor: Actor, part: &str) -> QueryResult<Vec<Profile>> {
    let reader = actor.user_id();
    if part.is_empty() || part.contains('\0') || part.chars().nth(MAX_NAME).is_some() {
        return Ok(Vec::new());
    }
    // Nothing but letters, digits and underscores is looked for in usernames: neither %, nor \.
    let mut found = if part.chars().all(is_in_usernames) { by_username(conn, reader, part)? } else { Vec::new() };
    if found.len() < SEARCH_LIMIT && !part.chars().all(is_underscore) {
        let named = by_display_name(conn, reader, part)?;
        let more: Vec<_> =
            named.into_iter().filter(|profile| found.iter().all(|other| other.id != profile.id)).collect();
        found.extend(more.into_iter().take(SEARCH_LIMIT - found.len()));
    }
    profile::complete(conn, &mut found)?;
    Ok(found)
}

/// The accounts whose display name has these words. Of very many, any: a name is read and sorted for at most 500.
fn by_display_name(conn: &mut PgConnection, reader: UserId, part: &str) -> QueryResult<Vec<Profile>> {
    let words = array_to_tsvector(search_words(search_text(users::display_name)));
    let has_words = Matches::new(words, search_names(part));
    let ids: Vec<UserId> = users::table.filter(has_words).limit(MAX_NAMED).select(users::id).load(conn)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    users::table
        .left_join(presence_entries::table)
        .filter(users::id.eq_any(ids))
        .filter(users::deleted_at.is_null())
        .filter(MayFind(reader))
        .order((users::display_name, lower_username(users::username)))
        .limit(LIMIT)
        .select(seen_by(reader))
        .load(conn)
}

fn by_username(conn: &mut PgConnection, reader: UserId, part: &str) -> QueryResult<Vec<Profile>> {
    // Usually enough, and never more than 20 rows, whatever a client types first.
    let found = beginning_with(conn, reader, part)?;
    if found.len() == SEARCH_LIMIT || part.chars().all(is_underscore) { Ok(found) } else { having(conn, reader, part) }
}

statement! {
    /// Of very many names with one beginning, the first 500 are read: who is found by contacts only costs others nothing.
    BeginningWith {
        reader: UserId as sql_types::UserId,
        first: String as Text,
        last: String as Text,
    } -> (ProfileSql,) = "search.sql"
}

/// The accounts whose username begins with the part.
fn beginning_with(conn: &mut PgConnection, reader: UserId, part: &str) -> QueryResult<Vec<Profile>> {
    let first = part.to_ascii_lowercase();
    // A closed range rather than LIKE, so that a prepared statement has the index too. Whatever begins with the part
    // sorts before the part and a brace: `{` comes after `z`, and the column's collation is C.
    let last = format!("{first}{{");
    Ok(BeginningWith { reader, first, last }.load::<(Profile,)>(conn)?.into_iter().map(|(profile,)| profile).collect())
}

/// The accounts whose username has the part, those that begin with it first.
fn having(conn: &mut PgConnection, reader: UserId, part: &str) -> QueryResult<Vec<Profile>> {
    let has_trigram = has_trigram(part);
    let part = part.replace('_', r"\_");
    let beginning = format!("{part}%");
    let anywhere = if has_trigram { format!("%{part}%") } else { format!(r"%\_{part}%") };
    users::table
        .left_join(presence_entries::table)
        .filter(users::username.ilike(anywhere).or(users::username.ilike(beginning.clone())))
        .filter(MayFind(reader))
        // Ordered by the username alone, a plan that does not know the part may read all users in that order, in the
        // hope of 20 soon. Ordered by this first, it has to look the part up.
        .order((users::username.ilike(beginning).desc(), lower_username(users::username)))
        .limit(LIMIT)
        .select(seen_by(reader))
        .load(conn)
}

/// Whether the trigram index can look the part up wherever it stands. To `pg_trgm` an underscore separates words, a
/// word has two blanks before it and one after it, and what comes before and after the part is unknown.
fn has_trigram(part: &str) -> bool {
    match part.split_once('_') {
        None => part.len() >= 3,
        Some((first, rest)) => first.len() >= 2 || !rest.chars().all(is_underscore),
    }
}

const fn is_underscore(character: char) -> bool {
    character == '_'
}

#[allow(clippy::cast_possible_wrap, reason = "20")]
const LIMIT: i64 = SEARCH_LIMIT as i64;
