//! Who appears in the tests of the operations: users, made without the operations that are tested.

use std::sync::Barrier;

use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::enums::{ContactStatus, ImageType};
use messenger_db::error::{Error, Refusal};
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::models::{NewBlock, NewContact, NewUser};
use messenger_db::queries::direct_chats;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Picture};
use messenger_db::queries::uploads::{self, NewUpload};
use messenger_db::retry::Retry;
use messenger_db::schema::{blocks, contacts, users};
use messenger_db::secrets::PasswordHash;
use messenger_db::seq::Seq;

use crate::support::{TestDatabase, server};

/// An open account of that name.
pub fn user(conn: &mut PgConnection, username: &str) -> UserId {
    let id = UserId::new();
    let password_hash = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    diesel::insert_into(users::table)
        .values(NewUser { id, username, password_hash: &password_hash, display_name: None, avatar_url: None })
        .execute(conn)
        .unwrap();
    id
}

/// Open accounts of those names.
pub fn users<const N: usize>(conn: &mut PgConnection, usernames: [&str; N]) -> [UserId; N] {
    usernames.map(|username| user(conn, username))
}

/// As many open accounts.
pub fn crowd(conn: &mut PgConnection, count: usize) -> Vec<UserId> {
    (0..count).map(|number| user(conn, &format!("user_{number}"))).collect()
}

/// Makes two users accepted contacts.
pub fn befriend(conn: &mut PgConnection, one: UserId, other: UserId) {
    let side = |user_id, contact_id| NewContact {
        user_id,
        contact_id,
        status: Some(ContactStatus::Accepted),
        requested_by: one,
        accepted_at: Some(chrono::Utc::now()),
    };
    conn.transaction(|conn| {
        diesel::insert_into(contacts::table).values([side(one, other), side(other, one)]).execute(conn)
    })
    .unwrap();
}

/// A group of alice, its owner, bob and carol.
pub fn group(conn: &mut PgConnection) -> (ChatId, [UserId; 3]) {
    let [alice, bob, carol] = users(conn, ["alice", "bob", "carol"]);
    (groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob, carol])).unwrap().id, [alice, bob, carol])
}

/// The direct chat of two users, who become contacts.
pub fn direct(conn: &mut PgConnection, one: UserId, other: UserId) -> ChatId {
    befriend(conn, one, other);
    direct_chats::find_or_create(conn, by(one), other).unwrap().id
}

/// The user, as the operations take the actor.
pub const fn by(user: UserId) -> Actor {
    Actor::trusted(user)
}

/// The user says these in turn; gives the seq of the last.
pub fn say<S: AsRef<str>>(
    conn: &mut PgConnection,
    chat: ChatId,
    user: UserId,
    words: impl IntoIterator<Item = S>,
) -> Seq {
    let mut last = Seq::ZERO;
    for words in words {
        last = messages::send(conn, by(user), chat, &Draft::text(words.as_ref())).unwrap().message.seq;
    }
    last
}

/// Pictures that the user has uploaded, of so many bytes each.
pub fn uploaded(conn: &mut PgConnection, user: UserId, sizes: impl IntoIterator<Item = i32>) -> Vec<Picture<'static>> {
    let mut upload = |byte_size| {
        let storage_key = MessageId::new().to_string();
        let new = NewUpload { storage_key: &storage_key, mime_type: ImageType::Jpeg, byte_size };
        uploads::begin(conn, by(user), &new).unwrap();
        Picture::new("p.jpg", storage_key)
    };
    sizes.into_iter().map(&mut upload).collect()
}

/// One blocks the other.
pub fn block(conn: &mut PgConnection, blocker_id: UserId, blocked_id: UserId) {
    diesel::insert_into(blocks::table).values(NewBlock { blocker_id, blocked_id }).execute(conn).unwrap();
}

/// What came of an operation. With Citus, it is tried again when it was given up for a deadlock, as a service does: tables are
/// locked there for a change of a reference table.
pub fn retried<T, R: Refusal>(
    conn: &mut PgConnection,
    mut operation: impl FnMut(&mut PgConnection) -> Result<T, Error<R>>,
) -> Result<T, Error<R>> {
    if server().workers().is_empty() {
        return operation(conn);
    }
    Retry::default().attempts(20).transaction(conn, |conn| operation(conn))
}

/// Does the same as often at once, each on a connection of its own, and gives what came of it.
pub fn at_once<T: Send>(
    database: &TestDatabase,
    times: usize,
    act: impl Fn(usize, &mut PgConnection) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(times);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..times)
            .map(|number| {
                let (barrier, act) = (&barrier, &act);
                scope.spawn(move || {
                    let mut conn = database.diesel();
                    barrier.wait();
                    act(number, &mut conn)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
