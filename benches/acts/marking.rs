//! What it costs to read a thousand messages at once, beside one.

use messenger_db::seq::Seq;
use std::sync::atomic::{AtomicUsize, Ordering};

use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::receipts;

use super::Bench;
use super::measure::{Contender, Contest, Pace, Summary};
use super::send::CONNECTIONS;
use messenger_db::actor::Actor;

/// Members who have read nothing of a long chat, and go through it in steps.
struct Readers {
    members: Vec<(ChatId, UserId)>,
    step: usize,
    turn: AtomicUsize,
    messages: usize,
}

impl Readers {
    /// Whoever is next, and how far they read now.
    fn next(&self) -> (ChatId, UserId, i64) {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let (chat, user) = self.members[turn % self.members.len()];
        let through = (turn / self.members.len() + 1) * self.step;
        assert!(through <= self.messages, "everybody has read everything: stage more that is unread");
        (chat, user, through as i64)
    }
}

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let (mut few, mut many) = (Vec::new(), Vec::new());
    let mut messages = usize::MAX;
    for chat in bench.large.world.unread() {
        messages = messages.min(chat.messages);
        for (number, user) in chat.members.iter().enumerate() {
            // Most are for the steps of a thousand, of which each has only a few.
            if number % 5 == 0 { &mut few } else { &mut many }.push((chat.id, *user));
        }
    }
    let [one, thousand] =
        [(few, 1), (many, 1_000)].map(|(members, step)| Readers { members, step, turn: AtomicUsize::new(0), messages });
    let connections = || (0..CONNECTIONS).map(|_| bench.large.connect());
    let mut contenders = [
        Contender::new("mark 1 read", connections(), |conn, _| {
            let (chat, user, through) = one.next();
            receipts::mark_read(conn, Actor::trusted(user), chat, Seq::new(through)).unwrap();
        }),
        Contender::new("mark 1000 read", connections(), |conn, _| {
            let (chat, user, through) = thousand.next();
            receipts::mark_read(conn, Actor::trusted(user), chat, Seq::new(through)).unwrap();
        }),
    ];
    // Short runs: what is unread is used up.
    let pace = Pace { slice: Pace::usual().slice / 4, ..Pace::usual() };
    let contest = Contest::hold(&mut contenders, pace);
    summary.add(contest.ratio("mark_read_backlog1000_vs_1", "mark 1000 read", "mark 1 read").at_least(0.9));
}
