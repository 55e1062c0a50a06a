//! Sends, edits, deletes and reads messages, and reacts to them.

use diesel::PgConnection;
use messenger_db::actor::Actor;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::history::{self, Entry};
use messenger_db::queries::messages::{self, Draft, EditsFor, Picture};
use messenger_db::queries::receipts::{self, Marked};
use messenger_db::queries::{chats, reactions, sessions};
use messenger_db::seq::Seq;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Client, DraftId, answer};
use crate::doorbell::users_of;
use crate::event::Event;
use crate::failure::Failure;
use crate::files;

/// A message to send.
#[derive(Deserialize)]
pub struct Send {
    chat: ChatId,
    /// Chosen by the device, so that it may send again when the answer is lost.
    id: DraftId,
    #[serde(default)]
    text: String,
    reply_to: Option<Seq>,
    /// Keys of what was uploaded, with the names of the files.
    #[serde(default)]
    pictures: Vec<Uploaded>,
}

#[derive(Deserialize)]
struct Uploaded {
    key: String,
    name: String,
}

/// Sends a message.
pub async fn send(client: &Client, message: Send) -> Answer {
    let (actor, chat) = (client.actor, message.chat);
    if message.pictures.len() > 5 {
        return Err(Failure::invalid("too_many_pictures", "it has more than five pictures"));
    }
    let picture = |Uploaded { key, name }| {
        let storage_key = files::storage_key(actor.user_id(), &key);
        Picture::new(if name.is_empty() { key } else { name.chars().take(255).collect() }, storage_key)
    };
    let pictures: Vec<_> = message.pictures.into_iter().map(picture).collect();
    let app = client.app.clone();
    let sent = client.app.database.run(move |conn| {
        let draft =
            if pictures.is_empty() { Draft::text(message.text) } else { Draft::image(pictures).saying(message.text) };
        let draft = message.reply_to.map_or(draft.clone(), |seq| draft.in_reply_to(seq)).with_id(message.id);
        let sent = messages::send(conn, actor, chat, &draft)?;
        app.doorbell.chat(chat, sent.message.version);
        let plain = sent.message.reply_to_seq.is_none() && draft_is_plain(&sent.message);
        let entry = if plain && !sent.already_sent {
            Entry { message: sent.message, attachments: Vec::new(), reactions: Vec::new(), reply_to: None }
        } else {
            entry(conn, actor, chat, sent.message.seq)?
        };
        Ok::<_, Failure>((entry, chats::all_member_ids(conn, chat)?))
    });
    let (entry, members) = sent.await?;
    let sent = answer(&entry)?;
    let version = entry.message.version;
    client.tell_entry(&members, entry, version);
    Ok(sent)
}

fn draft_is_plain(message: &messenger_db::models::Message) -> bool {
    message.kind == messenger_db::enums::MessageKind::Text
}

/// The message as a page of history shows it.
fn entry(conn: &mut PgConnection, actor: Actor, chat: ChatId, seq: Seq) -> Result<Entry, Failure> {
    let page = history::around(conn, actor, chat, seq, Limit::new(1))?;
    let found = page.entries.into_iter().find(|entry| entry.message.seq == seq);
    found.ok_or_else(|| diesel::result::Error::NotFound.into())
}

/// Gives a message other words.
pub async fn edit(client: &Client, chat: ChatId, seq: Seq, text: String) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let edited = client.app.database.run(move |conn| {
        let edited = messages::edit(conn, actor, chat, seq, &text)?;
        app.doorbell.chat(chat, edited.version);
        Ok::<_, Failure>((entry(conn, actor, chat, seq)?, chats::all_member_ids(conn, chat)?))
    });
    let (entry, members) = edited.await?;
    let edited = answer(&entry)?;
    let version = entry.message.version;
    client.tell_entry(&members, entry, version);
    Ok(edited)
}

/// What a message said before its edits.
pub async fn edits(client: &Client, chat: ChatId, seq: Seq) -> Answer {
    let actor = client.actor;
    let edits = client
        .app
        .database
        .run(move |conn| messages::list_edits(conn, actor, chat, seq, EditsFor::Sender, None, Limit::MAX))
        .await?;
    let edits: Vec<_> =
        edits.into_iter().map(|edit| json!({ "text": edit.content, "until": edit.edited_at })).collect();
    answer(edits)
}

/// Deletes a message, and its pictures from the disk.
pub async fn delete(client: &Client, chat: ChatId, seq: Seq) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let deleted = client.app.database.run(move |conn| {
        let deleted = messages::delete(conn, actor, chat, seq)?;
        app.doorbell.chat(chat, deleted.message.version);
        Ok::<_, Failure>((deleted, entry(conn, actor, chat, seq)?, chats::all_member_ids(conn, chat)?))
    });
    let (deleted, entry, members) = deleted.await?;
    files::remove(&client.app, deleted.attachments.into_iter().map(|picture| picture.storage_key).collect()).await;
    let shown = answer(&entry)?;
    let version = entry.message.version;
    client.tell_entry(&members, entry, version);
    Ok(shown)
}

/// Reacts to a message, or takes it back.
pub async fn react(client: &Client, chat: ChatId, seq: Seq, emoji: String, on: bool) -> Answer {
    let (actor, app) = (client.actor, client.app.clone());
    let reacted = client.app.database.run(move |conn| {
        let changed = if on {
            reactions::add(conn, actor, chat, seq, &emoji)?
        } else {
            reactions::remove(conn, actor, chat, seq, &emoji)?
        };
        app.doorbell.chat(chat, changed.version);
        Ok::<_, Failure>((changed.version, entry(conn, actor, chat, seq)?, chats::all_member_ids(conn, chat)?))
    });
    let (version, entry, members) = reacted.await?;
    let shown = answer(&entry)?;
    client.tell(&members, &Event::Reactions { chat, seq });
    client.app.doorbell.told(&entry.message, version);
    Ok(shown)
}

/// Who reacted.
pub async fn reactors(client: &Client, chat: ChatId, seq: Seq) -> Answer {
    let actor = client.actor;
    answer(client.app.database.run(move |conn| reactions::list(conn, actor, chat, seq, None, None, Limit::MAX)).await?)
}

/// The device has received everything up to a message.
pub async fn delivered(client: &Client, chat: ChatId, seq: Seq) -> Answer {
    let actor = client.actor;
    let marked = client.app.database.run(move |conn| {
        let marked = receipts::mark_delivered(conn, actor, chat, seq)?;
        Ok::<_, Failure>((marked, watchers(conn, actor, chat, marked)?))
    });
    let (marked, watchers) = marked.await?;
    tell_position(client, chat, &watchers, None, marked.through_seq);
    answer(marked.through_seq)
}

/// The user has read everything up to a message.
pub async fn read(client: &Client, chat: ChatId, seq: Seq) -> Answer {
    let actor = client.actor;
    let marked = client.app.database.run(move |conn| {
        let marked = receipts::mark_read(conn, actor, chat, seq)?;
        Ok::<_, Failure>((marked, watchers(conn, actor, chat, marked)?))
    });
    let (marked, watchers) = marked.await?;
    tell_position(client, chat, &watchers, Some(marked.through_seq), marked.through_seq);
    answer(marked.through_seq)
}

/// Who may see a position, and has a socket at any server: nobody when it did not move.
fn watchers(conn: &mut PgConnection, actor: Actor, chat: ChatId, marked: Marked) -> diesel::QueryResult<Vec<UserId>> {
    if marked.is_empty() { Ok(Vec::new()) } else { sessions::receipt_watchers(conn, actor, chat).map(users_of) }
}

/// Tells them, at every server.
fn tell_position(client: &Client, chat: ChatId, watchers: &[UserId], read: Option<Seq>, delivered: Seq) {
    if watchers.is_empty() {
        return;
    }
    let user = client.actor.user_id();
    let event = Event::Position { chat, user, read, delivered: Some(delivered) };
    client.tell(watchers, &event);
    client.app.doorbell.receipts(&client.app.name, chat, user, event);
}

/// How many received and read each message of a page: the ticks.
pub async fn counts(client: &Client, chat: ChatId, first: Seq, last: Seq) -> Answer {
    let actor = client.actor;
    answer(client.app.database.run(move |conn| receipts::count(conn, actor, chat, first, last)).await?)
}

/// Who received and read a message, and when.
pub async fn receipts(client: &Client, chat: ChatId, seq: Seq) -> Answer {
    let actor = client.actor;
    answer(client.app.database.run(move |conn| receipts::all(conn, actor, chat, seq)).await?)
}
