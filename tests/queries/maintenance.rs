//! Maintenance: every task is done once, by one process at a time, within its budget.

use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use messenger_db::maintenance::{self, Options, Outcome, Report, Task};
use messenger_db::projector;
use messenger_db::queries::changes::{self, Pruned};
use messenger_db::queries::erasure::{self, Erasure};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::retention::{self, Removal};
use messenger_db::queries::{accounts, uploads};
use pretty_assertions::assert_eq;

use super::cast::{self, by, say};
use super::consistency::assert_consistent;
use crate::support::TestDatabase;

/// Everything that is a moment old is too old.
fn at_once() -> Options {
    Options {
        changes: TimeDelta::zero(),
        uploads: TimeDelta::zero(),
        chats: TimeDelta::zero(),
        usernames: TimeDelta::zero(),
        messages: Some(TimeDelta::days(30)),
        ..Options::default()
    }
}

#[test]
fn times_that_are_none_of_the_databases_are_the_nearest_that_are() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    say(conn, chat, alice, ["Hello"]);
    cast::uploaded(conn, bob, [1000]);
    for before in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let is_all = before == DateTime::<Utc>::MAX_UTC;
        changes::prune(conn, Pruned::default(), before, 1000).unwrap();
        let mut run = Removal::everywhere();
        while !run.is_done {
            run = retention::remove_messages(conn, run, before).unwrap();
        }
        assert_eq!(run.messages > 0, is_all, "{before}");
        assert_eq!(retention::purge_chat(conn, before).unwrap(), None);
        assert_eq!(accounts::release_usernames(conn, before, 10).unwrap(), 0);
    }
    for unattached in [TimeDelta::MAX, TimeDelta::MIN] {
        let is_all = unattached == TimeDelta::MIN;
        assert_eq!(uploads::discard(conn, unattached, 10).unwrap(), usize::from(is_all), "{unattached}");
        assert_eq!(uploads::abandon(conn, unattached, 10).unwrap(), []);
    }
}

#[test]
fn no_version_in_a_log_keeps_it_from_being_pruned_or_its_chat_and_its_user_from_going() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    database
        .execute(&format!(
            "INSERT INTO chat_changes (chat_id, version, kind) VALUES ('{chat}', {0}, 'chat_changed');
             INSERT INTO user_heads (user_id) VALUES ('{bob}') ON CONFLICT DO NOTHING;
             INSERT INTO user_changes (user_id, version, kind) VALUES ('{bob}', {0}, 'block_changed')",
            i64::MAX
        ))
        .unwrap();
    let mut run = Pruned::default();
    while !run.is_done {
        run = changes::prune(conn, run, DateTime::<Utc>::MIN_UTC, 0).unwrap();
    }
    assert_eq!(database.value("SELECT (SELECT count(*) FROM chat_changes) + (SELECT count(*) FROM user_changes)"), "0");

    database
        .execute(&format!(
            "INSERT INTO chat_changes (chat_id, version, kind) VALUES ('{chat}', {0}, 'chat_changed');
             INSERT INTO user_changes (user_id, version, kind) VALUES ('{bob}', {0}, 'block_changed')",
            i64::MAX
        ))
        .unwrap();
    groups::delete(conn, by(alice), chat).unwrap();
    let mut erasing = Erasure::of(bob);
    while !erasing.is_done {
        erasing = erasure::of_user(conn, erasing).unwrap();
    }
    assert_eq!(database.value(&format!("SELECT count(*) FROM user_changes WHERE user_id = '{bob}'")), "0");
    while retention::purge_chat(conn, DateTime::<Utc>::MAX_UTC).unwrap().is_some() {}
    assert_eq!(database.value(&format!("SELECT count(*) FROM chats WHERE id = '{chat}'")), "0");
}

/// A database with something to do for each task.
fn neglected() -> TestDatabase {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    projector::keep(conn, true).unwrap();
    let (chat, [alice, bob, _]) = cast::group(conn);
    say(conn, chat, alice, (0..150).map(|number| number.to_string()));
    cast::uploaded(conn, bob, [1000]);
    let gone = groups::create(conn, by(alice), &NewGroup::new("Gone", &[bob])).unwrap().id;
    groups::delete(conn, by(alice), gone).unwrap();
    let dave = cast::user(conn, "dave");
    accounts::close(conn, by(dave)).unwrap();
    conn.batch_execute(&format!(
        "UPDATE messages SET created_at = (created_at AT TIME ZONE 'UTC' - interval '1 year') AT TIME ZONE 'UTC' WHERE chat_id = '{chat}' AND seq <= 120;
         INSERT INTO user_sessions (user_id, token_hash, created_at, expires_at)
         VALUES ('{alice}', decode(repeat('ab', 32), 'hex'), now() - interval '2 days', now() - interval '1 day')"
    ))
    .unwrap();
    database
}

#[test]
fn how_old_something_is_is_what_the_clock_of_the_server_says() {
    let database = neglected();
    let conn = &mut database.diesel();
    // Two years behind the clock of this machine, which is that of the server, too.
    let behind = "CREATE SCHEMA behind;
        CREATE FUNCTION behind.clock_timestamp() RETURNS timestamptz LANGUAGE sql
        AS $$ SELECT (pg_catalog.clock_timestamp() AT TIME ZONE 'UTC' - interval '2 years') AT TIME ZONE 'UTC' $$;
        SET search_path = behind, pg_catalog, public";
    conn.batch_execute(behind).unwrap();
    for is_dry in [true, false] {
        let reports = maintenance::run(conn, &Options { is_dry, ..at_once() }, &mut |_, _| ControlFlow::Continue(()));
        let removed = |task: Task| reports.iter().find(|report| report.task == task).map(|report| report.removed);
        for task in [Task::OldMessages, Task::OldChanges, Task::DeletedChats, Task::ReservedUsernames] {
            assert_eq!(removed(task), Some(0), "{reports:?}");
        }
    }
}

#[test]
fn an_age_beyond_all_time_is_nobodys() {
    let database = neglected();
    let conn = &mut database.diesel();
    let ages = Options {
        changes: TimeDelta::MAX,
        changes_at_most: u32::MAX,
        uploads: TimeDelta::MAX,
        chats: TimeDelta::MAX,
        usernames: TimeDelta::MAX,
        messages: Some(TimeDelta::MAX),
        ..Options::default()
    };
    for is_dry in [true, false] {
        let reports = maintenance::run(conn, &Options { is_dry, ..ages }, &mut |_, _| ControlFlow::Continue(()));
        for report in &reports[1..6] {
            assert_eq!((&report.outcome, report.removed), (&Outcome::Done, 0), "{report:?}");
        }
    }
}

fn counts(reports: &[Report]) -> Vec<(&'static str, &Outcome, bool)> {
    reports.iter().map(|report| (report.task.name(), &report.outcome, report.removed > 0)).collect()
}

#[test]
fn every_task_is_done_and_then_nothing_is_left_to_do() {
    let database = neglected();
    let conn = &mut database.diesel();
    let go_on = &mut |_, _| ControlFlow::Continue(());
    let done = |has: bool| Task::ALL.map(|task| (task.name(), &Outcome::Done, has)).to_vec();
    let dry = maintenance::run(conn, &Options { is_dry: true, ..at_once() }, go_on);
    assert_eq!(counts(&dry), done(true));
    let wet = maintenance::run(conn, &at_once(), go_on);
    assert_eq!(counts(&wet), done(true));
    assert_eq!(dry.iter().map(|one| one.removed).collect::<Vec<_>>()[2..6], [1, 1, 1, 120]);
    assert_eq!(wet.iter().map(|one| one.removed).collect::<Vec<_>>()[2..6], [1, 1, 1, 120]);
    assert_eq!(counts(&maintenance::run(conn, &at_once(), go_on)), done(false));
    // Without an age, no message is too old.
    let off = maintenance::run(conn, &Options::default(), go_on);
    assert_eq!(off[5].outcome, Outcome::Off);
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(database.value(locks), "0");
    assert_consistent(&database);
}

#[test]
fn a_task_that_another_process_is_at_is_passed_over_and_the_others_are_done() {
    let database = neglected();
    let conn = &mut database.diesel();
    let mut other = database.connect();
    other.execute("SELECT pg_advisory_lock(hashtextextended('messenger-db maintain old_messages', 0))").unwrap();
    let reports = maintenance::run(conn, &at_once(), &mut |_, _| ControlFlow::Continue(()));
    assert_eq!(reports[5].outcome, Outcome::Busy);
    assert!(reports[..5].iter().all(|report| report.outcome == Outcome::Done && report.removed > 0), "{reports:?}");
}

#[test]
fn a_task_ends_with_its_budget_or_when_it_is_to_stop_and_goes_on_the_next_time() {
    let database = neglected();
    let conn = &mut database.diesel();
    let none = Options { budget: Duration::ZERO, ..at_once() };
    let reports = maintenance::run(conn, &none, &mut |_, _| ControlFlow::Continue(()));
    assert_eq!(reports[5].outcome, Outcome::BudgetSpent);
    let reports = maintenance::run(conn, &at_once(), &mut |task, removed| {
        if task == Task::OldMessages && removed >= 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((reports[5].removed, &reports[5].outcome), (100, &Outcome::Stopped));
    let reports = maintenance::run(conn, &at_once(), &mut |_, _| ControlFlow::Continue(()));
    assert_eq!((reports[5].removed, &reports[5].outcome), (20, &Outcome::Done));
    assert_consistent(&database);
}
