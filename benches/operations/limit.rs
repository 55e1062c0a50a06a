//! The limit for what writes: one bare INSERT of the same words into a table with a primary key only.

use diesel::prelude::*;
use uuid::Uuid;

use super::Bench;
use super::measure::Contender;
use super::send::somebody;
use messenger_db::ids::{ChatId, UserId};

/// The name of the contender.
pub const BARE_INSERT: &str = "bare insert";

diesel::table! {
    /// The limit: nothing but a primary key.
    bare_messages (id) {
        id -> Uuid,
        chat_id -> Uuid,
        sender_id -> Uuid,
        content -> Text,
        created_at -> Timestamptz,
    }
}

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS bare_messages (
        id uuid PRIMARY KEY,
        chat_id uuid NOT NULL,
        sender_id uuid NOT NULL,
        content text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )";

/// The limit as a contender.
pub fn bare_insert(bench: &Bench) -> Contender<'_> {
    bench.server.execute("large", TABLE);
    let chats = bench.large.world.chats_of(2);
    Contender::new(BARE_INSERT, bench.connections(), move |conn, dice| {
        let (chat, sender) = somebody(&chats, dice);
        insert(conn, chat, sender, &bench.words.say(dice));
    })
}

fn insert(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: &str) {
    let row = (
        bare_messages::id.eq(Uuid::now_v7()),
        bare_messages::chat_id.eq(chat.as_uuid()),
        bare_messages::sender_id.eq(sender.as_uuid()),
        bare_messages::content.eq(words),
    );
    diesel::insert_into(bare_messages::table).values(row).execute(conn).unwrap();
}
