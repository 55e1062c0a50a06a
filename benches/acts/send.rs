//! What it costs to send: beside one bare INSERT, and to three hundred as to two.

use diesel::prelude::*;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::messages::{self, Draft};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use uuid::Uuid;

use super::Bench;
use super::measure::{Contender, Contest, Pace, Summary};
use super::row_per_recipient::{self, Variant};
use super::stage::Chat;
use messenger_db::actor::Actor;

/// How many send at once.
pub const CONNECTIONS: usize = 8;

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

const BARE: &str = "
    CREATE TABLE IF NOT EXISTS bare_messages (
        id uuid PRIMARY KEY,
        chat_id uuid NOT NULL,
        sender_id uuid NOT NULL,
        content text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )";

pub fn figures(bench: &Bench, summary: &mut Summary) {
    bench.server.execute("large", BARE);
    row_per_recipient::stage(bench);
    let (direct, groups) = (bench.large.world.chats_of(2), bench.large.world.chats_of(300));
    let other = |variant: Variant| (0..CONNECTIONS).map(move |_| variant.connect(bench));
    let connections = || (0..CONNECTIONS).map(|_| bench.large.connect());
    let mut contenders = [
        Contender::new("bare insert", connections(), |conn, dice| {
            let (chat, sender) = somebody(&direct, dice);
            bare(conn, chat, sender, &bench.words.say(dice));
        }),
        Contender::new("send to 2", connections(), |conn, dice| {
            let (chat, sender) = somebody(&direct, dice);
            send(conn, chat, sender, &bench.words.say(dice));
        }),
        Contender::new("send to 300", connections(), |conn, dice| {
            let (chat, sender) = somebody(&groups, dice);
            send(conn, chat, sender, &bench.words.say(dice));
        }),
        Contender::new("row per recipient", other(Variant::Equal), |conn, dice| {
            let (chat, sender) = somebody(&groups, dice);
            row_per_recipient::send(conn, chat, sender, bench.words.say(dice));
        }),
        Contender::new("lean row per recipient", other(Variant::Lean), |conn, dice| {
            let (chat, sender) = somebody(&groups, dice);
            row_per_recipient::send(conn, chat, sender, bench.words.say(dice));
        }),
    ];
    let contest = Contest::hold(&mut contenders, Pace::usual());
    summary.add(contest.ratio("send_direct_vs_bare_insert", "send to 2", "bare insert").at_least(0.5));
    summary.add(contest.ratio("send_group300_vs_direct", "send to 300", "send to 2").at_least(0.9));
    let other = contest.ratio("send_group300_vs_row_per_recipient", "send to 300", "row per recipient");
    summary.add(other.at_least(20.0));
    let key = "send_group300_vs_lean_row_per_recipient";
    summary.add(contest.ratio(key, "send to 300", "lean row per recipient"));
}

/// A chat, and somebody of it who says something.
pub fn somebody(chats: &[&Chat], dice: &mut SmallRng) -> (ChatId, UserId) {
    let chat = chats.choose(dice).unwrap();
    (chat.id, chat.speaker(dice))
}

/// The complete act.
pub fn send(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: &str) {
    messages::send(conn, Actor::trusted(sender), chat, &Draft::text(words)).unwrap();
}

fn bare(conn: &mut PgConnection, chat: ChatId, sender: UserId, words: &str) {
    let row = (
        bare_messages::id.eq(Uuid::now_v7()),
        bare_messages::chat_id.eq(chat.as_uuid()),
        bare_messages::sender_id.eq(sender.as_uuid()),
        bare_messages::content.eq(words),
    );
    diesel::insert_into(bare_messages::table).values(row).execute(conn).unwrap();
}
