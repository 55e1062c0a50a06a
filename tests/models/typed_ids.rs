//! Ids keep their order, their text and their type on the way to the server and back.

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::{Chat, NewDirectChat};
use messenger_db::schema::{chats, users};

use crate::schema::populated;

#[test]
fn new_ids_are_uuid_version_7_and_ascend() {
    let ids: Vec<_> = std::iter::repeat_with(UserId::new).take(1000).collect();
    assert!(ids.is_sorted());
    assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
}

#[test]
fn the_order_of_ids_is_the_servers() {
    let database = populated();
    let mut connection = database.diesel();
    let mut sorted = users::table.select(users::id).load::<UserId>(&mut connection).unwrap();
    sorted.sort();
    let by_server = users::table.select(users::id).order(users::id).load::<UserId>(&mut connection);
    assert_eq!(by_server, Ok(sorted));
}

#[test]
fn a_direct_chat_is_the_same_whoever_is_named_first() {
    let (one, other): (UserId, UserId) = (
        "00000000-0000-7000-8000-00000000000c".parse().unwrap(),
        "00000000-0000-7000-8000-00000000000b".parse().unwrap(),
    );
    let database = populated();
    let mut connection = database.diesel();
    let insert = |connection: &mut PgConnection, chat: NewDirectChat| {
        diesel::insert_into(chats::table).values(chat).returning(Chat::as_returning()).get_result(connection)
    };
    let chat = insert(&mut connection, NewDirectChat::between(ChatId::new(), one, other)).unwrap();
    assert_eq!((chat.direct_low, chat.direct_high), (Some(other), Some(one)));
    let again = insert(&mut connection, NewDirectChat::between(ChatId::new(), other, one)).unwrap_err();
    let diesel::result::Error::DatabaseError(_, information) = again else { panic!("{again}") };
    assert_eq!(information.constraint_name(), Some("chats_direct_pair_key"));
}

#[test]
fn many_ids_are_looked_up_at_once() {
    let database = populated();
    let mut connection = database.diesel();
    let all = users::table.select(users::id).load::<UserId>(&mut connection).unwrap();
    let found = users::table.filter(users::id.eq_any(&all)).count().get_result::<i64>(&mut connection);
    assert_eq!(found, Ok(4));
}
