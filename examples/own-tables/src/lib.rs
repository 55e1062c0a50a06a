//! A small service whose tables stand beside the messenger's: profiles and badges of its users.

pub mod schema;

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use messenger_db::ids::UserId;
use messenger_db::migrate::{self, ConnectOptions, Observer, Report, RunOptions};
use messenger_db::schema::users;

use schema::{badges, profiles};

/// The service's own migrations.
pub const OWN: EmbeddedMigrations = embed_migrations!("migrations");

messenger_db::allow_own_tables!(profiles, badges);
diesel::joinable!(profiles -> messenger_db::schema::users (user_id));

/// Takes the database of a URL to what this service needs: the messenger's schema, and then its own.
///
/// # Errors
///
/// Those of [`migrate::connect`], [`migrate::Pool::also`] and [`migrate::run`].
pub fn migrate(database_url: &str, observer: &mut dyn Observer) -> Result<Report, Box<dyn std::error::Error>> {
    let pool = migrate::connect(&database_url.parse()?, &ConnectOptions::default(), observer)?.also(&OWN)?;
    Ok(migrate::run(&pool, &RunOptions::default(), observer)?)
}

/// The names of users, with their profiles and badges.
///
/// # Errors
///
/// The database's.
pub fn introduced(
    conn: &mut PgConnection,
    among: &[UserId],
) -> QueryResult<Vec<(Option<String>, String, Option<String>)>> {
    users::table
        .inner_join(profiles::table.left_join(badges::table))
        .filter(users::id.eq_any(among))
        .order(users::username)
        .select((users::username, profiles::bio, badges::name.nullable()))
        .load(conn)
}
