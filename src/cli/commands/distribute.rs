//! The command `distribute`: prints what it moved or would move.

use clap::Args as ClapArgs;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate::{self, Distribution};

/// How.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub struct DistributeArgs {
    /// Print the SQL instead; it needs no extension
    #[arg(long)]
    pub print: bool,
}

/// `distribute`: the tables by chat, by user and on each server.
pub fn distribute(connection: &Connection, options: DistributeArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let planned = if options.print {
        migrate::plan_distribution(&database.pool, output)
    } else {
        migrate::distribute(&database.pool, output)
    };
    let Distribution { statements, has_citus, workers } = planned.map_err(|error| database.diagnose(error))?;
    if statements.is_empty() {
        output.line("Everything is where it belongs: nothing to distribute.");
    } else if options.print {
        output.line(&format!("BEGIN;\n{};\nCOMMIT;", statements.join(";\n")));
    } else {
        let count = |call: &str| statements.iter().filter(|statement| statement.contains(call)).count();
        output.line(&format!(
            "distributed   {} tables\nreference     {} tables\nfunctions     {}\nRun it again after each `messenger-db run`.",
            count("create_distributed_table("),
            count("create_reference_table("),
            // And those that a server had lost.
            count("create_distributed_function(") + count("CREATE OR REPLACE FUNCTION "),
        ));
    }
    if !has_citus {
        output.note("the extension citus is not in this database, so this cannot be carried out here yet");
    } else if workers == 0 {
        output.note(
            "no other server takes shards, so all of them are on this one: SELECT citus_add_node('HOST', 5432) for each, and \
             then SELECT citus_rebalance_start()",
        );
    }
    output.json(&Distributed {
        database: &database.target.database,
        has_citus,
        workers,
        statements: &statements,
        done: !options.print,
    });
    Ok(Exit::Done)
}

/// `distribute`.
#[derive(Debug, Serialize)]
struct Distributed<'a> {
    /// The database's name.
    database: &'a str,
    /// Whether the database has the extension.
    has_citus: bool,
    /// How many other servers take shards.
    workers: usize,
    /// The SQL.
    statements: &'a [String],
    /// Whether the SQL was carried out.
    done: bool,
}
