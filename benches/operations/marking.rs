//! The cost of marking a thousand messages as read, beside one.

use std::sync::atomic::{AtomicUsize, Ordering};

use messenger_db::actor::Actor;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::receipts;
use messenger_db::seq::Seq;

use super::Bench;
use super::measure::{Contender, Pace, Summary};

/// Members who have read nothing of a long chat, and go through it in steps.
pub struct Readers {
    members: Vec<(ChatId, UserId)>,
    step: usize,
    turn: AtomicUsize,
    messages: usize,
}

impl Readers {
    /// Of the members of the unread chats those whose number leaves this rest when divided by five.
    pub fn new(bench: &Bench, rests: &[usize], step: usize) -> Self {
        let (mut members, mut messages) = (Vec::new(), usize::MAX);
        for chat in bench.large.world.unread() {
            messages = messages.min(chat.messages);
            let chosen = chat.members.iter().enumerate().filter(|(number, _)| rests.contains(&(number % 5)));
            members.extend(chosen.map(|(_, user)| (chat.id, *user)));
        }
        Self { members, step, turn: AtomicUsize::new(0), messages }
    }

    /// Who reads next, and up to which message; `None` when everybody has read everything.
    pub fn next(&self) -> Option<(ChatId, UserId, i64)> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (chat, user) = self.members[turn % self.members.len()];
        let through = (turn / self.members.len() + 1) * self.step;
        (through <= self.messages).then_some((chat, user, through as i64))
    }

    /// Makes everything unread again.
    pub fn reset(&self, bench: &Bench) {
        let mut chats: Vec<_> = self.members.iter().map(|(chat, _)| format!("'{chat}'")).collect();
        let mut users: Vec<_> = self.members.iter().map(|(_, user)| format!("'{user}'")).collect();
        for ids in [&mut chats, &mut users] {
            ids.sort_unstable();
            ids.dedup();
        }
        let these = format!("WHERE chat_id IN ({}) AND user_id IN ({})", chats.join(", "), users.join(", "));
        // As a copy of the rows: whatever columns a position has.
        let kept = "CREATE TABLE IF NOT EXISTS positions_at_first AS TABLE unread_messages";
        bench.server.execute("large", kept);
        bench.server.execute("large", &format!("DELETE FROM message_delivery {these}"));
        bench.server.execute("large", &format!("DELETE FROM unread_messages {these}"));
        bench.server.execute("large", &format!("INSERT INTO unread_messages SELECT * FROM positions_at_first {these}"));
        bench.server.execute("large", "VACUUM (ANALYZE) unread_messages, message_delivery");
        self.turn.store(0, Ordering::Relaxed);
    }

    /// A contender in which these members read.
    pub fn contender<'a>(&'a self, name: &'static str, bench: &'a Bench) -> Contender<'a> {
        Contender::with_supply(
            name,
            bench.connections(),
            || self.reset(bench),
            |conn, _| {
                let Some((chat, user, through)) = self.next() else { return false };
                receipts::mark_read(conn, Actor::trusted(user), chat, Seq::new(through)).unwrap();
                true
            },
        )
    }
}

pub fn figures(bench: &Bench, summary: &mut Summary) {
    // Most are for the steps of a thousand, of which each has only a few.
    let (one, thousand) = (Readers::new(bench, &[0], 1), Readers::new(bench, &[1, 2, 3, 4], 1_000));
    let mut contenders = [one.contender("mark 1 read", bench), thousand.contender("mark 1000 read", bench)];
    // Short slices: what is unread is used up.
    let pace = Pace { slice: Pace::usual().slice / 4, ..Pace::usual() };
    let comparison = bench.compare(&mut contenders, pace);
    summary.add(comparison.ratio("mark_read_backlog1000_vs_1", "mark 1000 read", "mark 1 read").at_least(0.9));
}
