//! Adding a member to a group, and asking nobody who does that.
use diesel::PgConnection;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::groups;

fn add(conn: &mut PgConnection, group: ChatId, bob: UserId) {
    let _ = groups::add(conn, group, bob);
}

fn main() {}
