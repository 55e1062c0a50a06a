//! What to do next, for errors that say of themselves what happened.

use super::quoted;
use crate::cli::{Exit, duration};
use crate::migrate::{Error, Owner};

#[allow(clippy::too_many_lines, reason = "a table with a row for each error")]
pub(super) fn next_step(error: &Error) -> (Exit, String) {
    let (exit, help) = match error {
        Error::Ahead { .. } => (
            Exit::Ahead,
            "A newer release has migrated this database. Deploy that release, or one after it; where the older one \
             is known to work with the newer schema, `messenger-db run --allow-ahead` goes on.",
        ),
        Error::TransactionPooling => (
            Exit::Usage,
            "Nothing was changed. Give the runner the server's own host and port (often 5432 instead of the pooler's 6432), \
             or a database in the pooler that has pool_mode = session; in DIRECT_URL (or --direct-url), where DATABASE_URL is \
             the service's and goes through the pooler.",
        ),
        Error::RowsHidden { table } => {
            let help = format!(
                "Nothing was changed. Ask as the owner of the table or as a role with BYPASSRLS, or let the owner run \
                 ALTER TABLE {table} DISABLE ROW LEVEL SECURITY."
            );
            return (Exit::PermissionDenied, help);
        }
        Error::ReplicatedHistory { subscription, .. } => return (Exit::Drift, replicated(subscription)),
        Error::Edited { migrations } if migrations.iter().any(|migration| migration.owner == Owner::Service) => (
            Exit::Drift,
            "`messenger-db verify` shows what changed in them. Take the edit back, and make the change in a migration of \
             its own. Where the database is as the edited text says, as after a change of a comment, `DELETE FROM \
             messenger_db_ledger WHERE version = '…'` has the next run record that text; `--allow-drift` goes on without.",
        ),
        Error::Edited { .. } => (
            Exit::Drift,
            "`messenger-db verify` shows what changed in them. Take the edit back, and make the change in a migration of \
             its own. Where the database is as the edited text says, `messenger-db baseline` records that text; \
             `--allow-drift` goes on without.",
        ),
        Error::RedoneOtherwise { .. } => (
            Exit::Drift,
            "Nothing was changed. What was done to the database by hand would be gone, or a migration does not undo \
             itself: mend that first.",
        ),
        Error::NothingEqual { .. } => (
            Exit::Drift,
            "Nothing was recorded. Make the database what that version should be, by hand, and run the same command \
             again; `--allow-drift=PATTERN` passes over one difference.",
        ),
        Error::Contradiction { .. } => (
            Exit::Drift,
            "Nothing was changed. Undo those, or delete their rows from __diesel_schema_migrations where they were never \
             carried out; then run the same command again.",
        ),
        Error::Encoding { .. } => (
            Exit::Usage,
            "Nothing was changed. Make a database that has it: `createdb --encoding UTF8 --template template0 NAME`.",
        ),
        Error::NoCitus => (
            Exit::Usage,
            "Nothing was changed. Install Citus on each server (https://docs.citusdata.com/en/stable/installation/multi_node.html), \
             set shared_preload_libraries = 'citus', and on the coordinator run CREATE EXTENSION citus; and \
             SELECT citus_add_node('HOST', 5432); for each worker. `messenger-db distribute --print` shows what would be done.",
        ),
        Error::Undistributable { .. } => (
            Exit::Usage,
            "Nothing was changed. `messenger-db run` applies what is pending; a table that is distributed in another way \
             is to be brought to where it belongs: Citus' undistribute_table drops the functions and views that need the table, so \
             make a backup first, and see what `messenger-db verify` misses afterwards.",
        ),
        Error::UnknownSchema { name } => {
            let help = format!("Nothing was changed. Name another, or make it: CREATE SCHEMA {};", quoted(name));
            return (Exit::Usage, help);
        }
        Error::Role { .. } => (
            Exit::Usage,
            "Nothing was changed. `messenger-db roles --prefix NAME` takes other names: NAME_owner, NAME_app and \
             NAME_readonly.",
        ),
        Error::Pool { .. } => (
            Exit::NoConnection,
            "The runner needs two connections, one to work on and one to hold its lock. Free one, or raise the limit of \
             the role, the database or the server (CONNECTION LIMIT, max_connections).",
        ),
        Error::UnknownVersion { .. } => (Exit::Usage, "`messenger-db list` shows every version."),
        Error::NotEmbedded { .. } => {
            (Exit::Ahead, "Undo them with the release that applied them. Nothing was changed.")
        }
        Error::OwnMigrations { .. } => (Exit::Usage, "Nothing was changed. Mend them, and run the same command again."),
        Error::SameVersion { .. } => (
            Exit::Usage,
            "Nothing was changed. The history holds one migration of each version: give the service's own another time, \
             which is the beginning of its folder's name.",
        ),
        Error::VersionTaken { .. } => (
            Exit::Usage,
            "Nothing was changed. The history holds one migration of each version, and another program has used this one: \
             give the migration another time, which is the beginning of its folder's name.",
        ),
        Error::Referenced { .. } => (
            Exit::Failed,
            "None of the messenger's migrations was undone. Undo those that made them first, with `--also FOLDER` or their own tool, or drop \
             them by hand (ALTER PUBLICATION … DROP TABLE for a publication); then run the same command again.",
        ),
        Error::Diverted { migration, direction, .. } => {
            let aftermath = super::statement::aftermath(migration.run_in_transaction, *direction);
            let help = format!(
                "Drop what keeps the runner from its tables, or let it leave their rows as they are, and run the same command \
                 again.\n{aftermath}"
            );
            return (Exit::Failed, help);
        }
        Error::BeyondOwn { .. } => (
            Exit::Usage,
            "Nothing was changed. Leave out `--also` to revert messenger-db's own newest migration, or name how far to go \
             with `--to VERSION` or `--all`.",
        ),
        Error::NoDown { .. } => (
            Exit::Failed,
            "Nothing was changed. Write a down.sql for it, undo less (`-n`, `--to`), or restore a backup.",
        ),
        Error::Locked { waited, holder } => {
            let end = holder.as_ref().map_or_else(String::new, |holder| {
                format!(
                    " One that hangs is ended with `{}` in this database; nothing is left by half.",
                    holder.ending()
                )
            });
            let help = format!(
                "It was waited for {}. When it is done, run the same command again, or wait longer with `--lock-wait`.\
                 {end}",
                duration::text(*waited)
            );
            return (Exit::Locked, help);
        }
        Error::NotForPsql { .. } => {
            (Exit::Failed, "Nothing was changed. Take it out of the migration: `messenger-db run` fails there too.")
        }
        Error::Source { .. } => {
            (Exit::Failed, "Build it again from a clean checkout: `cargo clean -p messenger-db && cargo build`.")
        }
        _ => (Exit::Failed, "Run the same command again."),
    };
    (exit, help.to_owned())
}

/// What to do when the history is another server's.
fn replicated(subscription: &str) -> String {
    format!(
        "Nothing was changed. Publish the tables of the messenger by name, and neither __diesel_schema_migrations \
                 nor messenger_db_ledger: on the publisher, make the publication anew (CREATE PUBLICATION … FOR TABLE …); \
                 here, ALTER SUBSCRIPTION {subscription} REFRESH PUBLICATION;. Then delete the rows of both that were not \
                 carried out here, which `messenger-db baseline` names, and run again. `--allow-drift` goes on as it is."
    )
}
