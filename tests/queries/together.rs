//! Operations of many callers in one transaction: each has its own outcome, as if it had been alone.

use std::collections::BTreeSet;
use std::thread;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Outgoing, Picture, SendRefused};
use messenger_db::queries::receipts::{self, Mark, MarkRefused};
use messenger_db::queries::{blocks, direct_chats, history, unread};
use messenger_db::seq::Seq;
use serde_json::json;

use super::cast::{self, by};
use super::consistency::assert_consistent;
use crate::support::TestDatabase;

/// Three people, of whom the first two have a direct chat, and all three a group; and one who is in none.
pub fn people(conn: &mut PgConnection) -> ([UserId; 4], ChatId, ChatId) {
    let people = ["alice", "bob", "carol", "dave"].map(|name| cast::user(conn, name));
    let [alice, bob, carol, _] = people;
    cast::befriend(conn, alice, bob);
    let direct = direct_chats::find_or_create(conn, by(alice), bob).unwrap().id;
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob, carol])).unwrap().id;
    (people, direct, group)
}

#[test]
fn each_message_has_the_outcome_that_it_has_alone() {
    let outcomes = |is_together: bool| {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let ([alice, bob, carol, dave], direct, group) = people(conn);
        let last = messages::send(conn, by(alice), group, &Draft::text("before")).unwrap().message.seq;
        let (again, taken) = (Draft::text("again"), Draft::text("taken"));
        messages::send(conn, by(bob), group, &again).unwrap();
        messages::send(conn, by(carol), group, &taken).unwrap();
        blocks::block(conn, by(bob), alice).unwrap();
        let (metadata, list) = (json!({"a": [1]}), json!([1]));
        let twice = Draft::text("twice");
        let answered = Seq::new(last.get() + 3);
        let outgoing = [
            Outgoing::new(by(carol), group, Draft::text("first").with_metadata(&metadata)),
            Outgoing::new(by(alice), direct, Draft::text("blocked by the other")),
            Outgoing::new(by(bob), direct, Draft::text("blocked")),
            Outgoing::new(by(dave), group, Draft::text("not a member")),
            Outgoing::new(by(dave), group, again.clone()),
            Outgoing::new(by(bob), group, again),
            Outgoing::new(by(bob), group, taken),
            Outgoing::new(by(alice), group, Draft::text(" ")),
            Outgoing::new(by(alice), group, Draft::text("a\0b")),
            Outgoing::new(by(alice), group, Draft::text("a list").with_metadata(&list)),
            Outgoing::new(by(alice), group, Draft::text("answers the first of these").in_reply_to(answered)),
            Outgoing::new(by(alice), group, Draft::text("answers nothing").in_reply_to(Seq::new(99))),
            Outgoing::new(by(alice), group, Draft::text("names").mentioning(vec![carol])),
            Outgoing::new(by(alice), group, Draft::text("names a stranger").mentioning(vec![dave])),
            Outgoing::new(by(alice), group, Draft::image(vec![Picture::new("a.png", "of nobody")])),
            Outgoing::new(by(carol), group, twice.clone()),
            Outgoing::new(by(carol), group, twice),
            Outgoing::new(by(alice), ChatId::new(), Draft::text("no chat")),
            Outgoing::new(by(carol), group, Draft::text("last")),
        ];
        let sent: Vec<_> = if is_together {
            messages::send_many(conn, &outgoing).unwrap()
        } else {
            outgoing
                .iter()
                .map(|one| match messages::send(conn, one.actor, one.chat_id, &one.draft) {
                    Ok(sent) => Ok(sent),
                    Err(messenger_db::error::Error::Refused(refused)) => Err(refused),
                    Err(error) => panic!("{error}"),
                })
                .collect()
        };
        assert_consistent(&database);
        let page = history::before(conn, by(carol), group, Seq::MAX, Limit::MAX).unwrap();
        let told = sent.into_iter().map(|one| {
            one.map(|sent| (sent.message.seq, sent.message.content, sent.message.metadata, sent.already_sent))
        });
        let told: Vec<Result<_, SendRefused>> = told.collect();
        let seen: Vec<_> = page.entries.into_iter().map(|entry| (entry.message.seq, entry.message.content)).collect();
        (told, seen)
    };
    let (alone, together) = (outcomes(false), outcomes(true));
    pretty_assertions::assert_eq!(together, alone);
    let kinds: BTreeSet<_> = together.0.iter().filter_map(|one| one.as_ref().err()).map(ToString::to_string).collect();
    assert!(kinds.len() >= 9, "{kinds:?}");
}

/// What `send_messages` answers to whoever calls it with SQL.
#[derive(Debug, QueryableByName, PartialEq)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    place: i64,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    next_seq: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
    next_version: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    has_time: bool,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    violated: Option<String>,
}

#[test]
fn a_message_that_violates_a_constraint_has_its_name_and_nothing_of_the_message_before() {
    for keeps_inbox in [false, true] {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let ([alice, ..], _, group) = people(conn);
        if keeps_inbox {
            conn.batch_execute("SELECT keep_inbox(true)").unwrap();
        }
        let last = messages::send(conn, by(alice), group, &Draft::text("before")).unwrap().message;
        let sending = format!(
            "SELECT place, next_seq, next_version, sent_at IS NOT NULL AS has_time, violated FROM send_messages(
                array_fill('{group}'::uuid, ARRAY[4]), array_fill('{alice}'::uuid, ARRAY[4]),
                ARRAY[gen_random_uuid(), '{}', gen_random_uuid(), gen_random_uuid()],
                array_fill('text'::message_kind, ARRAY[4]), ARRAY['first', 'again', 'of nothing', 'last'],
                array_fill('{{}}'::jsonb, ARRAY[4]), ARRAY[{}, NULL, 99, {}]
            ) ORDER BY place",
            last.id, last.seq, last.seq
        );
        let rows = diesel::sql_query(sending).load::<Row>(conn).unwrap();
        let (seq, version) = (last.seq.get(), last.version.get());
        let sent = |place, by| Row {
            place,
            next_seq: Some(seq + by),
            next_version: Some(version + by),
            has_time: true,
            violated: None,
        };
        let refused = |place, constraint: &str| Row {
            place,
            next_seq: None,
            next_version: None,
            has_time: false,
            violated: Some(constraint.to_owned()),
        };
        let expected =
            [sent(1, 1), refused(2, "messages_id_key"), refused(3, "messages_reply_to_earlier_check"), sent(4, 2)];
        pretty_assertions::assert_eq!(rows, expected);
        assert_consistent(&database);
    }
}

/// What is sent, plainly, to several chats by several members, some of whom have received or read what is before.
#[test]
fn what_is_sent_together_leaves_what_it_leaves_one_by_one() {
    let left = |is_together: bool| {
        let database = TestDatabase::migrated();
        let conn = &mut database.diesel();
        let ([alice, bob, carol, _], direct, group) = people(conn);
        let other = groups::create(conn, by(bob), &NewGroup::new("Readers", &[alice, carol])).unwrap().id;
        for (user, chat) in [(alice, group), (bob, other), (alice, direct), (carol, group), (alice, other)] {
            messages::send(conn, by(user), chat, &Draft::text("before")).unwrap();
        }
        receipts::mark_delivered(conn, by(bob), group, Seq::MAX).unwrap();
        receipts::mark_delivered(conn, by(carol), other, Seq::MAX).unwrap();
        receipts::mark_read(conn, by(carol), other, Seq::new(1)).unwrap();
        receipts::mark_read(conn, by(bob), direct, Seq::MAX).unwrap();
        let outgoing: Vec<_> = [
            (bob, group),
            (carol, other),
            (alice, direct),
            (bob, group),
            (alice, group),
            (carol, other),
            (bob, direct),
            (bob, group),
            (alice, other),
            (alice, direct),
        ]
        .into_iter()
        .enumerate()
        .map(|(number, (user, chat))| Outgoing::new(by(user), chat, Draft::text(format!("number {number}"))))
        .collect();
        let sent: Vec<_> = if is_together {
            messages::send_many(conn, &outgoing).unwrap().into_iter().map(Result::unwrap).collect()
        } else {
            outgoing.iter().map(|one| messages::send(conn, one.actor, one.chat_id, &one.draft).unwrap()).collect()
        };
        assert_consistent(&database);
        let told: Vec<_> = sent.into_iter().map(|sent| (sent.message.seq, sent.message.version)).collect();
        // By names, because each database has its own ids.
        let chat = "coalesce((SELECT name FROM chats WHERE chats.id = chat_id), 'direct')";
        let user = |column: &str| format!("(SELECT username FROM users WHERE users.id = {column})");
        let rows = [
            format!(
                "SELECT concat_ws(' ', {chat}, seq, {}, content, version, kind) FROM messages ORDER BY 1",
                user("sender_id")
            ),
            format!(
                "SELECT concat_ws(' ', {chat}, last_seq, {}, last_kind, last_preview, version) FROM chat_heads ORDER BY 1",
                user("last_sender_id")
            ),
            format!(
                "SELECT concat_ws(' ', {chat}, {}, last_read_seq, last_delivered_seq) FROM unread_messages ORDER BY 1",
                user("user_id")
            ),
            format!(
                "SELECT concat_ws(' ', {chat}, {}, through_seq, read_at IS NOT NULL) FROM message_delivery ORDER BY 1",
                user("user_id")
            ),
        ];
        (told, rows.map(|sql| database.column(&sql)))
    };
    pretty_assertions::assert_eq!(left(true), left(false));
}

#[test]
fn many_who_send_the_same_to_the_same_chats_in_any_order_send_it_once_and_wait_in_no_circle() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 4);
    let chats: Vec<_> =
        (0..6).map(|_| groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id).collect();
    let drafts: Vec<_> = (0..24).map(|number| (chats[number % 6], crowd[number % 4], MessageId::new())).collect();
    thread::scope(|scope| {
        for turn in 0..4 {
            let (mut conn, mut drafts) = (database.diesel(), drafts.clone());
            scope.spawn(move || {
                for round in 0..6 {
                    drafts.rotate_left(turn * 5 + 1);
                    let text = format!("{round}");
                    let same = drafts.iter().map(|(chat, user, id)| {
                        Outgoing::new(by(*user), *chat, Draft::text(text.as_str()).with_id(*id))
                    });
                    let own = drafts.iter().map(|(chat, user, _)| Outgoing::new(by(*user), *chat, Draft::text("own")));
                    let sent = messages::send_many(&mut conn, &same.chain(own).collect::<Vec<_>>()).unwrap();
                    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
                }
            });
        }
    });
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content <> 'own'"), "24");
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE content = 'own'"), (4 * 6 * 24).to_string());
    assert_consistent(&database);
}

#[test]
fn marks_of_many_move_each_position_as_one_alone_would() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let ([alice, bob, carol, dave], direct, group) = people(conn);
    for chat in [direct, group, group] {
        messages::send(conn, by(alice), chat, &Draft::text("…")).unwrap();
    }
    let last = Seq::MAX;
    let marks = [
        Mark::read(by(carol), group, last),
        Mark::delivered(by(bob), group, last),
        Mark::read(by(dave), group, last),
        Mark::read(by(bob), direct, last),
        Mark::read(by(bob), group, Seq::new(2)),
        Mark::delivered(by(bob), group, Seq::new(1)),
    ];
    let marked = receipts::mark_many(conn, &marks).unwrap();
    assert_eq!(marked[2], Err(MarkRefused::NotAMember));
    let moved: Vec<_> = marked.iter().flatten().map(|one| !one.is_empty()).collect();
    assert_eq!(moved, [true, true, true, true, false]);
    assert_eq!(unread::total(conn, by(carol)).unwrap(), 0);
    assert_eq!(unread::total(conn, by(bob)).unwrap(), 1);
    assert!(receipts::mark_many(conn, &[]).unwrap().is_empty());
    assert_consistent(&database);
}
