//! PostgreSQL's full-text search for Diesel: its two types, its three functions and its operator,
//! all over the schema's own configuration.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, SqlType, Text};
use diesel::{QueryResult, define_sql_function, infix_operator};

use crate::ids::sql_types as sql;

/// The type of a text's words, `tsvector`. The OIDs are fixed in `pg_type.dat`.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 3614, array_oid = 3643))]
pub struct TsVector;

/// The type of what is searched, `tsquery`.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 3615, array_oid = 3645))]
pub struct TsQuery;

/// The type of a configuration's name, `regconfig`.
#[derive(Debug, Clone, Copy, QueryId, SqlType)]
#[diesel(postgres_type(oid = 3734, array_oid = 3735))]
pub struct RegConfig;

/// The configuration `messenger`. Written out, never a parameter: only so is `to_tsvector('messenger', content)` what
/// the index is on.
///
/// What names it is planned at each call. A plan for any chat and any words, which a statement gets that is executed
/// often, takes each chat for an average one and reads all of it: in a long chat, every message.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct Messenger;

impl Expression for Messenger {
    type SqlType = RegConfig;
}

impl QueryFragment<Pg> for Messenger {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("'messenger'");
        Ok(())
    }
}

impl<T> AppearsOnTable<T> for Messenger {}

impl<T> SelectableExpression<T> for Messenger {}

impl<G> ValidGrouping<G> for Messenger {
    type IsAggregate = is_aggregate::Never;
}

define_sql_function! {
    /// The words of a text.
    fn to_tsvector(configuration: RegConfig, text: Nullable<Text>) -> Nullable<TsVector>;
}

define_sql_function! {
    /// The words of a message, each behind the mark of its chat: what the index is on.
    fn chat_words(chat: sql::ChatId, words: Nullable<TsVector>) -> Nullable<TsVector>;
}

define_sql_function! {
    /// What is searched, as the index has it for this chat.
    fn chat_query(chat: sql::ChatId, pattern: Text) -> TsQuery;
}

define_sql_function! {
    /// What is searched, with a place for a chat's mark before each word.
    fn chat_query_pattern(query: TsQuery) -> Text;
}

define_sql_function! {
    /// Whether what the index finds is what is searched.
    fn chat_query_decides(query: TsQuery) -> Bool;
}

define_sql_function! {
    /// What a person typed into a search box: words, "a phrase", this or that, -not this. Whatever was typed is valid.
    fn websearch_to_tsquery(configuration: RegConfig, query: Text) -> TsQuery;
}

define_sql_function! {
    /// The parts of a text in which something was found.
    fn ts_headline(
        configuration: RegConfig,
        text: Nullable<Text>,
        query: TsQuery,
        options: Text
    ) -> Nullable<Text>;
}

define_sql_function! {
    /// The text, each of these characters replaced by the one at its place in the other text, or dropped.
    fn translate(text: Nullable<Text>, characters: Text, replacements: Text) -> Nullable<Text>;
}

infix_operator!(Matches, " @@ ", backend: Pg);

/// Whether these words are what is searched.
pub(super) fn matches<W, Q>(words: W, query: Q) -> Matches<W, Q>
where
    W: Expression<SqlType = Nullable<TsVector>>,
    Q: Expression<SqlType = TsQuery>,
{
    Matches::new(words, query)
}

/// What [`matches`](fn@matches) gives, by the name that Diesel's `auto_type` looks for.
#[allow(non_camel_case_types, reason = "the name is the function's")]
pub(super) type matches<W, Q> = Matches<W, Q>;
