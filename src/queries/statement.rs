//! Runs a statement from a file of its own: with typed parameters, and prepared once.
//!
//! `diesel::sql_query` is neither: it is parsed and planned at every call. A statement made here is a query of
//! Diesel's own, with a type that names it, so that each connection prepares it the first time and only sends its
//! parameters afterwards.

use diesel::dsl::SqlTypeOf;
use diesel::pg::Pg;
use diesel::prelude::*;

pub(crate) use super::profile::COLUMNS as PROFILE;

/// The SQL types of what a struct selects, in the order of its fields.
pub(crate) type Columns<T> = SqlTypeOf<<T as Selectable<Pg>>::SelectExpression>;

/// Declares a statement: its parameters in the order of `$1`, `$2` …, the SQL types of its columns, and its file, or several that
/// are one text in this order. `{profile}` in a file stands for the columns of a profile, each with a comma after it.
macro_rules! statement {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $rust:ty as $sql:ty),+ $(,)? } -> ($($column:ty),+ $(,)?) = $($file:literal)+) => {
        $(#[$doc])*
        #[derive(Debug, diesel::query_builder::QueryId)]
        struct $name {
            $($field: $rust,)+
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                // Diesel writes a parameter's number where it takes its value. A comment is the place that lets the
                // file name each parameter as often as it likes.
                out.push_sql("/*");
                $(
                    out.push_sql(concat!(" ", stringify!($field), " "));
                    out.push_bind_param::<$sql, _>(&self.$field)?;
                )+
                out.push_sql(" */ ");
                let mut text = concat!($(include_str!($file)),+).split("{profile}");
                out.push_sql(text.next().unwrap_or_default());
                for after in text {
                    out.push_sql($crate::queries::statement::PROFILE);
                    out.push_sql(after);
                }
                Ok(())
            }
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = ($($column,)+);
        }

        impl diesel::RunQueryDsl<diesel::PgConnection> for $name {}
    };
}

pub(crate) use statement;
