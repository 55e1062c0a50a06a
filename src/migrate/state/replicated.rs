//! Tells whether the history of this database is another's: replicated from a server that has migrated.
//!
//! Logical replication copies rows and no tables. A publication FOR ALL TABLES has the history among them: a subscriber is
//! then told of migrations that were never carried out on it.

use crate::migrate::error::Error;
use crate::migrate::sql::libpq::Connection;

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
