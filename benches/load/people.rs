//! What somebody does when it is their turn: one operation of the library.

use messenger_db::seq::Seq;
use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};

use diesel::PgConnection;
use messenger_db::enums::UserStatus;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, history, inbox, pending, reactions, receipts, search, unread};
use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand_distr::Distribution as _;
use rand_distr::weighted::WeightedAliasIndex;

use super::data::{Chat, Words, World};
use super::mix::Operation;
use messenger_db::actor::Actor;

const EMOJI: [&str; 6] = ["👍", "❤", "😂", "🎉", "😮", "🙏"];

/// Everybody, and how far their chats are, as their devices know it.
pub struct People<'a> {
    users: &'a [UserId],
    chats: Vec<(&'a Chat, AtomicI64)>,
    /// Where much was said, much is said.
    busy: WeightedAliasIndex<f64>,
    words: &'a Words,
}

/// Somebody's message.
#[derive(Debug, Clone, Copy)]
pub struct Mine {
    chat: ChatId,
    sender: UserId,
    seq: i64,
}

/// What was sent from here lately, so that it can be edited.
#[derive(Debug, Default)]
pub struct Lately(VecDeque<Mine>);

impl Lately {
    fn remember(&mut self, mine: Mine) {
        self.0.truncate(20);
        self.0.push_front(mine);
    }
}

impl<'a> People<'a> {
    /// The people of a world.
    pub fn new(world: &'a World, words: &'a Words) -> Self {
        let chats: Vec<_> = world.chats().map(|chat| (chat, AtomicI64::new(chat.messages as i64))).collect();
        let busy = WeightedAliasIndex::new(chats.iter().map(|(chat, _)| chat.messages as f64).collect()).unwrap();
        Self { users: &world.users, chats, busy, words }
    }

    /// Somebody does something.
    pub fn operation(
        &self,
        conn: &mut PgConnection,
        operation: Operation,
        lately: &mut Lately,
        dice: &mut SmallRng,
    ) -> Result<(), Box<dyn Error>> {
        let (chat, head) = &self.chats[self.busy.sample(dice)];
        let (id, last) = (chat.id, head.load(Ordering::Relaxed));
        let member = if operation == Operation::Send { chat.speaker(dice) } else { chat.member(dice) };
        let limit = Limit::default();
        match operation {
            Operation::Send => {
                let words = self.words.say(dice);
                let draft = Draft::text(&words);
                let seq = messages::send(conn, Actor::trusted(member), id, &draft)?.message.seq;
                head.fetch_max(seq.get(), Ordering::Relaxed);
                lately.remember(Mine { chat: id, sender: member, seq: seq.get() });
            }
            Operation::MarkDelivered => {
                receipts::mark_delivered(conn, Actor::trusted(member), id, Seq::new(last))?;
            }
            Operation::MarkRead => drop(receipts::mark_read(conn, Actor::trusted(member), id, Seq::new(last))?),
            Operation::Open => drop(history::latest(conn, Actor::trusted(member), id, limit)?),
            Operation::Scroll => {
                drop(history::before(conn, Actor::trusted(member), id, Seq::new(dice.random_range(1..=last)), limit)?);
            }
            Operation::Follow => {
                drop(history::around(conn, Actor::trusted(member), id, Seq::new(dice.random_range(1..=last)), limit)?);
            }
            Operation::Search => {
                drop(search::list(conn, Actor::trusted(member), self.words.sought(dice), None, limit)?);
            }
            Operation::Inbox => drop(inbox::list(conn, Actor::trusted(member), None, limit)?),
            Operation::Pending => drop(pending::list(conn, Actor::trusted(member), None, limit)?),
            Operation::Unread => drop(unread::total(conn, Actor::trusted(member))?),
            Operation::React => {
                if let Some(mine) = lately.0.back() {
                    reactions::add(
                        conn,
                        Actor::trusted(mine.sender),
                        mine.chat,
                        Seq::new(mine.seq),
                        EMOJI.choose(dice).unwrap(),
                    )?;
                }
            }
            Operation::Edit => {
                if let Some(mine) = lately.0.back() {
                    messages::edit(
                        conn,
                        Actor::trusted(mine.sender),
                        mine.chat,
                        Seq::new(mine.seq),
                        &self.words.say(dice),
                    )?;
                }
            }
            Operation::Delete => {
                if let Some(mine) = lately.0.pop_back() {
                    messages::delete(conn, Actor::trusted(mine.sender), mine.chat, Seq::new(mine.seq))?;
                }
            }
            Operation::Presence => {
                let status = if dice.random() { UserStatus::Online } else { UserStatus::Away };
                accounts::set_presence(conn, Actor::trusted(*self.users.choose(dice).unwrap()), status)?;
            }
        }
        Ok(())
    }
}
