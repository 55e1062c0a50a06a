//! Conditions that depend on a reader: what a user shows to the reader and lets them do, and which messages a member sees.
//!
//! Each is an expression of its own, because Diesel's DSL refuses the table of a subquery that the statement has, too. With
//! `OFFSET 0`, PostgreSQL asks the key of the blocks for each user, instead of reading all blocks. It does so only for a
//! reader whom somebody has blocked: that is asked once for the whole statement.

use diesel::expression::ValidGrouping;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Integer};

use crate::ids::{ChatId, UserId, sql_types};

macro_rules! of_users {
    ($($(#[$doc:meta])+ $name:ident: $sql:ty = [$first:literal, $($rest:literal),+];)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
        pub(super) struct $name(pub(super) UserId);

        impl Expression for $name {
            type SqlType = $sql;
        }

        impl<QS> AppearsOnTable<QS> for $name {}

        impl<QS> SelectableExpression<QS> for $name {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($first);
                $(
                    out.push_bind_param::<sql_types::UserId, _>(&self.0)?;
                    out.push_sql($rest);
                )+
                Ok(())
            }
        }
    )+};
}

of_users! {
    /// How much of the user the reader sees: one of the constants.
    Sight: Integer = [
        "CASE WHEN EXISTS (SELECT FROM blocks WHERE blocked_id = ",
        ") AND EXISTS (SELECT FROM blocks AS veil WHERE veil.blocker_id = users.id AND veil.blocked_id = ",
        " OFFSET 0) THEN 2 WHEN users.id = ",
        " OR allows(users.presence_to, EXISTS (SELECT FROM contacts AS friend WHERE friend.user_id = users.id \
         AND friend.contact_id = ",
        " AND friend.accepted_at IS NOT NULL OFFSET 0)) THEN 0 ELSE 1 END"
    ];
    /// Whether the user has blocked the reader.
    HasBlocked: Bool = [
        "(EXISTS (SELECT FROM blocks WHERE blocked_id = ",
        ") AND EXISTS (SELECT FROM blocks AS veil WHERE veil.blocker_id = users.id AND veil.blocked_id = ",
        " OFFSET 0))"
    ];
    /// Whether the reader's search finds the user.
    MayFind: Bool = [
        "(users.id = ",
        " OR (allows(users.findable_by, EXISTS (SELECT FROM contacts AS friend WHERE friend.user_id = users.id \
         AND friend.contact_id = ",
        " AND friend.accepted_at IS NOT NULL OFFSET 0)) AND NOT (EXISTS (SELECT FROM blocks WHERE blocked_id = ",
        ") AND EXISTS (SELECT FROM blocks AS veil WHERE veil.blocker_id = users.id AND veil.blocked_id = ",
        " OFFSET 0))))"
    ];
    /// Whether the reader may add the user to a group.
    MayAdd: Bool = [
        "(users.id = ",
        " OR allows(users.addable_by, EXISTS (SELECT FROM contacts AS friend WHERE friend.user_id = users.id \
         AND friend.contact_id = ",
        " AND friend.accepted_at IS NOT NULL OFFSET 0)))"
    ];
}

impl Sight {
    /// Everything that others may see.
    pub(super) const ALL: i32 = 0;
    /// The user has blocked the reader.
    pub(super) const BLOCKED: i32 = 2;
}

macro_rules! of_messages {
    ($($(#[$doc:meta])+ $name:ident = $seq:literal;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
        pub(super) struct $name {
            pub(super) chat_id: ChatId,
            pub(super) reader: UserId,
        }

        impl Expression for $name {
            type SqlType = Bool;
        }

        impl<QS> AppearsOnTable<QS> for $name {}

        impl<QS> SelectableExpression<QS> for $name {}

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql(concat!("(", $seq, " > (SELECT viewer.seen_after_seq"));
                self.of_viewer(out.reborrow())?;
                out.push_sql(concat!(") AND ", $seq, " <> ALL ((SELECT viewer.hidden_seqs"));
                self.of_viewer(out.reborrow())?;
                out.push_sql(")::bigint []))");
                Ok(())
            }
        }

        impl $name {
            fn of_viewer<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql(" FROM chat_participants AS viewer WHERE viewer.chat_id = ");
                out.push_bind_param::<sql_types::ChatId, _>(&self.chat_id)?;
                out.push_sql(" AND viewer.user_id = ");
                out.push_bind_param::<sql_types::UserId, _>(&self.reader)?;
                out.push_sql(" AND viewer.left_at IS NULL");
                Ok(())
            }
        }
    )+};
}

// The membership is read once for the whole statement, and the first seq bounds the index.
of_messages! {
    /// The reader is a member of the chat now, and sees the message: for `messages`.
    SeesMessage = "messages.seq";
    /// The same for `attachments`.
    SeesAttachment = "attachments.message_seq";
    /// The same for `message_mentions`.
    SeesMention = "message_mentions.message_seq";
    /// The same for `message_reactions`.
    SeesReaction = "message_reactions.message_seq";
}

/// The member of the row of `chat_participants` sees the message of the row of `messages`.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(super) struct MemberSees;

impl Expression for MemberSees {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for MemberSees {}

impl<QS> SelectableExpression<QS> for MemberSees {}

impl QueryFragment<Pg> for MemberSees {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // With + 0, this is no bound of the index: PostgreSQL would take it for the only one, and read the chat from there on.
        out.push_sql(
            "(messages.seq + 0 > chat_participants.seen_after_seq AND messages.seq <> ALL (chat_participants.hidden_seqs))",
        );
        Ok(())
    }
}
