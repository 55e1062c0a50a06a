//! What is left out is the database's to fill in, and what is changed is what was named.

use chrono::{TimeZone, Utc};
use diesel::prelude::*;
use messenger_db::enums::{DeviceType, ImageType, MessageKind};
use messenger_db::ids::{ChatId, MessageId, SessionId, UserId};
use messenger_db::models::{
    Attachment, AttachmentChanges, Chat, ChatChanges, ChatHead, ChatHeadChanges, Message, MessageChanges,
    NewAttachment, NewChatHead, NewGroupChat, NewMessage, NewUserSession, User, UserChanges, UserSession,
    UserSessionChanges,
};
use messenger_db::schema::{attachments, chat_heads, chats, messages, user_sessions, users};
use messenger_db::secrets::TokenHash;
use messenger_db::seq::Seq;
use serde_json::json;

use crate::schema::populated;

fn alice() -> UserId {
    "00000000-0000-7000-8000-00000000000a".parse().unwrap()
}

fn hikers() -> ChatId {
    "00000000-0000-7000-8000-0000000000e2".parse().unwrap()
}

#[test]
fn a_session_keeps_what_it_was_given_and_fills_in_the_rest() {
    let database = populated();
    let mut connection = database.diesel();
    let new = NewUserSession {
        id: SessionId::new(),
        user_id: alice(),
        token_hash: TokenHash::new([7; 32]),
        device_id: Some("pixel"),
        device_type: None,
        device_name: None,
        ip_address: Some("192.0.2.7/32".parse().unwrap()),
        user_agent: None,
        expires_at: Utc.with_ymd_and_hms(2999, 1, 1, 0, 0, 0).unwrap(),
        idle_timeout: None,
    };
    let session: UserSession = diesel::insert_into(user_sessions::table)
        .values(&new)
        .returning(UserSession::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(session.device_type, DeviceType::Other);
    assert_eq!(session.token_hash, TokenHash::new([7; 32]));
    assert_eq!(session.ip_address.unwrap().to_string(), "192.0.2.7/32");
    assert_eq!((session.revoked_at, session.connection_id.clone()), (None, None));

    let changes = UserSessionChanges {
        server_id: Some(Some("gateway-2")),
        connection_id: Some(Some("gateway-2/1")),
        connected_at: Some(Some(Utc::now())),
        ..UserSessionChanges::default()
    };
    let connected: UserSession = diesel::update(user_sessions::table.find(session.id))
        .set(&changes)
        .returning(UserSession::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!(connected.connection_id.as_deref(), Some("gateway-2/1"));
    assert_eq!(connected.last_active_at, session.last_active_at);
}

#[test]
fn a_profile_is_changed_with_the_time_beside_it() {
    let database = populated();
    let mut connection = database.diesel();
    let before: User = users::table.find(alice()).select(User::as_select()).first(&mut connection).unwrap();
    let mut change = |changes: UserChanges<'_>| -> User {
        diesel::update(users::table.find(alice()))
            .set((changes, users::updated_at.eq(diesel::dsl::now)))
            .returning(User::as_returning())
            .get_result(&mut connection)
            .unwrap()
    };
    let renamed = change(UserChanges { display_name: Some(None), ..UserChanges::default() });
    assert_eq!((renamed.display_name, renamed.username), (None, before.username));
    assert!(renamed.updated_at > before.updated_at);
}

#[test]
fn a_group_is_opened_renamed_and_keeps_its_slug() {
    let database = populated();
    let mut connection = database.diesel();
    let mut new = NewGroupChat::new(ChatId::new(), "Readers");
    new.slug = Some("readers");
    diesel::insert_into(chats::table).values(&new).execute(&mut connection).unwrap();
    diesel::insert_into(chat_heads::table).values(NewChatHead { chat_id: new.id }).execute(&mut connection).unwrap();
    let renamed: Chat = diesel::update(chats::table.find(new.id))
        .set((
            ChatChanges { name: Some("Book club"), ..ChatChanges::default() },
            chats::updated_at.eq(diesel::dsl::now),
        ))
        .returning(Chat::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!((renamed.name.as_deref(), renamed.slug.as_deref()), (Some("Book club"), Some("readers")));
    assert!(renamed.updated_at > renamed.created_at);
}

#[test]
fn a_message_is_written_its_head_moved_and_its_deletion_leaves_no_content() {
    let database = populated();
    let mut connection = database.diesel();
    let metadata = json!({ "preview": { "title": "Summit" } });
    let new = NewMessage {
        chat_id: hikers(),
        seq: Seq::new(5),
        id: MessageId::new(),
        sender_id: Some(alice()),
        kind: MessageKind::Text,
        content: Some("Tomorrow?"),
        metadata: Some(&metadata),
        reply_to_seq: Some(Seq::new(2)),
    };
    let message: Message = diesel::insert_into(messages::table)
        .values(&new)
        .returning(Message::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!((message.metadata, message.reply_to_seq, message.edited_at), (metadata, Some(Seq::new(2)), None));

    let head: ChatHead = diesel::update(chat_heads::table.find(hikers()))
        .set(ChatHeadChanges {
            last_uncounted_seq: None,
            last_seq: Some(Seq::new(5)),
            last_message_at: Some(Some(message.created_at)),
            last_sender_id: Some(Some(alice())),
            last_kind: Some(Some(MessageKind::Text)),
            last_preview: Some(Some("Tomorrow?")),
        })
        .returning(ChatHead::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!((head.last_seq, head.last_preview.as_deref()), (Seq::new(5), Some("Tomorrow?")));

    let empty = json!({});
    let deleted: Message = diesel::update(messages::table.find((hikers(), 5)))
        .set(MessageChanges {
            content: Some(None),
            metadata: Some(&empty),
            edited_at: None,
            deleted_at: Some(Some(Utc::now())),
        })
        .returning(Message::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!((deleted.content, deleted.seq), (None, Seq::new(5)));
}

#[test]
fn a_picture_is_attached_and_its_copies_become_known_later() {
    let database = populated();
    let mut connection = database.diesel();
    let new = NewAttachment {
        chat_id: hikers(),
        message_seq: Seq::new(3),
        position: 1,
        file_name: "view.png",
        mime_type: ImageType::Png,
        byte_size: 2048,
        storage_key: "originals/3",
        medium_key: None,
        thumbnail_key: None,
        width: None,
        height: None,
    };
    diesel::insert_into(attachments::table).values(&new).execute(&mut connection).unwrap();
    let processed: Attachment = diesel::update(attachments::table.find((hikers(), 3, 1)))
        .set(AttachmentChanges { thumbnail_key: Some(Some("thumbs/3")), width: Some(Some(640)), ..Default::default() })
        .returning(Attachment::as_returning())
        .get_result(&mut connection)
        .unwrap();
    assert_eq!((processed.mime_type, processed.width, processed.height), (ImageType::Png, Some(640), None));
}
