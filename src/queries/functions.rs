//! Functions of PostgreSQL that Diesel has no name for.

use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::sql_types::{Array, BigInt, Interval, Nullable, Numeric, SmallInt, SqlType, Text, Timestamptz};
use diesel::{define_sql_function, infix_operator};

define_sql_function! {
    /// What the clock of the server says now, also in the middle of a transaction.
    fn clock_timestamp() -> Timestamptz;
}

define_sql_function! {
    /// When the transaction began, in what is written: `CURRENT_TIMESTAMP`, which Diesel's `now` is, says something else on each
    /// server where Citus distributes the table.
    #[sql_name = "now"]
    fn transaction_start() -> Timestamptz;
}

define_sql_function! {
    /// The same as `clock_timestamp` in an UPDATE of what Citus may distribute: a function of the schema.
    fn clock() -> Timestamptz;
}

define_sql_function! {
    /// Whether a session has neither been revoked nor ended by itself: a function of the schema.
    fn session_is_active(
        revoked_at: Nullable<Timestamptz>,
        expires_at: Timestamptz,
        last_active_at: Timestamptz,
        idle_timeout: Nullable<Interval>,
    ) -> Bool;
}

define_sql_function! {
    /// The text in lower case.
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

define_sql_function! {
    /// The smaller of two numbers.
    fn least(one: BigInt, other: BigInt) -> BigInt;
}

define_sql_function! {
    /// The larger of two numbers.
    fn greatest(one: BigInt, other: BigInt) -> BigInt;
}

define_sql_function! {
    /// The time, or another when there is none.
    #[sql_name = "coalesce"]
    fn time_or(time: Nullable<Timestamptz>, other: Timestamptz) -> Timestamptz;
}

define_sql_function! {
    /// The rank, or another when there is none.
    #[sql_name = "coalesce"]
    fn rank_or(rank: Nullable<SmallInt>, other: SmallInt) -> SmallInt;
}

define_sql_function! {
    /// The sum of the group's numbers, which PostgreSQL gives as a `numeric`; null when there is none.
    #[aggregate]
    #[sql_name = "sum"]
    fn numeric_sum(number: BigInt) -> Nullable<Numeric>;
}

define_sql_function! {
    /// The number as a `bigint`.
    fn int8(number: Nullable<Numeric>) -> Nullable<BigInt>;
}

/// The type of a document of full-text search.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(name = "tsvector", schema = "pg_catalog"))]
pub struct TsVector;

/// The type of a query of full-text search.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(name = "tsquery", schema = "pg_catalog"))]
pub struct TsQuery;

infix_operator!(Matches, " @@ ", backend: Pg);

define_sql_function! {
    /// A text as search sees it: a function of the schema.
    fn search_text(text: Nullable<Text>) -> Nullable<Text>;
}

define_sql_function! {
    /// The words of a text as search sees it: a function of the schema.
    fn search_words(text: Nullable<Text>) -> Nullable<Array<Text>>;
}

define_sql_function! {
    /// The words as a document.
    fn array_to_tsvector(words: Nullable<Array<Text>>) -> Nullable<TsVector>;
}

define_sql_function! {
    /// The query for what somebody typed to find a name: a function of the schema.
    fn search_names(text: Text) -> Nullable<TsQuery>;
}
