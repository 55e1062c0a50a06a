//! Holds every row of a chat, and what the two views say of it, against the model's.

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::{Attachment, Chat as ChatRow, ChatParticipant, Message, MessageEdit};
use messenger_db::schema::{
    attachments as attachment_rows, chat_heads, chat_participants, chats, message_edits, message_reactions,
    messages as message_rows,
};
use messenger_db::views::{message_receipts, unread_counts};

use super::compare::{Agreement, Row, agree, receipts_of, unnamed};
use super::group_changes::Fields;
use super::messenger::{Messenger, Post, Time};

/// What the tables and views say of a chat.
pub fn rows(conn: &mut PgConnection, messenger: &Messenger, id: ChatId) -> Agreement {
    let Some(chat) = messenger.chats.get(&id) else { return Ok(()) };
    let row: ChatRow = chats::table.find(id).select(ChatRow::as_select()).first(conn).unwrap();
    let pair = [row.direct_low, row.direct_high];
    agree(
        "the chat",
        (row.kind, Fields::of(&row), pair, row.member_count, row.created_at, row.deleted_at),
        (
            chat.kind,
            chat.fields.clone(),
            chat.pair.map_or([None; 2], |pair| pair.map(Some)),
            chat.members().len() as i32,
            chat.created_at,
            chat.deleted_at,
        ),
    )?;
    let version: i64 = chat_heads::table.find(id).select(chat_heads::version).first(conn).unwrap();
    agree("the version", version, chat.version)?;
    let actual: Vec<Message> = message_rows::table
        .filter(message_rows::chat_id.eq(id))
        .order(message_rows::seq)
        .select(Message::as_select())
        .load(conn)
        .unwrap();
    let actual: Vec<_> = actual.into_iter().map(unnamed).collect();
    agree("the messages", actual, chat.posts.iter().map(|post| post.message.clone()).collect())?;
    let actual: Vec<MessageEdit> = message_edits::table
        .filter(message_edits::chat_id.eq(id))
        .order((message_edits::message_seq, message_edits::version))
        .select(MessageEdit::as_select())
        .load(conn)
        .unwrap();
    agree("the wordings", actual, chat.posts.iter().flat_map(|post| post.edits.clone()).collect())?;
    let actual: Vec<Attachment> = attachment_rows::table
        .filter(attachment_rows::chat_id.eq(id))
        .order((attachment_rows::message_seq, attachment_rows::position))
        .select(Attachment::as_select())
        .load(conn)
        .unwrap();
    agree("the pictures", actual, chat.posts.iter().flat_map(|post| post.attachments.clone()).collect())?;
    let actual: Vec<(i64, UserId, String, Time)> = message_reactions::table
        .filter(message_reactions::chat_id.eq(id))
        .order((message_reactions::message_seq, message_reactions::created_at))
        .select((
            message_reactions::message_seq,
            message_reactions::user_id,
            message_reactions::emoji,
            message_reactions::created_at,
        ))
        .load(conn)
        .unwrap();
    let given = |post: &Post| {
        let seq = post.message.seq.get();
        post.reactions.iter().map(move |(user, emoji, at)| (seq, *user, emoji.clone(), *at)).collect::<Vec<_>>()
    };
    agree("the reactions", actual, chat.posts.iter().flat_map(given).collect())?;
    let participants: Vec<ChatParticipant> = chat_participants::table
        .filter(chat_participants::chat_id.eq(id))
        .order(chat_participants::user_id)
        .select(ChatParticipant::as_select())
        .load(conn)
        .unwrap();
    agree("the participants", participants, chat.participants.values().cloned().collect())?;
    let counts: Vec<(UserId, i64)> = unread_counts::table
        .filter(unread_counts::chat_id.eq(id))
        .order(unread_counts::user_id)
        .select((unread_counts::user_id, unread_counts::unread_count))
        .load(conn)
        .unwrap();
    let expected = chat.members().into_iter().map(|user| (user, chat.counted_as_unread(user))).collect();
    agree("the unread counts", counts, expected)?;
    let actual: Vec<(i64, Row)> = message_receipts::table
        .filter(message_receipts::chat_id.eq(id))
        .order((message_receipts::message_seq, message_receipts::user_id))
        .select((
            message_receipts::message_seq,
            (
                message_receipts::user_id,
                message_receipts::status,
                message_receipts::delivered_at,
                message_receipts::read_at,
            ),
        ))
        .load(conn)
        .unwrap();
    let expected =
        chat.posts.iter().flat_map(|post| receipts_of(post).into_iter().map(|row| (post.message.seq.get(), row)));
    agree("the receipts", actual, expected.collect())
}
