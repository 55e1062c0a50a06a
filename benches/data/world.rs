//! Who there is, and which chats they have.
//!
//! The people who are observed, and their chats, are the same in every world; how many others there are differs.

use messenger_db::ids::{ChatId, UserId};
use rand::rngs::SmallRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, Zipf};
use uuid::Uuid;

/// A chat.
#[derive(Debug, Clone)]
pub struct Chat {
    /// Which.
    pub id: ChatId,
    /// Who is in it: two are a direct chat.
    pub members: Vec<UserId>,
    /// How many messages there are in it.
    pub messages: usize,
    /// Nobody has read any.
    pub unread: bool,
}

impl Chat {
    /// Somebody of it.
    pub fn member(&self, dice: &mut SmallRng) -> UserId {
        *self.members.choose(dice).unwrap()
    }

    /// Somebody of it who has something to say: in every group a few say most (Zipf).
    pub fn speaker(&self, dice: &mut SmallRng) -> UserId {
        let members = self.members.len();
        let place = Zipf::new(members as f64, 1.0).unwrap().sample(dice) as usize;
        self.members[place.clamp(1, members) - 1]
    }

    fn new(number: &mut Numbers, members: Vec<UserId>, messages: usize) -> Self {
        Self { id: ChatId::from_uuid(number.next()), members, messages, unread: false }
    }
}

/// How many others there are.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Users.
    pub users: usize,
    /// Chats of 2, with 20 messages each.
    pub direct: usize,
    /// Chats of 30, with 350 messages each.
    pub of_30: usize,
    /// Chats of 300, with 2,500 messages each.
    pub of_300: usize,
    /// Chats of 300 in which nothing was read, with 5,000 messages each.
    pub unread: usize,
}

impl Size {
    /// A million messages.
    pub const LARGE: Self = Self { users: 10_000, direct: 20_000, of_30: 1_000, of_300: 100, unread: 16 };
    /// A tenth of it.
    pub const SMALL: Self = Self { users: 1_000, direct: 2_000, of_30: 100, of_300: 10, unread: 0 };
    /// A thousand users with those who are observed.
    pub const LOAD: Self = Self { users: 384, direct: 5_000, of_30: 100, of_300: 10, unread: 0 };
    /// For trying out.
    pub const QUICK: Self = Self { users: 1_000, direct: 2_000, of_30: 100, of_300: 20, unread: 4 };
    /// A tenth of that.
    pub const QUICK_SMALL: Self = Self { users: 400, direct: 200, of_30: 10, of_300: 2, unread: 0 };
}

/// Everybody.
pub struct World {
    /// All users.
    pub users: Vec<UserId>,
    /// Those who are observed, and are in ten chats each.
    pub in_10_chats: Vec<UserId>,
    /// Those who are observed, and are in a hundred chats each.
    pub in_100_chats: Vec<UserId>,
    /// The chats of those who are observed.
    pub observed: Vec<Chat>,
    /// The chats of the others.
    pub others: Vec<Chat>,
}

const OBSERVED: usize = 8;

impl World {
    /// The world of this size.
    pub fn new(size: Size) -> Self {
        let mut number = Numbers::new(1);
        let mut dice = SmallRng::seed_from_u64(1);
        let in_10_chats = number.users(OBSERVED);
        let in_100_chats = number.users(OBSERVED);
        let friends = number.users(600);
        let mut observed = Vec::new();
        for (users, direct, of_30, of_300) in [(&in_10_chats, 6, 3, 1), (&in_100_chats, 80, 17, 3)] {
            for user in users {
                for friend in friends.sample(&mut dice, direct) {
                    observed.push(Chat::new(&mut number, vec![*user, *friend], 60));
                }
            }
            for (chats, members, messages) in [(of_30, 30, 200), (of_300, 300, 1_000)] {
                for _ in 0..chats {
                    let others = friends.sample(&mut dice, members - OBSERVED);
                    let members = users.iter().chain(others).copied().collect();
                    observed.push(Chat::new(&mut number, members, messages));
                }
            }
        }

        let mut number = Numbers::new(2);
        let strangers = number.users(size.users);
        let mut others = direct(&mut number, &mut dice, &strangers, size.direct);
        for (chats, members, messages, unread) in
            [(size.of_30, 30, 350, false), (size.of_300, 300, 2_500, false), (size.unread, 300, 5_000, true)]
        {
            for _ in 0..chats {
                let members = strangers.sample(&mut dice, members).copied().collect();
                others.push(Chat { unread, ..Chat::new(&mut number, members, messages) });
            }
        }
        let users = [&in_10_chats[..], &in_100_chats, &friends, &strangers].concat();
        Self { users, in_10_chats, in_100_chats, observed, others }
    }

    /// All chats.
    pub fn chats(&self) -> impl Iterator<Item = &Chat> {
        self.observed.iter().chain(&self.others)
    }

    /// The chats of the others with that many members, in which people read.
    pub fn chats_of(&self, members: usize) -> Vec<&Chat> {
        self.others.iter().filter(|chat| chat.members.len() == members && !chat.unread).collect()
    }

    /// The chats in which nothing was read.
    pub fn unread(&self) -> impl Iterator<Item = &Chat> {
        self.others.iter().filter(|chat| chat.unread)
    }

    /// How many messages there are.
    pub fn messages(&self) -> usize {
        self.chats().map(|chat| chat.messages).sum()
    }
}

/// Direct chats of so many pairs, all different.
fn direct(number: &mut Numbers, dice: &mut SmallRng, users: &[UserId], pairs: usize) -> Vec<Chat> {
    let mut found = std::collections::BTreeSet::new();
    while found.len() < pairs {
        let (one, other) = (dice.random_range(0..users.len()), dice.random_range(0..users.len()));
        if one < other {
            found.insert((one, other));
        }
    }
    let mut pairs: Vec<_> = found.into_iter().collect();
    pairs.shuffle(dice);
    pairs.into_iter().map(|(one, other)| Chat::new(number, vec![users[one], users[other]], 20)).collect()
}

/// UUIDs of version 7, a second apart, the same each time.
struct Numbers {
    second: u64,
    dice: SmallRng,
}

impl Numbers {
    fn new(era: u64) -> Self {
        Self { second: 1_600_000_000 + era * 10_000_000, dice: SmallRng::seed_from_u64(era) }
    }

    fn next(&mut self) -> Uuid {
        self.second += 1;
        uuid::Builder::from_unix_timestamp_millis(self.second * 1_000, &self.dice.random()).into_uuid()
    }

    fn users(&mut self, count: usize) -> Vec<UserId> {
        (0..count).map(|_| UserId::from_uuid(self.next())).collect()
    }
}
