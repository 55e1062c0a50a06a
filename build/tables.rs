//! The tables that `src/schema.rs` declares, as Rust source: no list by hand goes stale.

use std::fmt::Write as _;

/// The names in the list that `diesel print-schema` writes of all tables.
fn names(schema: &str) -> Vec<&str> {
    let (_, list) = schema.split_once("allow_tables_to_appear_in_same_query!(").unwrap_or_default();
    let (list, _) = list.split_once(");").unwrap_or_default();
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// An array of the names.
pub fn array(schema: &str) -> String {
    format!("&{:?}\n", names(schema))
}

/// A macro that lets one table of a service's own appear beside each of ours, and beside the two views.
pub fn allow_own_table(schema: &str) -> String {
    let tables = names(schema).into_iter().map(|name| format!("schema::{name}"));
    let views = ["views::message_receipts", "views::unread_counts"].map(str::to_owned);
    let mut source =
        String::from("#[doc(hidden)]\n#[macro_export]\nmacro_rules! __allow_own_table {\n    ($own:ident) => {\n");
    for ours in tables.chain(views) {
        let _ = writeln!(
            source,
            "        impl $crate::own_tables::TableNotEqual<$own::table> for $crate::{ours}::table {{}}\n        \
             impl $crate::own_tables::TableNotEqual<$crate::{ours}::table> for $own::table {{}}"
        );
    }
    source.push_str("    };\n}\n");
    source
}
