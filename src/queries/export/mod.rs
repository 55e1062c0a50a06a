//! Exports everything about one person, as JSON Lines.
//!
//! Each line is an object with its `kind`. The first is `export`: the version of the format, whose it is, and of which moment.
//! Then come `account`, `session`, `push_token`, `contact`, `block`, `declined_request`, `reserved_username` and `upload` (pictures
//! that are attached to nothing); and for each chat that the person is or was in, `chat` with their membership and settings,
//! `message` with attachments, earlier wordings and mentions, `reaction`, `mention` (where somebody named the person), and
//! `receipt` (what they acknowledged, in runs). The last line is `manifest`, with a count for each kind: without it, the export is
//! not complete. Rows that row-level security hides from the role are not in it.
//!
//! Fields are the columns, as [`schema`](crate::schema) explains them; times are those of ISO 8601. Pictures are there by their
//! keys in the object store. Left out is what is secret (the hash of the password, those of tokens, addresses and keys of
//! notifications), what is others' (their messages, who blocks the person), and logs of changes, which repeat the rest.

mod error;

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::ControlFlow;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::pg::PgRowByRowLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde_json::json;

pub use error::ExportError;

use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::queries::statement::statement;
use crate::schema::{chat_participants, users};

/// The version of the format. A field or a kind more is none.
pub const FORMAT: u32 = 1;

statement! {
    OfAccount { user: UserId as sql::UserId } -> (Text, Text) = "of_account.sql"
}

statement! {
    OfChat { user: UserId as sql::UserId, chat_id: ChatId as sql::ChatId } -> (Text, Text) = "of_chat.sql"
}

diesel::define_sql_function! {
    /// When the transaction began.
    fn transaction_timestamp() -> diesel::sql_types::Timestamptz;
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Manifest {
    /// The version of the format.
    pub format: u32,
    /// Whose it is.
    pub user_id: UserId,
    /// Of which moment it is.
    pub exported_at: DateTime<Utc>,
    /// How many lines there are of each kind, without the first line and the manifest.
    pub counts: BTreeMap<String, u64>,
}

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How many lines there are so far, without the first.
    pub lines: u64,
    /// How many chats it is through with.
    pub chats: usize,
    /// How many chats there are.
    pub of_chats: usize,
}

/// Is told how far an export is, and says whether to go on.
pub type Report<'a> = dyn FnMut(Progress) -> ControlFlow<()> + 'a;

/// After how many lines of a chat an export tells how far it is.
const TELL: u64 = 1000;

/// Writes everything about a person as JSON Lines, all of it of one moment, and gives what it holds, which is the last line too.
///
/// The service has decided it, on the person's request. A closed account has what closing left of it.
///
/// `report` is told how far it is after each chat, and every 1,000 lines; `Break` stops the export, without a manifest.
///
/// A read-only transaction of `REPEATABLE READ`; within one of the caller's, it is that transaction's level. It locks nothing.
/// Rows are written as they arrive, so that memory does not grow with the export, but for the ids of the person's chats. Of each
/// chat it reads all messages, to find those of one sender. It uses `chat_participants_active_idx`, `chat_participants_left_idx`,
/// `messages_pkey` and the keys of what hangs from messages.
///
/// # Errors
///
/// * [`NoSuchAccount`](ExportError::NoSuchAccount): there has never been such an account. Nothing was written.
/// * [`Stopped`](ExportError::Stopped): `report` said so.
/// * [`Write`](ExportError::Write): the lines cannot be written.
/// * [`Database`](ExportError::Database): the database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, chat) = messenger_db::doctest::direct_chat(conn);
/// use std::ops::ControlFlow;
///
/// use messenger_db::queries::{export, messages};
///
/// messages::send(conn, anna, chat, &messages::Draft::text("Hello!"))?;
/// let mut lines = Vec::new();
/// let manifest = export::of_user(conn, anna.user_id(), &mut lines, &mut |_| ControlFlow::Continue(()))?;
/// assert_eq!((manifest.counts["message"], manifest.counts["chat"]), (1, 1));
/// assert!(String::from_utf8(lines)?.contains("\"content\": \"Hello!\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn of_user(
    conn: &mut PgConnection,
    user: UserId,
    lines: &mut dyn Write,
    report: &mut Report<'_>,
) -> Result<Manifest, ExportError> {
    let depth = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?;
    if depth.is_some() {
        write(conn, user, lines, report)
    } else {
        conn.build_transaction().read_only().repeatable_read().run(|conn| write(conn, user, lines, report))
    }
}

fn write(
    conn: &mut PgConnection,
    user: UserId,
    lines: &mut dyn Write,
    report: &mut Report<'_>,
) -> Result<Manifest, ExportError> {
    let account = users::table.find(user).select(transaction_timestamp());
    let exported_at: DateTime<Utc> = account.first(conn).optional()?.ok_or(ExportError::NoSuchAccount)?;
    let chats: Vec<ChatId> = chat_participants::table
        .filter(chat_participants::user_id.eq(user))
        .order(chat_participants::chat_id)
        .select(chat_participants::chat_id)
        .load(conn)?;
    let at = exported_at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let head = json!({ "kind": "export", "format": FORMAT, "user_id": user.to_string(), "exported_at": at });
    writeln!(lines, "{head}")?;

    let mut counts = BTreeMap::new();
    for row in (OfAccount { user }).load_iter::<(String, String), PgRowByRowLoadingMode>(conn)? {
        put(lines, &mut counts, row?)?;
    }
    let of_chats = chats.len();
    let mut tell = |lines, chats| match report(Progress { lines, chats, of_chats }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ExportError::Stopped),
    };
    for (done, chat_id) in chats.into_iter().enumerate() {
        for row in (OfChat { user, chat_id }).load_iter::<(String, String), PgRowByRowLoadingMode>(conn)? {
            put(lines, &mut counts, row?)?;
            let written: u64 = counts.values().sum();
            if written.is_multiple_of(TELL) {
                tell(written, done)?;
            }
        }
        tell(counts.values().sum(), done + 1)?;
    }
    let manifest = json!({
        "kind": "manifest",
        "format": FORMAT,
        "user_id": user.to_string(),
        "exported_at": at,
        "counts": counts,
    });
    writeln!(lines, "{manifest}")?;
    lines.flush()?;
    Ok(Manifest { format: FORMAT, user_id: user, exported_at, counts })
}

fn put(
    lines: &mut dyn Write,
    counts: &mut BTreeMap<String, u64>,
    (kind, line): (String, String),
) -> Result<(), ExportError> {
    writeln!(lines, "{line}")?;
    *counts.entry(kind).or_default() += 1;
    Ok(())
}
