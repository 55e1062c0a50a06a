//! What becomes of others' operations while an account is closed, in the middle of it.

use std::sync::mpsc;

use chrono::Utc;
use diesel::prelude::*;
use messenger_db::ids::MessageId;
use messenger_db::queries::import::{self, History, Imported, Tally};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, groups, receipts};

use super::consistency::assert_consistent;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn what_is_said_in_one_chat_while_the_account_still_leaves_another_is_not_for_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let (first, second) = (cast::direct(conn, alice, bob), cast::direct(conn, alice, carol));
    let seq = cast::say(conn, first, bob, ["Are you there?"]);
    let (sender, receiver) = mpsc::channel();
    let said = std::thread::scope(|scope| {
        // Holds up the end of the second membership, after that of the first.
        let holder = &mut database.diesel();
        holder
            .transaction(|holder| {
                diesel::sql_query("SELECT FROM chat_participants WHERE chat_id = $1 FOR SHARE")
                    .bind::<diesel::sql_types::Uuid, _>(second.as_uuid())
                    .execute(holder)?;
                let database = &database;
                let to_test = sender.clone();
                scope.spawn(move || {
                    let conn = &mut database.diesel();
                    to_test.send(server_statistics::backend(conn)).unwrap();
                    accounts::close(conn, by(alice)).unwrap();
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                let saying = scope.spawn(move || {
                    let conn = &mut database.diesel();
                    sender.send(server_statistics::backend(conn)).unwrap();
                    messages::send(conn, by(bob), first, &Draft::text("Hello?")).unwrap().message.seq
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                QueryResult::Ok(saying)
            })
            .unwrap()
            .join()
            .unwrap()
    });
    assert_eq!(receipts::all(conn, by(bob), first, seq).unwrap().len(), 1);
    assert_eq!(receipts::all(conn, by(bob), first, said).unwrap(), []);
    assert_consistent(&database);
}

#[test]
fn an_import_into_the_chats_of_an_account_that_is_closed_waits_for_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    // The direct chat's key is the smaller one.
    let direct = cast::direct(conn, alice, bob);
    let group = groups::create(conn, by(bob), &groups::NewGroup::new("Hikers", &[alice])).unwrap().id;
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let database = &database;
        let holder = &mut database.diesel();
        holder
            .transaction(|holder| {
                messages::send(holder, by(bob), group, &Draft::text("…")).unwrap();
                let to_test = sender.clone();
                scope.spawn(move || {
                    let conn = &mut database.diesel();
                    to_test.send(server_statistics::backend(conn)).unwrap();
                    accounts::close(conn, by(alice)).unwrap();
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                scope.spawn(move || {
                    let conn = &mut database.diesel();
                    sender.send(server_statistics::backend(conn)).unwrap();
                    let batch =
                        [group, direct].map(|chat| Imported::text(chat, MessageId::new(), bob, Utc::now(), "Long ago"));
                    let tally = import::messages(conn, &batch, History::Read).unwrap();
                    assert_eq!(tally, Tally { imported: 2, already_there: 0 });
                });
                server_statistics::until_waiting(database, receiver.recv().unwrap());
                QueryResult::Ok(())
            })
            .unwrap();
    });
    assert_consistent(&database);
}
