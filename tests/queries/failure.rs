//! A service can tell how the database failed, and answer all that goes wrong in one place.

use std::thread;

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::error::{Class, Error, Failure, Refusal};
use messenger_db::interruption;
use messenger_db::queries::accounts::{self, PresenceRefused};
use messenger_db::queries::messages::{self, Draft, SendRefused};
use messenger_db::queries::{blocks, contacts, groups};
use pretty_assertions::assert_eq;

use super::cast::{self, by};
use super::server_statistics;
use crate::support::{TestDatabase, speaks_german};

fn failure(error: &DieselError) -> (Failure, &'static str, Option<Class>) {
    let failure = Failure::of(error);
    (failure, failure.code(), failure.class())
}

#[test]
fn a_timeout_and_a_cancelled_statement_are_told_apart_from_each_other_and_from_other_errors() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    interruption::learn(conn).unwrap();
    // Nothing stays of it: neither a setting nor a transaction.
    assert_eq!(conn.transaction(interruption::learn), Ok(()));
    assert_eq!(accounts::get(conn, by(alice)).unwrap().id, alice);

    let holder = &mut database.diesel();
    holder
        .transaction(|holder| {
            accounts::mark_seen(holder, by(alice)).unwrap();
            diesel::sql_query("SET statement_timeout = '50ms'").execute(conn).unwrap();
            let error = accounts::mark_seen(conn, by(alice)).unwrap_err();
            assert_eq!(error.failure(), Some(Failure::Timeout));
            assert_eq!((error.code(), error.class()), ("timeout", Some(Class::Busy)));
            diesel::sql_query("SET statement_timeout = 0").execute(conn).unwrap();

            for language in ["C", "de_DE.UTF-8"] {
                if language == "C" || speaks_german(&mut database.connect()) {
                    diesel::sql_query(format!("SET lc_messages = '{language}'")).execute(conn).unwrap();
                    diesel::sql_query("SET lock_timeout = '50ms'").execute(conn).unwrap();
                    let error = accounts::mark_seen(conn, by(alice)).unwrap_err();
                    assert_eq!((error.code(), error.class()), ("timeout", Some(Class::Busy)));
                    diesel::sql_query("RESET lock_timeout").execute(conn).unwrap();
                    diesel::sql_query("RESET lc_messages").execute(conn).unwrap();
                }
            }

            let backend = server_statistics::backend(conn);
            let waiting = thread::scope(|scope| {
                let waiting = scope.spawn(|| accounts::mark_seen(conn, by(alice)));
                server_statistics::until_waiting(&database, backend);
                database.value(&format!("SELECT pg_cancel_backend({backend})"));
                waiting.join().unwrap()
            });
            let error = waiting.unwrap_err();
            assert_eq!((error.failure(), error.code()), (Some(Failure::Cancelled), "cancelled"));
            QueryResult::Ok(())
        })
        .unwrap();

    let other = diesel::sql_query("SELECT no_such_column").execute(conn).unwrap_err();
    assert_eq!(failure(&other), (Failure::Other, "database_error", None));
    diesel::sql_query("SET lock_timeout = '1ms'").execute(conn).unwrap();
    assert_eq!(accounts::mark_seen(conn, by(alice)), Ok(()));
}

#[test]
fn a_server_that_speaks_another_language_is_understood_once_its_words_are_learned() {
    let database = TestDatabase::migrated();
    if !speaks_german(&mut database.connect()) {
        return;
    }
    let conn = &mut database.diesel();
    diesel::sql_query("SET lc_messages = 'de_DE.UTF-8'").execute(conn).unwrap();
    let interrupted = |conn: &mut PgConnection| {
        diesel::sql_query("SET statement_timeout = '1ms'").execute(conn).unwrap();
        let error = diesel::sql_query("SELECT pg_sleep(60)").execute(conn).unwrap_err();
        diesel::sql_query("SET statement_timeout = 0").execute(conn).unwrap();
        error
    };
    // Words that were not learned are of no failure that is known, and never of another.
    let error = interrupted(conn);
    assert!(error.to_string().contains("storniere Anfrage"), "{error}");
    assert_eq!(Failure::of(&error), Failure::Other);
    interruption::learn(conn).unwrap();
    assert_eq!(Failure::of(&interrupted(conn)), Failure::Timeout);
    // What was learned of one language stays beside what is learned of another.
    diesel::sql_query("SET lc_messages = 'C'").execute(conn).unwrap();
    interruption::learn(conn).unwrap();
    assert_eq!(Failure::of(&interrupted(conn)), Failure::Timeout);
    assert_eq!(Failure::of(&error), Failure::Timeout);
}

#[test]
fn a_connection_that_is_lost_before_it_was_used_is_lost() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (alice, bob) = (cast::user(conn, "alice"), cast::user(conn, "bob"));
    let chat = cast::direct(conn, alice, bob);
    let fresh = &mut database.diesel();
    database.value(&format!("SELECT pg_terminate_backend({}, 10000)", server_statistics::backend(fresh)));
    // Diesel asks for the type of the message's kind first, and does not say why it was not found.
    let error = messages::send(fresh, by(alice), chat, &Draft::text("Hello!")).unwrap_err();
    assert_eq!((error.code(), error.class()), ("connection_lost", Some(Class::Busy)), "{error:?}");
}

#[test]
fn a_lost_connection_is_one_at_once_and_afterwards() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    database.value(&format!("SELECT pg_terminate_backend({}, 10000)", server_statistics::backend(conn)));
    for _ in 0..2 {
        let error = accounts::mark_seen(conn, by(alice)).unwrap_err();
        assert_eq!(error.failure(), Some(Failure::ConnectionLost), "{error:?}");
        assert_eq!((error.code(), error.class()), ("connection_lost", Some(Class::Busy)));
    }
}

#[test]
fn a_write_where_only_reads_are_taken_is_told() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    diesel::sql_query("SET default_transaction_read_only = on").execute(conn).unwrap();
    let error = accounts::mark_seen(conn, by(alice)).unwrap_err();
    assert_eq!((error.failure(), error.code()), (Some(Failure::ReadOnly), "read_only"));
}

#[test]
fn a_service_answers_every_refusal_in_one_place() {
    fn answer<T>(result: Result<T, Box<dyn Refusal>>) -> (&'static str, Class) {
        let refusal = result.map(drop).unwrap_err();
        (refusal.code(), refusal.class())
    }
    fn refusal<T, R: Refusal + 'static>(result: Result<T, Error<R>>) -> Result<T, Box<dyn Refusal>> {
        result.map_err(|error| match error {
            Error::Refused(refusal) => Box::new(refusal) as Box<dyn Refusal>,
            Error::Database(error) => panic!("{error}"),
        })
    }
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let eve = cast::user(conn, "eve");
    let sent = messages::send(conn, by(eve), chat, &Draft::text("Hi"));
    assert_eq!(answer(refusal(sent)), ("not_a_member", Class::Forbidden));
    assert_eq!(answer(refusal(blocks::block(conn, by(eve), eve))), ("oneself", Class::Invalid));
    assert_eq!(answer(refusal(contacts::accept(conn, by(eve), bob))), ("request_not_found", Class::NotFound));
    assert_eq!(answer(refusal(groups::add(conn, by(alice), chat, bob))), ("already_a_member", Class::Conflict));
    assert_eq!(Error::Refused(PresenceRefused::NoSuchAccount).code(), "account_not_found");
    assert_eq!(Error::Refused(SendRefused::Blocked).failure(), None);
}
