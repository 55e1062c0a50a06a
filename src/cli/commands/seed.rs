//! The command `seed`.

use std::ops::ControlFlow;
use std::time::Instant;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::cli::args::{Connection, SeedArgs};
use crate::cli::database::{self, Database};
use crate::cli::output::{Output, in_words};
use crate::cli::report;
use crate::cli::{Exit, Problem};
use crate::migrate::{self, Observer as _, Pooled};
use crate::schema::users;
use crate::seed::{self, Crowd, SeedError};

/// `seed`: test data for a database that has no users yet.
pub fn seed(connection: &Connection, options: &SeedArgs, output: &mut Output) -> Result<Exit, Problem> {
    let database = database::open(connection, output)?;
    let status = migrate::status(&database.pool).map_err(|error| database.diagnose(error))?;
    if !status.pending.is_empty() {
        return Err(Problem::new(
            Exit::Pending,
            "the database does not have the schema of this binary yet",
            "`messenger-db run` applies what is pending; then run the command again.",
        ));
    }
    let _turn = turn(&database)?;
    let conn = &mut database.diesel()?;
    if !options.force
        && diesel::select(exists(users::table.select(users::id))).get_result(conn).map_err(SeedError::from)?
    {
        return Err(Problem::new(
            Exit::Failed,
            "the database has users already, and nothing was added to it",
            "`messenger-db seed --force` adds test data to them, or completes what was interrupted; everybody in it has \
             the password \"password\", so not where real people are.",
        ));
    }
    let start = Instant::now();
    let seeded = match crowd(options) {
        None => seed::cast(conn)?,
        Some(crowd) => seed::crowd(conn, &crowd, &mut |progress| {
            output.show(progress);
            if output.wants_to_stop() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?,
    };
    output.finish();
    let duration = start.elapsed();
    output.line(&format!(
        "Added {} users, {} chats and {} messages in {}. Everybody's password is \"password\".",
        seeded.users,
        seeded.chats,
        seeded.messages,
        in_words(duration)
    ));
    output.json(&report::Seeded {
        database: &database.target.database,
        users: seeded.users,
        chats: seeded.chats,
        messages: seeded.messages,
        seconds: duration.as_secs_f64(),
    });
    Ok(Exit::Done)
}

/// Who seeds seeds alone: until the connection is closed.
fn turn(database: &Database) -> Result<Pooled, Problem> {
    let mut session = database.pool.get().map_err(|error| database.diagnose(error.into()))?;
    session.close_after_use();
    let rows = session
        .execute(
            "SELECT has_table_privilege('users', 'INSERT') AND has_table_privilege('messages', 'INSERT'),
                pg_try_advisory_lock(hashtextextended('messenger-db seed', 0))",
        )
        .map_err(|error| database.diagnose(error.into()))?;
    match rows.first().map(Vec::as_slice) {
        Some([Some(may_write), _]) if may_write == "f" => Err(Problem::new(
            Exit::PermissionDenied,
            format!("permission denied: the role {:?} may not write here", database.target.user),
            "Run it as a member of the role that writes rows (`messenger-db roles` makes one), or as the owner.",
        )),
        Some([_, Some(is_alone)]) if is_alone == "f" => Err(Problem::new(
            Exit::Locked,
            "another process fills this database with test data",
            "When it is done, there is nothing left to do; or --force adds more.",
        )),
        _ => Ok(session),
    }
}

/// The crowd that the options ask for. `None`: no size is given.
fn crowd(options: &SeedArgs) -> Option<Crowd> {
    let (users, messages) = match (options.users, options.messages) {
        (None, None) if options.seed.is_none() => return None,
        (users, Some(messages)) => {
            (users.unwrap_or_else(|| u32::try_from(messages / 100).unwrap_or(u32::MAX).clamp(10, 100_000)), messages)
        }
        (users, None) => {
            let users = users.unwrap_or(100);
            (users, 100 * u64::from(users))
        }
    };
    Some(Crowd { users, messages, seed: options.seed.unwrap_or(1) })
}

impl From<SeedError> for Problem {
    fn from(error: SeedError) -> Self {
        let help = match error {
            SeedError::Refused { .. } => {
                "What is there already is in the way. Another --seed makes other people, and another database none."
            }
            SeedError::Stopped(_) | SeedError::Database(_) => {
                "What was made stays. The same command with --force goes on where it stopped."
            }
        };
        Self::new(Exit::Failed, error.to_string(), help)
    }
}
