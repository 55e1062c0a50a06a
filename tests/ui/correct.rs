//! What each program in `mistakes/` becomes once its one mistake is put right: that this compiles shows that nothing
//! else is wrong there.

#![expect(dead_code, clippy::needless_pass_by_value, reason = "to compile is all that these are for")]

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::enums::{DeliveryStatus, MessageKind, UserStatus};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::{
    Message, MessageChanges, NewBlock, NewChatHead, NewChatParticipant, NewDirectChat, NewMessage, NewMessageReaction,
    NewUnreadMessages, NewUser, NewUserSession, User, UserSession,
};
use messenger_db::page::Limit;
use messenger_db::queries::messages::Draft;
use messenger_db::queries::{blocks, groups, receipts, sessions};
use messenger_db::schema::{chat_participants, chats, contacts, messages, unread_messages, user_presence, users};
use messenger_db::secrets::{PasswordHash, SessionToken, TokenHash};
use messenger_db::seq::Seq;
use uuid::Uuid;

fn a_block_changed() {
    use messenger_db::models::ContactChanges;

    let _ = ContactChanges::default();
}

fn a_chat_id_compared_with_a_user_id() {
    let _ = users::id.eq(UserId::new());
}

fn a_chat_id_where_a_user_id_belongs() {
    let _ = NewBlock { blocker_id: UserId::new(), blocked_id: UserId::new() };
}

fn a_column_of_a_table_that_is_not_joined() {
    let _ = chats::table.select(chats::id);
}

fn a_column_that_no_migration_makes() {
    use messenger_db::schema::message_delivery;

    let _ = message_delivery::read_at.is_not_null();
}

fn a_count_beside_a_column_it_is_not_grouped_by() {
    let _ = messages::table.group_by(messages::chat_id).select((messages::chat_id, count_star()));
}

fn a_count_where_a_position_belongs(conn: &mut PgConnection, reader: Actor, chat: ChatId, read: Seq) {
    let _ = receipts::mark_read(conn, reader, chat, read);
}

fn a_direct_chat_with_its_pair_swapped(chat: NewDirectChat, one: UserId, other: UserId) -> NewDirectChat {
    NewDirectChat::between(chat.id, one, other)
}

fn a_draft_that_outlives_its_request(request: String) {
    let draft = Draft::text(&request).into_owned();
    std::thread::spawn(move || drop(draft));
}

fn a_filter_that_is_no_condition() {
    let _ = messages::table.filter(messages::deleted_at.is_not_null());
}

fn a_join_by_ids_of_two_kinds() {
    let _ = chats::table.inner_join(users::table.on(chats::direct_low.eq(users::id.nullable())));
}

fn a_join_that_does_not_say_by_which_key() {
    let _ = contacts::table.inner_join(users::table.on(contacts::contact_id.eq(users::id)));
}

fn a_message_found_by_half_of_its_key() {
    let _ = messages::table.find((ChatId::new(), 1));
}

fn a_message_id_where_a_watermark_belongs(message: &Message, position: NewUnreadMessages) -> NewUnreadMessages {
    NewUnreadMessages { last_read_seq: message.seq, ..position }
}

fn a_message_moved_to_another_chat() {
    let _ = MessageChanges { content: Some(None), ..MessageChanges::default() };
}

fn a_misspelt_label() {
    let _ = user_presence::status.eq(UserStatus::Online);
}

fn a_null_where_none_may_be(member: NewChatParticipant) -> NewChatParticipant {
    NewChatParticipant { user_id: UserId::new(), ..member }
}

fn a_nullable_column_read_as_if_it_were_not(connection: &mut PgConnection) -> QueryResult<Vec<Option<String>>> {
    users::table.select(users::username).load(connection)
}

fn a_password_hash_printed(hash: &PasswordHash) {
    println!("{hash:?}");
}

fn a_password_where_its_hash_belongs<'a>(user: NewUser<'a>, hash: &'a PasswordHash) -> NewUser<'a> {
    NewUser { password_hash: hash, ..user }
}

fn a_position_where_a_limit_belongs(first: Seq, last: Seq) -> Limit {
    Limit::new(last.since(first))
}

fn a_raw_uuid_where_an_id_belongs() {
    let _ = NewChatHead { chat_id: ChatId::from_uuid(Uuid::now_v7()) };
}

fn a_row_inserted_under_a_column_of_another_table() {
    let _ = diesel::insert_into(users::table).values(users::id.eq(UserId::new()));
}

fn a_row_whose_types_are_not_the_columns() {
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = messages, check_for_backend(Pg))]
    struct Message {
        seq: i64,
    }
}

fn a_sender_found_by_the_id_of_a_chat() {
    let _ = users::table.find(messages::sender_id.assume_not_null());
}

fn a_session_token_where_its_hash_belongs(session: NewUserSession<'_>, token: TokenHash) -> NewUserSession<'_> {
    NewUserSession { token_hash: token, ..session }
}

fn a_session_sent_to_a_client_whole(sessions: &[UserSession]) -> serde_json::Result<String> {
    serde_json::to_string(&sessions.iter().map(|session| session.id).collect::<Vec<_>>())
}

fn a_status_that_does_not_exist() {
    let _ = DeliveryStatus::Read;
}

fn a_table_that_no_migration_makes() {
    let _ = chats::table.count();
}

fn a_text_where_an_enum_belongs(message: NewMessage<'_>, said: MessageKind) -> NewMessage<'_> {
    NewMessage { kind: said, ..message }
}

fn a_time_where_a_watermark_belongs() {
    let _ = unread_messages::last_read_seq.eq(4);
}

fn a_time_without_a_zone(session: NewUserSession<'_>, end: DateTime<Utc>) -> NewUserSession<'_> {
    NewUserSession { expires_at: end, ..session }
}

fn a_user_sent_to_a_client_whole(user: &User) -> serde_json::Result<String> {
    serde_json::to_string(&user.display_name)
}

fn a_watermark_of_32_bits(position: NewUnreadMessages, seq: i64) -> NewUnreadMessages {
    NewUnreadMessages { last_read_seq: Seq::new(seq), ..position }
}

fn an_actor_and_a_user_swapped(conn: &mut PgConnection, alice: Actor, mallory: UserId) {
    let _ = blocks::block(conn, alice, mallory);
}

fn an_actor_made_of_what_a_client_sent(conn: &mut PgConnection, cookie: &SessionToken) -> Option<Actor> {
    sessions::authenticate(conn, cookie).ok().map(|who| who.actor)
}

fn an_id_compared_with_one_of_another_kind(message: &Message, me: UserId) -> bool {
    message.sender_id == Some(me)
}

fn an_id_turned_into_one_of_another_kind(_: UserId) -> ChatId {
    ChatId::new()
}

fn an_operation_without_an_actor(conn: &mut PgConnection, alice: Actor, group: ChatId, bob: UserId) {
    let _ = groups::add(conn, alice, group, bob);
}

fn an_insert_without_a_required_column() {
    let _ =
        NewMessageReaction { chat_id: ChatId::new(), message_seq: Seq::FIRST, user_id: UserId::new(), emoji: "👍" };
}

fn ids_swapped_between_two_tables() {
    use chat_participants::{chat_id, user_id};

    let _ = chat_participants::table
        .select((user_id, chat_id))
        .insert_into(unread_messages::table)
        .into_columns((unread_messages::user_id, unread_messages::chat_id));
}
