//! Counts what a task would remove, for a dry run.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};

use super::age::Clock;
use super::{Options, Task};
use crate::queries::functions::clock_timestamp;
use crate::queries::statement::statement;
use crate::schema::{chat_changes, chats, inbox_marks, reserved_usernames, uploads, user_changes, user_sessions};

statement! {
    /// How many messages a run of retention removes.
    OldMessages { before: DateTime<Utc> as Timestamptz } -> (BigInt,) = "old_messages.sql"
}

/// How many there are to remove. Of changes those that are too old; surplus ones of a chat or a user are not counted.
pub(super) fn to_remove(conn: &mut PgConnection, options: &Options, task: Task) -> QueryResult<i64> {
    let clock = Clock::of_server(conn)?;
    match task {
        Task::ExpiredSessions => {
            user_sessions::table.filter(user_sessions::expires_at.le(clock_timestamp())).count().get_result(conn)
        }
        Task::OldChanges => {
            let before = clock.before(options.changes);
            let of_chats: i64 =
                chat_changes::table.filter(chat_changes::changed_at.lt(before)).count().get_result(conn)?;
            let of_users: i64 =
                user_changes::table.filter(user_changes::changed_at.lt(before)).count().get_result(conn)?;
            Ok(of_chats + of_users)
        }
        Task::UnattachedUploads => uploads::table
            .filter(uploads::attached_chat.is_null().and(uploads::created_at.le(clock.before(options.uploads))))
            .count()
            .get_result(conn),
        Task::DeletedChats => {
            chats::table.filter(chats::deleted_at.lt(clock.before(options.chats))).count().get_result(conn)
        }
        Task::ReservedUsernames => reserved_usernames::table
            .filter(reserved_usernames::reserved_at.lt(clock.before(options.usernames)))
            .count()
            .get_result(conn),
        Task::InboxMarks => inbox_marks::table.count().get_result(conn),
        Task::OldMessages => match options.messages {
            None => Ok(0),
            Some(age) => Ok(OldMessages { before: clock.before(age) }.get_result::<(i64,)>(conn)?.0),
        },
    }
}
