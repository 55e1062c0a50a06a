//! Blocking the one who wants to block.
use diesel::PgConnection;
use messenger_db::actor::Actor;
use messenger_db::ids::UserId;
use messenger_db::queries::blocks;

fn block(conn: &mut PgConnection, alice: Actor, mallory: UserId) {
    let _ = blocks::block(conn, mallory, alice);
}

fn main() {}
