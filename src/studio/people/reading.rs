//! Says why the pages of people cannot be read: the schema is not there, or the role lacks rights.

use axum::http::StatusCode;
use serde::Deserialize;

use super::super::catalog;
use super::super::database::{Database, Statement};
use super::super::failure::Failure;

/// A table that the pages read.
#[derive(Debug, Deserialize)]
struct Needed {
    name: String,
    is_there: bool,
    is_readable: bool,
}

const NEEDED: &str = "
    SELECT needed.name, class.oid IS NOT NULL AS is_there,
        coalesce(has_table_privilege(class.oid, 'SELECT'), false) AS is_readable
    FROM unnest(ARRAY[
        'users', 'user_sessions', 'contacts', 'blocks', 'chats', 'chat_heads', 'chat_participants', 'messages', 'message_edits',
        'message_reactions', 'message_delivery', 'attachments', 'unread_messages', 'push_tokens'
    ]) AS needed (name)
    LEFT JOIN pg_class AS class ON class.oid = to_regclass(quote_ident(needed.name))
    ORDER BY needed.name";

/// The page, or what is missing for it where the database refused to read.
pub(in crate::studio) fn explained<T>(database: &Database, made: Result<T, Failure>) -> Result<T, Failure> {
    let failure = match made {
        Err(failure) if failure.status == StatusCode::BAD_REQUEST => failure,
        other => return other,
    };
    let asked = database.read(|conn| Ok((catalog::role(conn)?, Statement::new(NEEDED).objects::<Needed>(conn)?)));
    // When this cannot be told, the first reason stands.
    let Ok((role, needed)) = asked else { return Err(failure) };
    let names = |which: fn(&Needed) -> bool| {
        needed.iter().filter(|table| which(table)).map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let missing = names(|table| !table.is_there);
    if !missing.is_empty() {
        return Err(Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("The schema is not there yet, or not all of it. Tables that are missing: {missing}."),
            "The page Where it stands shows which migrations are pending; `messenger-db run` applies them.",
        ));
    }
    let unreadable = names(|table| !table.is_readable);
    if unreadable.is_empty() { Err(failure) } else { Err(Failure::forbidden(&unreadable, &role)) }
}
