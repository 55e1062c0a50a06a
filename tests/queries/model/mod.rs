//! Whatever people do, in whatever order: every answer is the one that a plain messenger in memory gives, which keeps a
//! row for each recipient of each message.
//!
//! `PROPTEST_CASES` sets how many stories are told, `PROPTEST_RNG_SEED` which.

mod act;
mod chat_settings;
mod compare;
mod compare_history;
mod compare_search;
mod group_changes;
mod groups;
mod hidden;
mod messenger;
mod people;
mod perform;
mod privacy;
mod projection;
mod push;
mod rows;
mod rules;
mod said;
mod settings;
mod standbys;
mod story;
mod told;
mod uploads;

use std::cell::RefCell;
use std::collections::BTreeMap;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::ids::UserId;
use messenger_db::page::Limit;
use messenger_db::queries::accounts;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use super::cast;
use super::device::Device;
use super::shards;
use crate::queries::cast::by;
use crate::support::{TestDatabase, server};
use act::{Act, NAMES};
use messenger::Messenger;
use story::{Step, Story, beginning, seldom, stories};

thread_local! {
    /// Whether acts of each kind ever succeeded.
    static OUTCOMES: RefCell<BTreeMap<String, bool>> = const { RefCell::new(BTreeMap::new()) };
}

/// How many stories are told when nobody says, and how many acts each has at most.
const STORIES: u32 = 24;
const LENGTH: usize = 100;
/// After so many acts, everybody looks at everything.
const ALL_LOOK: usize = 25;

#[test]
fn every_answer_is_that_of_a_messenger_with_a_row_for_each_recipient() {
    let database = TestDatabase::migrated();
    let conn = RefCell::new(database.diesel());
    let is_distributed = !server().workers().is_empty();
    if !is_distributed {
        shards::watch(&mut conn.borrow_mut());
    }
    let seeded = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    let counted = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config::default();
    let config = Config {
        cases: if counted { default.cases } else { STORIES },
        // The same stories each time, unless others are asked for.
        rng_seed: if seeded { default.rng_seed } else { RngSeed::Fixed(1) },
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..default
    };
    tell(&mut conn.borrow_mut(), &seldom(), NAMES.len()).unwrap_or_else(|failure| panic!("{failure}"));
    let outcome = TestRunner::new(config)
        .run(&stories(LENGTH), |story| tell(&mut conn.borrow_mut(), &story, NAMES.len()).map_err(TestCaseError::fail));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    if !counted {
        let never = OUTCOMES.with_borrow(|outcomes| {
            outcomes.iter().filter(|(_, succeeded)| !**succeeded).map(|(name, _)| name.clone()).collect::<Vec<_>>()
        });
        assert!(never.is_empty(), "these were always refused: {never:?}");
    }
    if !is_distributed {
        shards::assert_ready_for_shards(&database);
    }
}

/// Lets a story happen on an empty database and in memory; so many of the users have a device that is away at times.
fn tell(conn: &mut PgConnection, story: &Story, with_devices: usize) -> Result<(), String> {
    conn.batch_execute("TRUNCATE users, user_heads, inbox_by_user, inbox_marks CASCADE").unwrap();
    let mut messenger = Messenger::default();
    let users: Vec<UserId> = cast::users(conn, NAMES).into();
    messenger.users = users
        .iter()
        .map(|user| accounts::find_profiles(conn, by(UserId::new()), &[*user]).unwrap().remove(0))
        .collect();
    for (number, user) in users.iter().enumerate() {
        messenger.sessions.push(push::device(conn, *user, number));
        messenger.tokens.insert(*user, number);
    }
    let mut devices: Vec<_> = users.iter().take(with_devices).map(|user| Device::new(conn, *user)).collect();
    for (number, step) in beginning().iter().chain(&story.0).enumerate() {
        let place = number as i64 - beginning().len() as i64;
        happen(conn, &mut messenger, step).map_err(|what| format!("after {place}. {}: {what}", step.act))?;
        // Now and then somebody's device comes back, and has what a new one has.
        let device = &mut devices[step.place as usize / 4 % with_devices];
        // An account that is closed has no device.
        if step.place % 4 == 0 && !messenger.is_closed(device.user) {
            let limit = Limit::new(1 + step.place % 7);
            device.check(conn, limit).map_err(|what| format!("after {place}. {}: a device: {what}", step.act))?;
        }
        if number % ALL_LOOK == ALL_LOOK - 1 {
            all_look(conn, &messenger, step.place).map_err(|what| format!("after {place}. {}: {what}", step.act))?;
        }
    }
    for device in devices.iter_mut().filter(|device| !messenger.is_closed(device.user)) {
        device.check(conn, Limit::default()).map_err(|what| format!("at the end: a device: {what}"))?;
    }
    all_look(conn, &messenger, 41).map_err(|what| format!("at the end: {what}"))
}

fn happen(conn: &mut PgConnection, messenger: &mut Messenger, step: &Step) -> Result<(), String> {
    let step = &Step { act: step.act.clone().cast(messenger), ..step.clone() };
    let chat = match step.act {
        Act::Process(back, _) => messenger.upload_chat(back),
        _ => step.act.chat().map(|chat| messenger.chat_id(chat)),
    };
    let (actual, facts) = perform::perform(conn, messenger, step)?;
    let expected = messenger.apply(&step.act, facts);
    projection::follow(conn)?;
    messenger.forget_settings();
    let agrees = match (&actual, &expected) {
        (Ok(actual), Ok(expected)) => actual == expected,
        (Err(actual), Err(expected)) => expected.contains(&actual.as_str()),
        _ => false,
    };
    if !agrees {
        return Err(format!("{}:\n   actual {actual:?}\n expected {expected:?}", step.act));
    }
    OUTCOMES.with_borrow_mut(|outcomes| {
        let name = match &step.act {
            Act::Change(_, _, change) => format!("Change{:?}", group_changes::CHANGES[*change]),
            act => format!("{act:?}"),
        };
        let name = name.split('(').next().unwrap_or_default().to_owned();
        *outcomes.entry(name).or_default() |= actual.is_ok();
    });
    let reader = messenger.user(step.reader);
    push::rows(conn, messenger)?;
    uploads::rows(conn, messenger)?;
    if let Some(chat) = chat {
        rows::rows(conn, messenger, chat)?;
        push::targets(conn, messenger, chat)?;
        shards::noting(|| compare::answers_of(conn, messenger, chat, reader, step.place))?;
    }
    // Now and then is enough for what costs most.
    if step.place % 3 == 0 {
        shards::noting(|| compare::answers(conn, messenger, reader, step.place / 3))?;
    }
    standbys::look(messenger, chat, reader, step.place)
}

/// Everybody asks everything.
fn all_look(conn: &mut PgConnection, messenger: &Messenger, place: i64) -> Result<(), String> {
    for (number, profile) in (0..).zip(&messenger.users) {
        compare::answers(conn, messenger, profile.id, place + number)?;
        for &chat in &messenger.opened {
            compare::answers_of(conn, messenger, chat, profile.id, place + number)?;
        }
    }
    messenger.opened.iter().try_for_each(|&chat| rows::rows(conn, messenger, chat))
}
