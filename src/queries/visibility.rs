//! Conditions on a row of `users` that depend on a reader: what the user shows to the reader, and lets the reader do.
//!
//! Each is an expression of its own, because Diesel's DSL refuses the table of a subquery that the statement has, too. With
//! `OFFSET 0`, PostgreSQL asks the key of the blocks for each user, instead of reading all blocks.

use diesel::expression::ValidGrouping;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Integer};

use crate::ids::{UserId, sql_types};

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
        "CASE WHEN EXISTS (SELECT FROM blocks AS veil WHERE veil.blocker_id = users.id AND veil.blocked_id = ",
        " OFFSET 0) THEN 2 WHEN users.id = ",
        " OR allows(users.presence_to, EXISTS (SELECT FROM contacts AS friend WHERE friend.user_id = users.id \
         AND friend.contact_id = ",
        " AND friend.accepted_at IS NOT NULL OFFSET 0)) THEN 0 ELSE 1 END"
    ];
    /// Whether the user has blocked the reader.
    HasBlocked: Bool = [
        "EXISTS (SELECT FROM blocks AS veil WHERE veil.blocker_id = users.id AND veil.blocked_id = ",
        " OFFSET 0)"
    ];
    /// Whether the reader's search finds the user.
    MayFind: Bool = [
        "(users.id = ",
        " OR (allows(users.findable_by, EXISTS (SELECT FROM contacts AS friend WHERE friend.user_id = users.id \
         AND friend.contact_id = ",
        " AND friend.accepted_at IS NOT NULL OFFSET 0)) AND NOT EXISTS (SELECT FROM blocks AS veil \
         WHERE veil.blocker_id = users.id AND veil.blocked_id = ",
        " OFFSET 0)))"
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
