//! `seed`: test data that the operations have made, the same for the same seed, and only where nobody is yet.

use messenger_db::page::Limit;
use messenger_db::queries::{accounts, inbox, search};

use rustix::process::Signal;

use super::{command, on};
use crate::queries::cast::by;
use crate::queries::consistency::assert_consistent;
use crate::support::{Running, TestDatabase, until};

/// What two crowds of one seed have in common: all but the ids of chats and the times of the operations.
fn crowd(database: &TestDatabase) -> Vec<String> {
    database.column(
        "SELECT concat_ws('|', sender.username, chat.slug, reader.username, seq, message.id, message.created_at, content,
            reply_to_seq, (SELECT count(*) FROM attachments WHERE (chat_id, message_seq) = (message.chat_id, seq)))
         FROM messages AS message INNER JOIN users AS sender ON sender.id = sender_id
         INNER JOIN chats AS chat ON chat.id = message.chat_id LEFT JOIN users AS reader ON reader.id = chat.direct_high
         ORDER BY 1",
    )
}

#[test]
fn without_sizes_a_small_cast_has_something_to_show() {
    let database = TestDatabase::migrated();
    let run = on(&database, &["seed"]).exits(0);
    assert!(run.stdout.starts_with("Added 4 users, 3 chats and 10 messages in "), "{}", run.stdout);
    let conn = &mut database.diesel();
    let bob = accounts::find_by_username(conn, "Bob").unwrap().unwrap();
    let entries = inbox::list(conn, by(bob.id), None, Limit::default()).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.unread_count).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(search::list(conn, by(bob.id), "tents", None, Limit::default()).unwrap().len(), 1);
    for table in ["message_edits", "message_reactions", "attachments", "contacts", "message_delivery"] {
        assert_ne!(database.value(&format!("SELECT count(*) FROM {table}")), "0", "{table}");
    }
    assert_consistent(&database);
}

#[test]
fn one_seed_makes_one_crowd_and_another_another() {
    let databases = [(); 3].map(|()| TestDatabase::migrated());
    for (database, seed) in databases.iter().zip(["7", "7", "8"]) {
        let run = on(database, &["seed", "--users", "40", "--messages", "3000", "--seed", seed, "--json"]).exits(0);
        assert_eq!((run.json()["users"].as_u64(), run.json()["messages"].as_u64()), (Some(40), Some(3000)));
        assert_consistent(database);
    }
    let crowds = databases.each_ref().map(crowd);
    assert_eq!(crowds[0].len(), 3000);
    assert_eq!(crowds[0], crowds[1]);
    assert_ne!(crowds[0], crowds[2]);
    let counts = "SELECT count(*) FILTER (WHERE unread_count = 0) > 0 AND count(*) FILTER (WHERE unread_count > 0) > 0
        FROM unread_counts";
    assert_eq!(databases[0].value(counts), "t");
}

#[test]
fn a_database_with_users_is_left_alone_unless_forced() {
    let database = TestDatabase::migrated();
    on(&database, &["seed"]).exits(0);
    let before = crowd(&database);
    on(&database, &["seed", "--users", "5"]).exits(1).complains("has users already").complains("--force");
    assert_eq!(crowd(&database), before);
    // The cast is complete.
    let run = on(&database, &["seed", "--force"]).exits(0);
    assert!(run.stdout.starts_with("Added 0 users, 0 chats and 0 messages in "), "{}", run.stdout);
    assert_eq!(crowd(&database), before);
    on(&database, &["seed", "--force", "--users", "5", "--messages", "10"]).exits(0);
    assert_eq!(crowd(&database).len(), before.len() + 10);
    assert_consistent(&database);
}

#[test]
fn somebody_who_has_a_name_of_the_cast_keeps_it() {
    let database = TestDatabase::migrated();
    database.execute("INSERT INTO users (username, password_hash) VALUES ('Alice', '$')").unwrap();
    on(&database, &["seed", "--force"]).exits(1).complains("alice cannot be made: the username is taken");
    assert_eq!(database.value("SELECT count(*) FROM users"), "1");
}

#[test]
fn a_seeding_that_was_stopped_is_completed() {
    let (stopped, whole) = (TestDatabase::migrated(), TestDatabase::migrated());
    let arguments = ["seed", "--users", "30", "--messages", "12000", "--force"];
    // The first batch of messages has to wait, so that the signal comes in the middle of it.
    let mut holder = stopped.connect();
    holder.execute("BEGIN; LOCK TABLE message_delivery IN EXCLUSIVE MODE").unwrap();
    let running = Running::start(&mut command(&stopped, &arguments));
    until("the seeding waits", || {
        stopped.value("SELECT count(*) FROM pg_locks WHERE relation = 'message_delivery'::regclass AND NOT granted")
            == "1"
    });
    running.signal(Signal::INT);
    holder.execute("COMMIT").unwrap();
    let run = running.ends().exits(1).complains("stopped, with 5000 of 12000 messages made").complains("--force");
    assert_eq!(run.stdout, "");
    assert_eq!(stopped.value("SELECT count(*) FROM messages WHERE kind <> 'system'"), "5000");
    assert_consistent(&stopped);
    for database in [&stopped, &whole] {
        on(database, &arguments).exits(0);
    }
    assert_eq!(crowd(&stopped), crowd(&whole));
    assert_consistent(&stopped);
}

#[test]
fn who_seeds_seeds_alone() {
    let database = TestDatabase::migrated();
    let mut other = database.connect();
    other.execute("SELECT pg_advisory_lock(hashtextextended('messenger-db seed', 0))").unwrap();
    on(&database, &["seed"]).exits(5).complains("another process is filling this database");
    drop(other);
    assert_eq!(database.value("SELECT count(*) FROM users"), "0");
}

#[test]
fn a_database_without_the_schema_is_sent_to_run() {
    let database = TestDatabase::empty();
    on(&database, &["seed"]).exits(3).complains("messenger-db run");
}

#[test]
fn sizes_that_make_no_crowd_are_refused() {
    let database = TestDatabase::empty();
    for arguments in [["--users", "1"], ["--users", "1000001"], ["--messages", "1000000001"], ["--seed", "-1"]] {
        on(&database, &[&["seed"], &arguments[..]].concat()).exits(2);
    }
}
