//! The same stories on a database that keeps the list of chats by user: after one tick, whatever happened, it is the list that the
//! tables of the chats have, and inboxes and badges, which are read from it, are right.

use std::cell::{Cell, RefCell};

use diesel::prelude::*;
use messenger_db::projector::{self, Options};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use super::act::NAMES;
use super::story::{seldom, stories};
use super::{LENGTH, tell};
use crate::queries::projector::assert_projected;
use crate::support::TestDatabase;

thread_local! {
    static IS_KEPT: Cell<bool> = const { Cell::new(false) };
}

/// How many stories are told when nobody says.
const STORIES: u32 = 8;

/// Has the projector follow what has just happened.
pub fn follow(conn: &mut PgConnection) -> Result<(), String> {
    if !IS_KEPT.get() {
        return Ok(());
    }
    projector::tick(conn, &Options::at_once()).map_err(|error| error.to_string())?;
    assert_projected(conn)
}

#[test]
fn the_list_of_chats_by_user_follows_every_story_within_a_tick() {
    let database = TestDatabase::migrated();
    let conn = RefCell::new(database.diesel());
    projector::keep(&mut conn.borrow_mut(), true).unwrap();
    IS_KEPT.set(true);
    tell(&mut conn.borrow_mut(), &seldom(), NAMES.len()).unwrap_or_else(|failure| panic!("{failure}"));
    let default = Config::default();
    let config = Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { STORIES },
        rng_seed: if std::env::var_os("PROPTEST_RNG_SEED").is_some() { default.rng_seed } else { RngSeed::Fixed(2) },
        failure_persistence: None,
        max_shrink_iters: 3000,
        ..default
    };
    let outcome = TestRunner::new(config)
        .run(&stories(LENGTH), |story| tell(&mut conn.borrow_mut(), &story, NAMES.len()).map_err(TestCaseError::fail));
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}
