//! What logical replication does to a database that migrates. It copies rows and no tables.
//!
//! A publication FOR ALL TABLES has the history among them: a subscriber is then told of migrations that were never carried out
//! on it. A publication that names tables, and each subscription, gets none of those that are made later: their rows are missing
//! on the subscriber, without a word of the server's.

use std::collections::{BTreeMap, BTreeSet};

use crate::migrate::error::Error;
use crate::migrate::model::migration::Migration;
use crate::migrate::observer::Observer;
use crate::migrate::session::remarks;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::literal;
use crate::migrate::state::extras::texts;
use crate::migrate::state::objects;

/// The subscriptions, as SQL, whose tables the history or the ledger is among.
pub(crate) fn find(connection: &mut Connection) -> Result<Option<String>, Error> {
    let rows = connection.execute(
        "SELECT string_agg(DISTINCT quote_ident(subscription.subname), ', ')
         FROM pg_subscription_rel AS replicated
         INNER JOIN pg_subscription AS subscription ON subscription.oid = replicated.srsubid
         INNER JOIN pg_class AS class ON class.oid = replicated.srrelid
         WHERE class.relname IN ('__diesel_schema_migrations', 'messenger_db_ledger')
             AND class.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
    )?;
    Ok(rows.into_iter().flatten().next().flatten())
}

/// The tables of this crate's that are there, as SQL.
pub(crate) fn tables(connection: &mut Connection, migrations: &[Migration]) -> Result<BTreeSet<String>, ServerError> {
    let subjects = objects::subjects(migrations);
    let names = subjects.iter().filter_map(|subject| subject.strip_prefix("table "));
    // Never an empty list.
    let names: Vec<_> = names.map(literal).chain(["NULL".to_owned()]).collect();
    let rows = connection.execute(&format!(
        "SELECT oid::regclass FROM pg_class
         WHERE relkind = 'r' AND relname IN ({})
             AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
        names.join(", ")
    ))?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Warns of each publication and each subscription that has all tables that were there before, and lacks some of those made since.
pub(crate) fn warn_of_left_out(
    connection: &mut Connection,
    before: &BTreeSet<String>,
    migrations: &[Migration],
    observer: &mut dyn Observer,
) -> Result<(), ServerError> {
    let now = tables(connection, migrations)?;
    if before.is_empty() || now.is_subset(before) {
        return Ok(());
    }
    let rows = connection.execute(
        "SELECT 'publication', quote_ident(pubname), prrelid::regclass
         FROM pg_publication_rel
         INNER JOIN pg_publication AS publication ON publication.oid = prpubid
         WHERE NOT EXISTS (SELECT FROM pg_publication_namespace WHERE pnpubid = prpubid)
         UNION ALL
         SELECT 'subscription', quote_ident(subname), srrelid::regclass
         FROM pg_subscription_rel
         INNER JOIN pg_subscription AS subscription ON subscription.oid = srsubid",
    )?;
    let mut all = BTreeMap::<_, BTreeSet<_>>::new();
    for [kind, name, table] in rows.into_iter().filter_map(texts) {
        all.entry((kind, name)).or_default().insert(table);
    }
    for ((kind, name), its) in all {
        let missing: Vec<_> = now.difference(&its).map(String::as_str).collect();
        if !before.is_subset(&its) || missing.is_empty() {
            continue;
        }
        let missing = missing.join(", ");
        remarks::warn(
            observer,
            if kind == "publication" {
                format!(
                    "the publication {name} does not have {missing}: ALTER PUBLICATION {name} ADD TABLE {missing}, once each \
                     subscriber has these tables, empty; then ALTER SUBSCRIPTION … REFRESH PUBLICATION there"
                )
            } else {
                format!(
                    "the subscription {name} gets no rows of {missing}: ALTER SUBSCRIPTION {name} REFRESH PUBLICATION, once its \
                     publication has these tables"
                )
            },
        );
    }
    Ok(())
}
