//! A member with a valid session who attacks: every operation with arguments at and beyond the bounds, also several at once. Each
//! answers or refuses, none reads a table from end to end, and everybody else keeps what they have. `TEST_ROUNDS` makes it longer.

mod inputs;
mod neighbours;
pub mod operations;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::connection::SimpleConnection as _;
use messenger_db::enums::DeviceType;
use messenger_db::ids::{ChatId, MessageId, SessionId, UserId};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::queries::{changes, receipts};
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use super::cast::{self, by, say};
use super::consistency::assert_consistent;
use super::server_statistics;
use crate::support::{TestDatabase, server};
use inputs::Dice;
use operations::{Attack, Attacker, OPERATIONS};

/// The attacks on all operations.
fn all() -> Vec<(&'static str, Attack)> {
    super::ATTACKS.iter().copied().flatten().chain(OPERATIONS).copied().collect()
}

/// Ann and ben, who have a chat between them and a group; mallory is in the group, and has a chat with ann and a group of her own.
struct Town {
    ann: UserId,
    ben: UserId,
    mallory: UserId,
    group: ChatId,
    private: ChatId,
    known_chats: Vec<ChatId>,
    known_messages: Vec<MessageId>,
    sessions: Vec<SessionId>,
    uploads: Vec<String>,
}

impl Town {
    fn new(database: &TestDatabase) -> Self {
        let conn = &mut database.diesel();
        let [ann, ben, mallory, eve] = cast::users(conn, ["ann", "ben", "mallory", "eve"]);
        let group = groups::create(conn, by(ann), &NewGroup::new("Hikers", &[ben, mallory, eve])).unwrap().id;
        let own = groups::create(conn, by(mallory), &NewGroup::new("Lair", &[])).unwrap().id;
        let private = cast::direct(conn, ann, ben);
        let direct = cast::direct(conn, mallory, ann);
        cast::befriend(conn, mallory, eve);
        for (chat, user) in
            [(group, ann), (group, mallory), (private, ann), (private, ben), (direct, mallory), (own, mallory)]
        {
            say(conn, chat, user, (0..10).map(|number| format!("hello secret {number}")));
        }
        let device = Device::new(DeviceType::Web);
        let sessions = [mallory, ann]
            .map(|user| sessions::open(conn, user, &device, chrono::TimeDelta::days(1)).unwrap().session.id);
        let mut uploads: Vec<_> =
            cast::uploaded(conn, mallory, [1_000; 8]).into_iter().map(|p| p.storage_key.into()).collect();
        uploads.extend(cast::uploaded(conn, ann, [1_000]).into_iter().map(|picture| String::from(picture.storage_key)));
        let known_messages = database.column("SELECT id FROM messages").iter().map(|id| id.parse().unwrap()).collect();
        let known_chats = vec![group, own, direct, private, ChatId::new()];
        Self { ann, ben, mallory, group, private, known_chats, known_messages, sessions: sessions.into(), uploads }
    }

    fn attacker(&self, seed: u64) -> Attacker {
        Attacker {
            me: self.mallory,
            dice: Dice(SmallRng::seed_from_u64(seed)),
            users: vec![self.mallory, self.ann, self.ben, UserId::new()],
            chats: self.known_chats.clone(),
            messages: self.known_messages.clone(),
            sessions: self.sessions.iter().copied().chain([SessionId::new()]).collect(),
            uploads: self.uploads.clone(),
        }
    }

    /// Lets the attacker in again, who may have left or been refused.
    fn let_in(&self, conn: &mut PgConnection) {
        // Refused while she is a member.
        let _ = groups::add(conn, by(self.ann), self.group, self.mallory);
    }
}

/// What went wrong, and the longest that each operation took.
#[derive(Default)]
struct Damage {
    faults: Vec<String>,
    longest: BTreeMap<&'static str, Duration>,
}

/// Attacks so often, with one operation after the other or in any order.
fn attack(town: &Town, conn: &mut PgConnection, seed: u64, times: usize, in_turn: bool) -> Damage {
    let (mut attacker, mut damage) = (town.attacker(seed), Damage::default());
    let operations = all();
    for number in 0..times {
        if number % 20 == 0 {
            town.let_in(conn);
        }
        let place = if in_turn { number % operations.len() } else { attacker.dice.below(operations.len()) };
        let (name, operation) = operations[place];
        let start = Instant::now();
        // Where tables are distributed, a change of a reference table locks more than on one server: it is to be repeated.
        let is_to_be_repeated = |fault: &String| !server().workers().is_empty() && fault.contains("deadlock");
        if let Err(fault) = operation(&mut attacker, conn)
            && !is_to_be_repeated(&fault)
        {
            damage.faults.push(format!("{name}, attempt {number} of seed {seed}: {}", &fault[..fault.len().min(500)]));
        }
        let longest = damage.longest.entry(name).or_default();
        *longest = start.elapsed().max(*longest);
    }
    damage
}

/// How many times as much as usual.
pub fn rounds() -> usize {
    std::env::var("TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// What an attack may pile up, beside what constraints hold: docs/bounds.md.
const BOUNDS: &[(&str, &str)] = &[
    ("50 mentions of a message", "SELECT FROM message_mentions GROUP BY chat_id, message_seq HAVING count(*) > 50"),
    (
        "20 reactions of a member to a message",
        "SELECT FROM message_reactions GROUP BY chat_id, message_seq, user_id HAVING count(*) > 20",
    ),
    ("5 pictures of a message", "SELECT FROM attachments GROUP BY chat_id, message_seq HAVING count(*) > 5"),
    ("1,000 wordings of a message", "SELECT FROM message_edits GROUP BY chat_id, message_seq HAVING count(*) > 1000"),
    ("300 members of a chat", "SELECT FROM chats WHERE member_count > 300"),
    ("16 KiB of metadata", "SELECT FROM messages WHERE octet_length(metadata::text) > 16384"),
    ("10,000 characters of a draft", "SELECT FROM chat_settings WHERE octet_length(draft) > 40000"),
    ("a message in the future", "SELECT FROM messages WHERE created_at > clock_timestamp() + interval '1 minute'"),
];

#[test]
fn whatever_a_member_sends_is_done_or_refused_and_the_others_keep_what_is_theirs() {
    let database = TestDatabase::migrated();
    let town = Town::new(&database);
    let conn = &mut database.diesel();
    let states = [town.ann, town.ben].map(|user| changes::begin(conn, by(user)).unwrap());
    let before = [town.ann, town.ben].map(|user| neighbours::private(conn, user, town.private));

    // Alone, with every index that there is: what is still read from end to end has no index for it.
    let mut alone = Damage::default();
    conn.batch_execute("SET enable_seqscan = off").unwrap();
    let used = server_statistics::indexes_used_anywhere(conn, |conn| {
        alone = attack(&town, conn, 1, 10 * all().len() * rounds(), true);
    });
    assert_eq!(alone.faults, [""; 0]);
    let whole: Vec<_> = used.iter().filter(|(name, _)| name.starts_with("all of ")).collect();
    assert!(whole.is_empty(), "read from end to end: {whole:?}");

    // Several at once, beside members who go on.
    let storms = cast::at_once(&database, 4, |number, conn| {
        if number > 0 {
            return attack(&town, conn, 1 + number as u64, 300 * rounds(), false);
        }
        for number in 0..50 * rounds() {
            let last = say(conn, town.group, town.ben, [format!("hello {number}")]);
            receipts::mark_read(conn, by(town.ben), town.group, last).unwrap();
        }
        Damage::default()
    });
    let faults: Vec<_> = storms.iter().flat_map(|storm| &storm.faults).collect();
    assert_eq!(faults, [""; 0]);

    assert_consistent(&database);
    for (bound, query) in BOUNDS {
        assert!(database.execute(query).unwrap().is_empty(), "more than {bound}");
    }
    let after = [town.ann, town.ben].map(|user| neighbours::private(conn, user, town.private));
    assert_eq!(after, before);
    for (user, state) in [town.ann, town.ben].into_iter().zip(&states) {
        assert!(neighbours::reads_everything(conn, user, state) >= 90);
    }
    let state = changes::begin(conn, by(town.mallory)).unwrap();
    neighbours::reads_everything(conn, town.mallory, &state);
    if rounds() > 1 {
        let mut longest: Vec<_> = alone.longest.iter().map(|(name, time)| (*time, *name)).collect();
        longest.sort();
        println!("the longest: {:?}", longest.iter().rev().take(12).collect::<Vec<_>>());
    }
}
