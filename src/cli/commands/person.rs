//! Finds the person that a command is about, by id or by username.

use diesel::{OptionalExtension as _, PgConnection};

use crate::actor::Actor;
use crate::cli::{Exit, Problem};
use crate::ids::UserId;
use crate::models::User;
use crate::queries::accounts;

/// The account of this id, open or closed, or the open one of this username.
pub fn find(conn: &mut PgConnection, name: &str) -> Result<User, Problem> {
    // A username of 32 digits reads as an id, too; an id is written with its hyphens, which no username has.
    let id: Option<UserId> = name.parse().ok().filter(|_| name.contains('-'));
    let found = match id {
        Some(id) => accounts::get(conn, Actor::trusted(id)).optional(),
        None => accounts::find_by_username(conn, name),
    };
    found?.ok_or_else(|| unknown(name))
}

/// There is nobody of that name or id.
pub fn unknown(name: &str) -> Problem {
    Problem::new(
        Exit::Failed,
        format!("there is no account {name:?}"),
        "Name it by its id, or by its username while it is open; a closed account has no username any more.",
    )
}
