//! No setting that a role or a database can carry changes an answer: the same story is told under all of them.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::connection::SimpleConnection as _;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use super::story::{Story, stories};
use super::tell;
use crate::support::{TestDatabase, set, settings};

/// How many acts the story has.
const LENGTH: usize = 40;

/// Settings that change what a session does by their nature, and why; more are left out by [`settings`].
const LEFT_OUT: [(&str, &str); 3] = [
    ("exit_on_error", "ends the session at the first refusal, as it is meant to"),
    ("log_statement_stats", "excludes log_parser_stats and its like, which are in"),
    ("client_min_messages", "floods the output of the test"),
];

type Setting = (String, String);

/// Tells the story in a session with these settings.
fn told(database: &TestDatabase, story: &Story, settings: &[Setting]) -> Result<(), String> {
    let told = catch_unwind(AssertUnwindSafe(|| {
        let mut conn = database.diesel();
        for (name, value) in settings {
            conn.batch_execute(&set(name, value)).unwrap();
        }
        tell(&mut conn, story, 1)
    }));
    told.unwrap_or_else(|_| Err("it panicked".to_owned()))
}

/// The fewest of these settings under which the story is told otherwise, and how.
fn fewest<'a>(database: &TestDatabase, story: &Story, settings: &'a [Setting]) -> Option<(&'a [Setting], String)> {
    let what = told(database, story, settings).err()?;
    let (one, other) = settings.split_at(settings.len() / 2);
    let half = |half: &'a [Setting]| (settings.len() > 1).then(|| fewest(database, story, half)).flatten();
    Some(half(one).or_else(|| half(other)).unwrap_or((settings, what)))
}

#[test]
fn every_answer_is_the_same_under_every_setting() {
    let database = TestDatabase::migrated();
    let mut connection = database.connect();
    // Its settings are known once it is loaded.
    connection.execute("DO $$ BEGIN END $$").unwrap();
    // A setting has one value at a time; as many rounds as there are values.
    let mut rounds: Vec<BTreeMap<String, String>> = Vec::new();
    for (name, value) in settings(&mut connection) {
        let left_out = LEFT_OUT.iter().any(|(left_out, _)| name == *left_out);
        if left_out || connection.execute(&set(&name, &value)).is_err() {
            continue;
        }
        connection.execute(&format!("RESET {name}")).unwrap();
        match rounds.iter_mut().find(|round| !round.contains_key(&name)) {
            Some(round) => _ = round.insert(name, value),
            None => rounds.push([(name, value)].into()),
        }
    }
    assert!(rounds[0].len() > 100, "{rounds:?}");

    let config = Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() };
    let story = stories(LENGTH).new_tree(&mut TestRunner::new(config)).unwrap().current();
    assert_eq!(told(&database, &story, &[]), Ok(()), "without any");
    for round in rounds {
        let settings: Vec<_> = round.into_iter().collect();
        if let Some((settings, what)) = fewest(&database, &story, &settings) {
            panic!("under {settings:?}: {what}");
        }
    }
}
