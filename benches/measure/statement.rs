//! SQL text that each connection prepares once, as the library's own: so all contenders are treated alike.

/// Declares a statement: its parameters in the order of `$1`, `$2` …, the types of its columns, and its text.
macro_rules! statement {
    ($name:ident { $($field:ident: $rust:ty as $sql:ty),+ $(,)? } -> ($($column:ty),+ $(,)?) = $text:expr) => {
        #[derive(diesel::query_builder::QueryId)]
        struct $name {
            $($field: $rust,)+
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                out.push_sql("/*");
                $(out.push_bind_param::<$sql, _>(&self.$field)?;)+
                out.push_sql("*/ ");
                out.push_sql($text);
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
