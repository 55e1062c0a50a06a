//! Who is there before anything is said: users, chats, members. Plain SQL, in bulk; what is said comes through the operation
//! that imports.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Uuid as SqlUuid};
use messenger_db::ids::UserId;
use uuid::Uuid;

use super::{Chat, World};

/// Puts everybody and their chats into an empty database.
pub fn fill(conn: &mut PgConnection, world: &World) {
    let ids: Vec<Uuid> = world.users.iter().copied().map(UserId::as_uuid).collect();
    diesel::sql_query(include_str!("users.sql")).bind::<Array<SqlUuid>, _>(ids).execute(conn).unwrap();
    diesel::sql_query("INSERT INTO user_presence (user_id) SELECT id FROM users").execute(conn).unwrap();
    let chats: Vec<&Chat> = world.chats().collect();
    for chats in chats.chunks(1_000) {
        let (mut ids, mut direct, mut members) = (Vec::new(), Vec::new(), Vec::new());
        for chat in chats {
            for member in &chat.members {
                ids.push(chat.id.as_uuid());
                direct.push(chat.members.len() == 2);
                members.push(member.as_uuid());
            }
        }
        diesel::sql_query(include_str!("chats.sql"))
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Array<SqlUuid>, _>(members)
            .bind::<Array<Bool>, _>(direct)
            .execute(conn)
            .unwrap();
    }
}
