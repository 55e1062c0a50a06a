//! The chats of a crowd: everybody with one or two others and in a few groups, most of them small.

use std::collections::HashSet;
use std::iter;

use diesel::prelude::*;
use fastrand::Rng;

use super::{Crowd, Progress, Report, SeedError, tell, words};
use crate::actor::Actor;
use crate::ids::{ChatId, UserId};
use crate::queries::groups::NewGroup;
use crate::queries::{chats, contacts, direct_chats, groups};

/// Chats in a transaction.
const BATCH: usize = 100;
/// How many are in a group, if there are as many: in the many small ones, and in the few large.
const SMALL: usize = 30;
const LARGE: usize = 300;

/// A chat, who is in it, and how much is said in it compared with others.
pub(super) struct Room {
    pub id: ChatId,
    pub members: Vec<UserId>,
    pub weight: u64,
}

enum Plan {
    Direct { members: [usize; 2] },
    Group { slug: String, name: String, members: Vec<usize> },
}

/// Opens the chats that are not there yet. Gives all of them, and how many are new.
pub(super) fn open(
    conn: &mut PgConnection,
    crowd: &Crowd,
    users: &[UserId],
    rng: &mut Rng,
    report: &mut Report<'_>,
) -> Result<(Vec<Room>, usize), SeedError> {
    let plans = plans(crowd.seed, users.len(), rng);
    let (mut rooms, mut new) = (Vec::with_capacity(plans.len()), 0);
    for batch in plans.chunks(BATCH) {
        conn.transaction(|conn| {
            for plan in batch {
                let (room, is_new) = plan.open(conn, users, rng)?;
                rooms.push(room);
                new += usize::from(is_new);
            }
            Ok::<_, SeedError>(())
        })?;
        tell(report, Progress { making: "chats", done: rooms.len() as u64, total: plans.len() as u64 })?;
    }
    Ok((rooms, new))
}

fn plans(seed: u64, users: usize, rng: &mut Rng) -> Vec<Plan> {
    let mut pairs = HashSet::new();
    let direct: Vec<_> = (0..users)
        .map(|one| (one, (one + rng.usize(1..users.max(2))) % users))
        .filter(|&(one, other)| pairs.insert((one.min(other), one.max(other))))
        .map(|(one, other)| Plan::Direct { members: [one, other] })
        .collect();
    let sizes = iter::repeat_n(SMALL, users.div_ceil(10)).chain(iter::repeat_n(LARGE, users / LARGE));
    let groups = sizes.enumerate().map(|(number, size)| {
        let first = rng.usize(0..users);
        Plan::Group {
            slug: format!("seed-{seed}-{number}"),
            name: words::group(rng).to_owned(),
            // Neighbours in the crowd know each other.
            members: (first..first + size.min(users)).map(|member| member % users).collect(),
        }
    });
    direct.into_iter().chain(groups).collect()
}

impl Plan {
    fn open(&self, conn: &mut PgConnection, users: &[UserId], rng: &mut Rng) -> Result<(Room, bool), SeedError> {
        // A few chats are very lively, most are not.
        let liveliness = 1 + 1000 / rng.u64(1..=100);
        let of = |members: &[usize]| -> Vec<UserId> {
            members.iter().filter_map(|&member| users.get(member).copied()).collect()
        };
        match self {
            Self::Direct { members } => {
                let members = of(members);
                let &[one, other] = members.as_slice() else { return Err(diesel::NotFound.into()) };
                let (id, is_new) = direct(conn, one, other)?;
                Ok((Room { id, members, weight: liveliness }, is_new))
            }
            Self::Group { slug, name, members } => {
                let members = of(members);
                let (id, is_new) = group(conn, slug, name, &members)?;
                let weight = liveliness * if members.len() > SMALL { 40 } else { 8 };
                Ok((Room { id, members, weight }, is_new))
            }
        }
    }
}

/// Makes contacts of two users, and their chat.
pub(super) fn direct(conn: &mut PgConnection, one: UserId, other: UserId) -> Result<(ChatId, bool), SeedError> {
    if let Some(chat) = direct_chats::find(conn, Actor::trusted(one), other)? {
        return Ok((chat.id, false));
    }
    // The second request accepts the first.
    for (asking, asked) in [(one, other), (other, one)] {
        contacts::request(conn, Actor::trusted(asking), asked).map_err(|error| SeedError::of("a contact", error))?;
    }
    let chat = direct_chats::find_or_create(conn, Actor::trusted(one), other)
        .map_err(|error| SeedError::of("a direct chat", error))?;
    Ok((chat.id, true))
}

/// Makes a group, unless there is one of that slug. Its first member is the owner.
pub(super) fn group(
    conn: &mut PgConnection,
    slug: &str,
    name: &str,
    members: &[UserId],
) -> Result<(ChatId, bool), SeedError> {
    let [owner, others @ ..] = members else { return Err(diesel::NotFound.into()) };
    if let Some(chat) = chats::find_by_slug(conn, Actor::trusted(*owner), slug)? {
        return Ok((chat.id, false));
    }
    let new = NewGroup { slug: Some(slug), ..NewGroup::new(name, others) };
    let chat = groups::create(conn, Actor::trusted(*owner), &new)
        .map_err(|error| SeedError::of(&format!("group {slug}"), error))?;
    Ok((chat.id, true))
}
