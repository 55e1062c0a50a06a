//! The macro by which a service's tables appear in one query with this crate's.

#[doc(hidden)]
pub use diesel::query_source::TableNotEqual;

/// Lets tables of a service's own appear in one query with the tables and views of this crate: in joins and subqueries.
///
/// Diesel's `allow_tables_to_appear_in_same_query!` cannot be used for that outside of this crate: some of what it
/// implements would be another crate's trait for another crate's type (E0117). This macro implements what joins and
/// subqueries need; `.only()` and `.tablesample_…()` of a table of this crate do not work beside a service's table.
///
/// The tables are named by themselves, so they have to be in scope: `use crate::schema::profiles;`.
///
/// A service's tables among themselves are allowed by Diesel's macro, which `diesel print-schema` writes. A join without
/// `.on(…)` needs [`diesel::joinable!`] besides, which works across crates, and which `print-schema` writes for the
/// foreign keys between a service's own tables only.
///
/// ```
/// use diesel::prelude::*;
/// use messenger_db::ids::UserId;
/// use messenger_db::schema::users;
///
/// diesel::table! {
///     use diesel::sql_types::*;
///     use messenger_db::ids::sql_types::*;
///
///     profiles (user_id) {
///         user_id -> UserId,
///         bio -> Text,
///     }
/// }
///
/// messenger_db::allow_own_tables!(profiles);
/// diesel::joinable!(profiles -> messenger_db::schema::users (user_id));
///
/// fn of(conn: &mut PgConnection, user: UserId) -> QueryResult<(Option<String>, String)> {
///     profiles::table
///         .inner_join(users::table)
///         .filter(users::id.eq(user))
///         .select((users::username, profiles::bio))
///         .first(conn)
/// }
/// ```
#[macro_export]
macro_rules! allow_own_tables {
    ($($own:ident),+ $(,)?) => {
        $($crate::__allow_own_table!($own);)+
    };
}

// The build script writes it from `schema.rs`.
include!(concat!(env!("OUT_DIR"), "/own_tables.rs"));
