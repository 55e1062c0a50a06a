//! That operations lock in one order: two of them meet while a third keeps one waiting, in the way in which they would wait
//! for each other if they did not. Who keeps it waiting lets go when a test fails.

use std::sync::mpsc;
use std::thread::{Scope, ScopedJoinHandle};

use chrono::{TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::enums::{DeviceType, ImageType};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{SessionId, UserId};
use messenger_db::projector;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::contacts::{self, DeclineRefused};
use messenger_db::queries::erasure::{self, Erasure};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Outgoing, Picture, SendRefused};
use messenger_db::queries::push::{self, Address};
use messenger_db::queries::receipts::{self, Mark};
use messenger_db::queries::sessions::{self, Device, Socket};
use messenger_db::queries::uploads::{self, NewUpload, Processed};
use messenger_db::queries::{blocks, direct_chats, retention};
use messenger_db::schema::user_sessions;
use messenger_db::secrets::PushToken;

use super::cast::{self, by};
use super::consistency::assert_consistent;
use super::races::done;
use super::server_statistics;
use crate::support::{TestDatabase, server};

/// Begins something on a connection of its own, and returns once it waits for a lock.
pub fn waiting<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    database: &'scope TestDatabase,
    work: impl FnOnce(&mut PgConnection) -> T + Send + 'scope,
) -> ScopedJoinHandle<'scope, T> {
    let (sender, receiver) = mpsc::channel();
    let waiting = scope.spawn(move || {
        let conn = &mut database.diesel();
        sender.send(server_statistics::backend(conn)).unwrap();
        work(conn)
    });
    server_statistics::until_waiting(database, receiver.recv().unwrap());
    waiting
}

#[test]
fn a_deleted_chat_is_purged_while_somebody_is_erased_from_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob])).unwrap().id;
    let seqs = [(); 2].map(|()| messages::send(conn, by(bob), group, &Draft::text("Hello")).unwrap().message.seq);
    groups::delete(conn, by(alice), group).unwrap();
    let mut run = Erasure::of(bob);
    while run.closed.is_none() {
        run = erasure::of_user(conn, run).unwrap();
    }
    let held = format!("SELECT FROM messages WHERE chat_id = '{group}' AND seq = {} FOR UPDATE", seqs[0]);
    std::thread::scope(|scope| {
        let holder = &mut database.diesel();
        holder.batch_execute(&format!("BEGIN; {held}")).unwrap();
        // It has the head, and has changed it once.
        let erasing = waiting(scope, &database, |conn| {
            while !run.is_done {
                run = erasure::of_user(conn, run).unwrap();
            }
            run.messages
        });
        let purging =
            waiting(scope, &database, |conn| while retention::purge_chat(conn, Utc::now()).unwrap().is_some() {});
        holder.batch_execute("COMMIT").unwrap();
        assert_eq!(erasing.join().unwrap(), 2);
        purging.join().unwrap();
    });
    assert_eq!(database.value("SELECT count(*) FROM chats"), "0");
}

#[test]
fn an_account_is_closed_while_others_are_told_of_a_group() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    // Their ids ascend.
    let [low, middle, high, closed, owner] = cast::users(conn, ["low", "middle", "high", "closed", "owner"]);
    assert!(low < middle && middle < high);
    cast::befriend(conn, closed, high);
    blocks::block(conn, by(low), closed).unwrap();
    std::thread::scope(|scope| {
        let holder = &mut database.diesel();
        holder.batch_execute(&format!("BEGIN; INSERT INTO user_heads (user_id) VALUES ('{middle}')")).unwrap();
        // It has the counter of the lowest, and will need that of the highest.
        let creating = waiting(scope, &database, |conn| {
            groups::create(conn, by(owner), &NewGroup::new("Hikers", &[low, middle, high])).unwrap();
        });
        let closing = waiting(scope, &database, |conn| {
            accounts::close(conn, by(closed)).unwrap();
        });
        holder.batch_execute("COMMIT").unwrap();
        creating.join().unwrap();
        closing.join().unwrap();
    });
}

#[test]
fn who_becomes_a_member_while_many_are_sent_for_sends_nothing_among_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [owner, newcomer, member] = cast::users(conn, ["owner", "newcomer", "member"]);
    let mut chats = [(); 2].map(|()| groups::create(conn, by(owner), &NewGroup::new("Hikers", &[])).unwrap().id);
    chats.sort_unstable();
    groups::add(conn, by(owner), chats[1], member).unwrap();
    let hello = Draft::text("Hello");
    // All in one statement, or with one that takes a statement of its own, and then one or two that do not.
    for (newcomers, to_member) in [
        (vec![Draft::text("May I?")], hello.clone()),
        (vec![Draft::text("May I?")], hello.clone().mentioning(vec![owner])),
        (vec![Draft::text("May I?"), Draft::text("May I?")], hello.clone().mentioning(vec![owner])),
        (vec![Draft::text("May I?").mentioning(vec![owner]), Draft::text("May I?")], hello.clone()),
    ] {
        std::thread::scope(|scope| {
            let holder = &mut database.diesel();
            holder
                .batch_execute(&format!("BEGIN; SELECT FROM chat_heads WHERE chat_id = '{}' FOR UPDATE", chats[1]))
                .unwrap();
            let of_newcomer = newcomers.len();
            let sending = waiting(scope, &database, move |conn| {
                let outgoing = newcomers.into_iter().map(|draft| Outgoing::new(by(newcomer), chats[0], draft));
                let outgoing: Vec<_> = outgoing.chain([Outgoing::new(by(member), chats[1], to_member)]).collect();
                let sent = messages::send_many(conn, &outgoing).unwrap();
                sent.into_iter().map(|one| one.map(|_| ())).collect::<Vec<_>>()
            });
            groups::add(conn, by(owner), chats[0], newcomer).unwrap();
            // It has the head of the first, and waits for that of the second.
            let telling = waiting(scope, &database, |conn| {
                let changes = ProfileChanges { display_name: Some(Some("The owner")), ..ProfileChanges::default() };
                accounts::update_profile(conn, by(owner), &changes).unwrap();
            });
            holder.batch_execute("COMMIT").unwrap();
            let expected = [vec![Err(SendRefused::NotAMember); of_newcomer], vec![Ok(())]].concat();
            assert_eq!(sending.join().unwrap(), expected);
            telling.join().unwrap();
        });
        let sent = messages::send(conn, by(newcomer), chats[0], &Draft::text("May I?"));
        assert!(!matches!(sent, Err(Refused(_))), "{sent:?}");
        groups::remove(conn, by(owner), chats[0], newcomer).unwrap();
    }
}

#[test]
fn a_device_signs_in_again_or_its_account_is_closed_while_it_registers_its_address() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let phone = Device { id: Some("phone"), ..Device::new(DeviceType::Ios) };
    let address = |token: &'static str| Address::apns(PushToken::new(token));
    for round in 0..2 {
        let names = [["alice", "bob"], ["clara", "dora"]][round];
        let [alice, bob] = cast::users(conn, names);
        let [hers, his] =
            [alice, bob].map(|user| sessions::open(conn, user, &phone, TimeDelta::days(1)).unwrap().session.id);
        push::register(conn, by(alice), hers, &address("old")).unwrap();
        push::register(conn, by(bob), his, &address("shared")).unwrap();
        let waited_for = if round == 0 { hers } else { his };
        std::thread::scope(|scope| {
            let holder = &mut database.diesel();
            holder
                .batch_execute(&format!("BEGIN; SELECT FROM push_tokens WHERE session_id = '{waited_for}' FOR UPDATE"))
                .unwrap();
            let register = |conn: &mut PgConnection| drop(push::register(conn, by(alice), hers, &address("shared")));
            let [first, second] = if round == 0 {
                // The session's own address is what both forget.
                let opening = waiting(scope, &database, |conn| {
                    sessions::open(conn, alice, &phone, TimeDelta::days(1)).unwrap();
                });
                [opening, waiting(scope, &database, register)]
            } else {
                // It has the session, and waits for the address that another one has.
                let registering = waiting(scope, &database, move |conn| {
                    push::register(conn, by(alice), hers, &address("shared")).unwrap();
                });
                let closing = waiting(scope, &database, |conn| {
                    accounts::close(conn, by(alice)).unwrap();
                });
                [registering, closing]
            };
            holder.batch_execute("COMMIT").unwrap();
            first.join().unwrap();
            second.join().unwrap();
        });
    }
}

#[test]
fn many_are_sent_for_in_another_order_than_they_read() {
    // Where Citus distributes the database, lists are kept.
    for is_kept in if server().workers().is_empty() { vec![false, true] } else { vec![true] } {
        let database = TestDatabase::migrated();
        projector::keep(&mut database.diesel_without_projector(), is_kept).unwrap();
        let conn = &mut database.diesel();
        let [alice, bob, carol, dave] = cast::users(conn, ["alice", "bob", "carol", "dave"]);
        let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob, carol, dave])).unwrap().id;
        let seq = cast::say(conn, group, dave, ["Hello"]);
        let of_carol = Outgoing::new(by(carol), group, Draft::text("Dave?"));
        let of_carol_with_more = Outgoing::new(by(carol), group, Draft::text("Dave?").mentioning(vec![dave]));
        for first in [of_carol, of_carol_with_more] {
            std::thread::scope(|scope| {
                let mut holder = database.diesel();
                let held =
                    format!("SELECT FROM unread_messages WHERE chat_id = '{group}' AND user_id = '{alice}' FOR UPDATE");
                holder.batch_execute(&format!("BEGIN; {held}")).unwrap();
                let sending = waiting(scope, &database, move |conn| {
                    let rest = [alice, bob].map(|user| Outgoing::new(by(user), group, Draft::text("Here")));
                    messages::send_many(conn, &[vec![first], rest.into()].concat()).unwrap()
                });
                conn.batch_execute("SET lock_timeout = '2s'").unwrap();
                let marks = [bob, carol].map(|user| Mark::read(by(user), group, seq));
                let read = receipts::mark_many(conn, &marks).unwrap();
                assert!(read.iter().all(Result::is_ok), "{read:?}");
                drop(holder);
                assert!(sending.join().unwrap().iter().all(Result::is_ok));
            });
        }
    }
}

#[test]
fn a_group_is_deleted_in_another_order_than_its_members_lie() {
    if !server().workers().is_empty() {
        return; // Citus locks rows of several servers in no order: what was given up is to be repeated.
    }
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob, carol])).unwrap().id;
    let seq = cast::say(conn, group, alice, ["Hello"]);
    std::thread::scope(|scope| {
        // Alice's position lies behind the others since it moved, and the table may be read as it lies.
        let mut holder = database.diesel();
        let held = format!("SELECT FROM unread_messages WHERE chat_id = '{group}' AND user_id = '{alice}' FOR UPDATE");
        holder.batch_execute(&format!("BEGIN; {held}")).unwrap();
        let deleting = waiting(scope, &database, move |conn| {
            conn.batch_execute("SET enable_indexscan = off; SET enable_bitmapscan = off").unwrap();
            groups::delete(conn, by(alice), group).unwrap()
        });
        conn.batch_execute("SET lock_timeout = '2s'").unwrap();
        let read = receipts::mark_many(conn, &[bob, carol].map(|user| Mark::read(by(user), group, seq))).unwrap();
        assert!(read.iter().all(Result::is_ok), "{read:?}");
        drop(holder);
        deleting.join().unwrap();
    });
}

/// Two connected devices, of which the first was changed last: whoever goes by where rows lie meets the second before it.
fn two_devices(conn: &mut PgConnection, name: &str) -> (UserId, [SessionId; 2]) {
    let [user] = cast::users(conn, [name]);
    let ids = ["a", "b"].map(|socket| {
        let session = sessions::open(conn, user, &Device::new(DeviceType::Ios), TimeDelta::days(1)).unwrap().session.id;
        sessions::connect(conn, by(user), session, &Socket::new("front-1", socket)).unwrap();
        session
    });
    push::register(conn, by(user), ids[1], &Address::fcm(PushToken::new(name))).unwrap();
    diesel::update(user_sessions::table.find(ids[0]))
        .set(user_sessions::device_name.eq("phone"))
        .execute(conn)
        .unwrap();
    (user, ids)
}

/// Keeps `table`'s row of a session until the answer is dropped.
fn holding(database: &TestDatabase, table: &str, key: &str, session: SessionId) -> PgConnection {
    let mut holder = database.diesel();
    holder.batch_execute(&format!("BEGIN; SELECT FROM {table} WHERE {key} = '{session}' FOR UPDATE")).unwrap();
    holder
}

#[test]
fn devices_sign_out_while_their_account_is_closed_or_their_server_has_died() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    for (name, table, key) in [("alice", "push_tokens", "session_id"), ("bob", "user_sessions", "id")] {
        let (user, [_, second]) = two_devices(conn, name);
        std::thread::scope(|scope| {
            let holder = holding(&database, table, key, second);
            let ending = waiting(scope, &database, move |conn| match name {
                "alice" => drop(accounts::close(conn, by(user)).unwrap()),
                _ => drop(sessions::disconnect_server(conn, "front-1").unwrap()),
            });
            let revoking = waiting(scope, &database, move |conn| drop(sessions::revoke_all(conn, by(user)).unwrap()));
            drop(holder);
            ending.join().unwrap();
            revoking.join().unwrap();
        });
    }
}

#[test]
fn a_request_is_declined_while_the_account_of_who_asked_is_closed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (alice, [_, second]) = two_devices(conn, "alice");
    let [bob] = cast::users(conn, ["bob"]);
    contacts::request(conn, by(alice), bob).unwrap();
    std::thread::scope(|scope| {
        // Closing has the account, and not yet the request.
        let holder = holding(&database, "user_sessions", "id", second);
        let closing = waiting(scope, &database, move |conn| drop(accounts::close(conn, by(alice)).unwrap()));
        let declining = waiting(scope, &database, move |conn| contacts::decline(conn, by(bob), alice));
        drop(holder);
        closing.join().unwrap();
        assert_eq!(declining.join().unwrap(), Err(Refused(DeclineRefused::NoSuchRequest)));
    });
}

#[test]
fn an_expired_session_is_not_waited_for_while_its_account_is_closed() {
    if !server().workers().is_empty() {
        return; // Citus locks the table for the row, and lets it be waited for on another server.
    }
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (alice, [_, second]) = two_devices(conn, "alice");
    let created = Utc::now() - TimeDelta::days(1);
    diesel::update(user_sessions::table.find(second))
        .set((user_sessions::created_at.eq(created), user_sessions::expires_at.eq(created + TimeDelta::hours(1))))
        .execute(conn)
        .unwrap();
    std::thread::scope(|scope| {
        let holder = holding(&database, "push_tokens", "session_id", second);
        let closing = waiting(scope, &database, move |conn| drop(accounts::close(conn, by(alice)).unwrap()));
        conn.batch_execute("SET lock_timeout = '2s'").unwrap();
        assert_eq!(sessions::purge_expired(conn, 10).unwrap(), 0);
        drop(holder);
        closing.join().unwrap();
    });
    assert_eq!(sessions::purge_expired(conn, 10).unwrap(), 1);
}

#[test]
fn two_devices_take_each_others_address() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let mut conns = [(); 2].map(|()| Some(database.diesel()));
    let devices = cast::users(conn, ["alice", "bob"]).map(|user| {
        let device = Device::new(DeviceType::Ios);
        (user, sessions::open(conn, user, &device, TimeDelta::days(1)).unwrap().session.id)
    });
    for round in 0..200 {
        let barrier = &std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            let registering = [0, 1].map(|number| {
                let (user, session) = devices[number];
                let mut conn = conns[number].take().unwrap();
                let token = PushToken::new(["one", "other"][(number + round) % 2]);
                scope.spawn(move || {
                    barrier.wait();
                    push::register(&mut conn, by(user), session, &Address::fcm(token)).unwrap();
                    conn
                })
            });
            conns = registering.map(|registering| Some(registering.join().unwrap()));
        });
    }
}

#[test]
fn a_picture_is_attached_while_a_worker_notes_what_it_made_of_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    uploads::begin(conn, by(alice), &NewUpload { storage_key: "p", mime_type: ImageType::Png, byte_size: 1 }).unwrap();
    std::thread::scope(|scope| {
        let sent = conn.transaction(|conn| {
            messages::send(conn, by(alice), chat, &Draft::image(&[Picture::new("p.png", "p")])).unwrap();
            // It has seen the upload without a chat, and waits for its row.
            let noting = waiting(scope, &database, |conn| {
                let small = Processed { thumbnail_key: Some("t"), ..Processed::default() };
                uploads::process(conn, "p", &small).unwrap().version
            });
            // As a deletion does: the head, and then the upload.
            let deleting = waiting(scope, &database, |conn| {
                conn.batch_execute(&format!(
                    "SELECT FROM chat_heads WHERE chat_id = '{chat}' FOR NO KEY UPDATE;
                     SELECT FROM uploads WHERE storage_key = 'p' FOR UPDATE"
                ))
                .unwrap();
            });
            QueryResult::Ok((noting, deleting))
        });
        let (noting, deleting) = sent.unwrap();
        assert!(noting.join().unwrap().is_some());
        deleting.join().unwrap();
    });
}

#[test]
fn two_take_back_their_blocks_while_they_are_tied_to_each_other_and_change_their_pictures() {
    if !server().workers().is_empty() {
        return; // Citus locks the table for a change of a reference table: what was given up is to be repeated.
    }
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, owner] = cast::users(conn, ["alice", "bob", "owner"]);
    let group = groups::create(conn, by(owner), &NewGroup::new("Hikers", &[alice, bob])).unwrap().id;
    let pairs = [(alice, bob), (bob, alice)];
    cast::at_once(&database, 8, |number, conn| {
        let (one, other) = pairs[number % 2];
        for round in 0..60 {
            match number / 2 {
                0 => {
                    done(blocks::block(conn, by(one), other));
                    blocks::unblock(conn, by(one), other).unwrap();
                }
                1 => {
                    let picture = round.to_string();
                    let changes = ProfileChanges { avatar_url: Some(Some(&picture)), ..ProfileChanges::default() };
                    accounts::update_profile(conn, by(one), &changes).unwrap();
                }
                2 => {
                    done(contacts::request(conn, by(one), other));
                    done(direct_chats::find_or_create(conn, by(one), other));
                    done(contacts::remove(conn, by(one), other));
                }
                _ => {
                    done(groups::remove(conn, by(owner), group, one));
                    done(groups::add(conn, by(owner), group, one));
                }
            }
        }
    });
    assert_consistent(&database);
}
