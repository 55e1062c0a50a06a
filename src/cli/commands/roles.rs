//! The command `roles`: prints what it did or would do, and how to go on.

use clap::Args as ClapArgs;
use serde::Serialize;

use crate::cli::args::Connection;
use crate::cli::diagnose::quoted;
use crate::cli::output::Output;
use crate::cli::{Exit, Problem, database};
use crate::migrate::{self, Roles};

/// Which roles.
#[derive(Debug, Clone, ClapArgs)]
pub struct RolesArgs {
    /// What their names begin with: NAME_owner, NAME_app, NAME_readonly [default: as those of the database do, or its name]
    #[arg(long, value_name = "NAME")]
    pub prefix: Option<String>,

    /// Cover a schema whole, whoever owns what is in it, such as one with tables of a service; can be repeated
    #[arg(long = "schema", value_name = "NAME")]
    pub schemas: Vec<String>,

    /// Print the SQL instead, for an administrator to run
    #[arg(long)]
    pub print: bool,
}

/// `roles`: three roles without login, for those that log in to be members of.
pub fn roles(connection: &Connection, options: &RolesArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let work = if options.print { migrate::plan_roles } else { migrate::create_roles };
    let roles = match &options.prefix {
        Some(prefix) => Roles::with_prefix(prefix),
        None => Roles::of(&database.pool)
            .and_then(|found| found.map_or_else(|| Roles::with_prefix(&database.target.database), Ok)),
    };
    let done = roles
        .map(|roles| Roles { schemas: options.schemas.clone(), ..roles })
        .and_then(|roles| work(&database.pool, &roles, output).map(|statements| (roles, statements)))
        .map_err(|error| match error.sqlstate() {
            Some("42501") => refused(database.diagnose_look(error)),
            _ => database.diagnose(error),
        });
    let (roles, statements) = done?;
    if options.print {
        output.line(&format!("BEGIN;\n{};\nCOMMIT;", statements.join(";\n")));
    } else {
        let [owner, app, readonly] = [&roles.owner, &roles.app, &roles.readonly];
        let database = &database.target.database;
        output.line(&format!(
            "owner     {owner} migrates\napp       {app} reads and writes rows\nreadonly  {readonly} reads\n\
             They have no login. Those who log in are members:\n  \
             CREATE ROLE service LOGIN PASSWORD '…' IN ROLE {};\n  \
             CREATE ROLE deploy LOGIN PASSWORD '…' IN ROLE {};\n  \
             ALTER ROLE deploy IN DATABASE {} SET role = {};  -- what it makes is the owner's",
            quoted(app),
            quoted(owner),
            quoted(database),
            quoted(owner),
        ));
    }
    output.json(&Made {
        database: &database.target.database,
        owner: &roles.owner,
        app: &roles.app,
        readonly: &roles.readonly,
        statements: &statements,
        done: !options.print,
    });
    Ok(Exit::Done)
}

/// What was refused to a role that may not make others, or does not own what is to be given away.
fn refused(problem: Problem) -> Problem {
    let help = "Nothing was changed. It takes CREATEROLE, and to own the database and what is in it; or a superuser. Let an \
                administrator run the same command, or what `messenger-db roles --print` prints, with psql.";
    Problem { help: Some(help.to_owned()), ..problem }
}

/// `roles`.
#[derive(Debug, Serialize)]
struct Made<'a> {
    /// The database's name.
    database: &'a str,
    /// The role that migrates.
    owner: &'a str,
    /// The role that reads and writes rows.
    app: &'a str,
    /// The role that reads.
    readonly: &'a str,
    /// The SQL.
    statements: &'a [String],
    /// Whether the SQL was carried out.
    done: bool,
}
