//! Messages are found by their words, by those who may read them.

use chrono::{DateTime, Utc};
use diesel::Connection as _;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages;
use messenger_db::queries::search::{self, Hit, Query, SearchRefused};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// What a query finds in a chat, the newest first.
pub(super) fn found(conn: &mut PgConnection, chat: ChatId, user: UserId, query: &str) -> Vec<i64> {
    let hits = search::list_in_chat(conn, by(user), chat, query, None, Limit::MAX)
        .unwrap_or_else(|e| panic!("{query:?}: {e}"));
    let all = search::list(conn, by(user), query, None, Limit::MAX).unwrap();
    let of_chat: Vec<_> = all.into_iter().filter(|hit| hit.message.chat_id == chat).collect();
    assert_eq!(hits, of_chat, "{query}");
    hits.into_iter().map(|hit| hit.message.seq.get()).collect()
}

#[test]
fn words_are_found_as_a_person_types_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    let sentences =
        ["Meeting at the Café Central", "A walk along the lakes", "The central lake is frozen", "Ærø, naïve façades"];
    cast::say(conn, chat, alice, sentences);
    for (query, expected) in [
        ("meet", vec![2]),
        ("CAFE", vec![2]),
        ("café", vec![2]),
        ("lake", vec![4, 3]),
        ("lake central", vec![4]),
        ("central lake", vec![4]),
        ("\"central lake\"", vec![4]),
        ("\"lake central\"", vec![]),
        ("walks lake", vec![3]),
        ("central -lake", vec![2]),
        ("lake -\"central lake\"", vec![3]),
        ("naive facade", vec![5]),
        ("lakeside", vec![]),
        ("-lake", vec![5, 2]),
        ("-\"central lake\"", vec![5, 3, 2]),
        ("the", vec![4, 3, 2]),
        ("at the", vec![2]),
        ("“central lake”", vec![4]),
        ("\"central la", vec![4]),
        ("\"central la\"", vec![]),
        ("mee", vec![2]),
        ("me", vec![]),
    ] {
        assert_eq!(found(conn, chat, alice, query), expected, "{query}");
    }
}

#[test]
fn a_word_of_any_length_is_found() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    // Around 64 characters, where the index ends words, and 2,046 bytes, where PostgreSQL does.
    for count in [63, 64, 65, 66, 681, 682, 683, 990] {
        for letter in ["漢", "ж", "x"] {
            let word = letter.repeat(count);
            let seq = cast::say(conn, chat, alice, [format!("{word}!").as_str()]);
            assert!(found(conn, chat, alice, &word).contains(&seq.get()), "{count} {letter}");
            assert_eq!(found(conn, chat, alice, &format!("{word} lake")), [0; 0]);
        }
    }
    let longest = format!("lake {}", "漢".repeat(9_990));
    let seq = cast::say(conn, chat, alice, [longest.as_str()]);
    assert_eq!(found(conn, chat, alice, "lake"), [seq.get()]);
}

#[test]
fn the_cases_that_others_were_told_of_are_found() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    for (content, query) in [
        ("the <script> tag is evil; the password rotation is on Monday", "Monday"),
        ("Vec<String>", "String"),
        ("see https://example.com", "https://example.com"),
        ("www.youtube.com/watch?v=abc", "youtube.com"),
        ("www.youtube.com/watch?v=abc", "www.youtube.com/watch?v=abc"),
        ("ABC-123", "123"),
        ("2024 - plan", "2024 - plan"),
        ("rm -rf /tmp/build", "rm -rf /tmp/build"),
        ("ls --all", "--all"),
        ("minus -5 degrees", "-5"),
        ("我家在上海东边。", "上海"),
        ("我家在上海东边。", "海"),
        ("東京タワー", "タワ"),
        ("ｶﾞﾗｽの靴", "ガラス"),
        ("สวัสดีครับ", "ครับ"),
        ("기계번역기", "번역"),
        ("The Who", "The Who"),
        ("The Who", "\"the who\""),
        ("computer", "comp"),
        ("well done 👍🏽", "👍"),
        ("well done 👍", "👍🏽"),
        ("🇩🇪🇫🇷", "🇫🇷"),
        ("costs 100€", "100€"),
        ("costs 100€", "€"),
        (":-) hello", ":-)"),
        ("really?!", "\"?!\""),
        ("either — or", "“—”"),
        ("a \" alone", "\""),
        ("ΟΔΟΣ Αθηνών", "οδός"),
        ("إِسْلَامٌ", "اسلام"),
        ("שָׁלוֹם", "שלום"),
        ("İSTANBUL", "istanbul"),
        ("ışık", "ISIK"),
        ("straße", "STRASSE"),
        ("ＦＵＬＬ width", "full"),
        ("e\u{301}tude", "étude"),
        ("fil\u{ad}ter", "filter"),
        ("C:\\Users\\anna\\notes.txt", "notes.txt"),
        ("mail anna.b@example.org now", "anna.b@example.org"),
        ("ask @anna_b about #summer2026", "@anna_b"),
        ("ask @anna_b about #summer2026", "#summer2026"),
        ("don't", "don't"),
    ] {
        let seq = cast::say(conn, chat, alice, [content]);
        assert!(found(conn, chat, alice, query).contains(&seq.get()), "{content:?}: {query:?}");
    }
}

#[test]
fn filters_leave_the_messages_that_were_asked_for() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let first = cast::say(conn, chat, alice, ["lake one"]);
    let second = cast::say(conn, chat, bob, ["lake two"]);
    database.execute(&format!("UPDATE messages SET created_at = '2026-05-01' WHERE seq = {}", first.get())).unwrap();
    let picture = cast::uploaded(conn, alice, [1_000]);
    let draft = messages::Draft::image(&picture).saying("lake three");
    let third = messages::send(conn, by(alice), chat, &draft).unwrap().message.seq;
    let day = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    for (query, expected) in [
        (Query::new("lake"), vec![third, second, first]),
        (Query::new("lake").from_sender(alice), vec![third, first]),
        (Query::new("lake").since(day("2026-06-01T00:00:00Z")), vec![third, second]),
        (Query::new("lake").since(day("2026-05-01T00:00:00Z")), vec![third, second, first]),
        (Query::new("lake").until(day("2026-05-02T00:00:00Z")), vec![first]),
        (Query::new("lake").until(day("2026-05-01T00:00:00Z")), vec![]),
        (Query::new("lake").with_pictures(), vec![third]),
        (Query::new("-three").from_sender(alice), vec![first]),
        (Query::new("lake").from_sender(bob).with_pictures(), vec![]),
    ] {
        let hits = search::list_in_chat(conn, by(bob), chat, query, None, Limit::MAX).unwrap();
        assert_eq!(hits.iter().map(|hit| hit.message.seq).collect::<Vec<_>>(), expected, "{query:?}");
        assert_eq!(search::list(conn, by(bob), query, None, Limit::MAX).unwrap(), hits, "{query:?}");
    }
}

#[test]
fn groups_are_found_by_their_names_in_any_script() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    for name in ["Горный клуб", "Café Central", "上海朋友", "The hikers"] {
        groups::create(conn, by(alice), &NewGroup::new(name, &[])).unwrap();
    }
    let mut names = |user, text: &str| -> Vec<String> {
        let found = search::find_groups(conn, by(user), text).unwrap();
        found.into_iter().filter_map(|group| group.name).collect()
    };
    assert_eq!(names(alice, "клу"), ["Горный клуб"]);
    assert_eq!(names(alice, "cafe"), ["Café Central"]);
    assert_eq!(names(alice, "朋"), ["上海朋友"]);
    assert_eq!(names(alice, "朋友"), ["上海朋友"]);
    assert_eq!(names(alice, "hik the"), ["The hikers"]);
    for nothing in ["", " ", "th", "-", "\0", "lake", "'", "\\"] {
        assert_eq!(names(alice, nothing), [""; 0], "{nothing:?}");
    }
    assert_eq!(names(bob, "cafe"), [""; 0]);
}

#[test]
fn only_chats_that_one_is_in_now_are_searched_and_only_what_people_said() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let direct = cast::direct(conn, alice, bob);
    cast::say(conn, chat, alice, ["the lake", "the lake again", "the lake at last"]);
    cast::say(conn, direct, alice, ["the lake, you and I"]);
    // Deleted and edited; and the name of the group, which only the system speaks of.
    messages::delete(conn, by(alice), chat, Seq::new(2)).unwrap();
    messages::edit(conn, by(alice), chat, Seq::new(3), "the sea").unwrap();
    groups::rename(conn, by(alice), chat, "Lake").unwrap();
    let all = |conn: &mut PgConnection, user, query: &str| -> Vec<_> {
        let hits = search::list(conn, by(user), query, None, Limit::default()).unwrap();
        hits.into_iter().map(|hit| (hit.message.chat_id, hit.message.seq.get())).collect()
    };
    assert_eq!(all(conn, bob, "lake"), [(direct, 1), (chat, 4)]);
    assert_eq!(all(conn, carol, "lake"), [(chat, 4)]);
    assert_eq!(all(conn, carol, "sea"), [(chat, 3)]);
    groups::leave(conn, by(bob), chat).unwrap();
    assert_eq!(all(conn, bob, "lake"), [(direct, 1)]);
    assert_eq!(all(conn, UserId::new(), "lake"), []);
    for (chat, user) in [(chat, bob), (direct, carol), (ChatId::new(), alice), (chat, UserId::new())] {
        for query in ["lake", "nothing of that"] {
            let hits = search::list_in_chat(conn, by(user), chat, query, None, Limit::default());
            assert_eq!(hits, Err(Refused(SearchRefused::NotAMember)));
        }
    }
    assert_eq!(search::list_in_chat(conn, by(carol), chat, "nothing of that", None, Limit::default()), Ok(vec![]));
}

#[test]
fn pages_lose_and_repeat_no_hit_though_many_were_sent_at_one_instant() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chats = [(); 3].map(|()| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id);
    cast::say(conn, chats[1], alice, ["lake", "lake"]);
    conn.transaction(|conn| {
        for chat in chats {
            cast::say(conn, chat, alice, ["lake", "sea", "lake"]);
        }
        Ok::<_, DieselError>(())
    })
    .unwrap();
    cast::say(conn, chats[0], alice, ["lake"]);
    let everything = search::list(conn, by(bob), "lake", None, Limit::MAX).unwrap();
    let keys: Vec<_> =
        everything.iter().map(|Hit { message, .. }| (message.created_at, message.chat_id, message.seq)).collect();
    assert_eq!(keys.len(), 9);
    assert!(keys.is_sorted_by(|one, other| one > other));
    for limit in 1..=10 {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = search::list(conn, by(bob), "lake", cursor, Limit::new(limit)).unwrap();
            cursor = page.last().map(Hit::cursor);
            let is_last = page.len() < limit as usize;
            all.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(all, everything, "{limit}");
    }
    let mut in_chat =
        |cursor, limit| search::list_in_chat(conn, by(bob), chats[1], "lake", cursor, Limit::new(limit)).unwrap();
    let all = in_chat(None, 100);
    assert_eq!(all.iter().map(|hit| hit.message.seq.get()).collect::<Vec<_>>(), [6, 4, 3, 2]);
    for (place, hit) in all.iter().enumerate() {
        assert_eq!(in_chat(Some(hit.cursor()), 2), all[place + 1..].iter().take(2).cloned().collect::<Vec<_>>());
    }
}

#[test]
fn a_highlight_is_what_was_written_with_the_words_that_were_found() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    let mut highlight = |content: &str, query: &str| {
        let seq = cast::say(conn, chat, alice, [content]);
        let hits = search::list_in_chat(conn, by(alice), chat, query, None, Limit::new(1)).unwrap();
        assert_eq!(hits[0].message.seq, seq, "{content:?}");
        let highlight = &hits[0].highlight;
        (highlight.text.clone(), highlight.words().map(str::to_owned).collect::<Vec<_>>())
    };
    for content in [
        "<b>lake</b>",
        "<script>alert('lake')</script> lake",
        "lake if a<b and c>d",
        "&lt;lake&gt; & lake",
        "** lake ** […] lake … lake",
        "https://lake.example/lake?lake=1 lake",
        "StartSel=lake, StopSel=lake",
        "  lake\n\tlake  ",
    ] {
        let (text, words) = highlight(content, "lake");
        assert!(content.contains(&text), "{content:?}: {text:?}");
        assert!(!words.is_empty() && words.iter().all(|word| word == "lake"), "{content:?}: {words:?}");
    }
    let (text, words) = highlight("costs 100€", "costs");
    assert_eq!((text.as_str(), words), ("costs 100€", vec!["costs".to_owned()]));
    let (text, words) = highlight("\u{1}sea\u{2} \u{2}\u{1}lake\u{3}\u{1}", "lake");
    assert_eq!((text.as_str(), words), ("\u{1}sea\u{2} \u{2}\u{1}lake\u{3}\u{1}", vec!["lake".to_owned()]));
    // Of much, some parts.
    let long = format!("{} lake {} lake {}", "one ".repeat(500), "two ".repeat(500), "three ".repeat(100));
    let (text, words) = highlight(&long, "lake");
    assert_eq!(words, ["lake", "lake"]);
    assert!(text.contains(" … ") && text.len() < 400, "{text}");
    // A word as long as a message may be.
    let huge = format!("{} lake", "x".repeat(9_900));
    assert_eq!(highlight(&huge, "lake").1, ["lake"]);
}

#[test]
fn flags_versions_and_letters_with_a_dot_below_are_found_as_people_see_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    let said = [
        "from 🇩🇪🇫🇷 to 🇪🇸",
        "release v1.2.3 of the player, mp3 and x86",
        "क़लम और कलम",
        "\u{915}\u{93c}\u{932}\u{92e}",
        "Версия в1.2.3",
        "covid19 is over",
        "sha256sum, base64url, Win10Pro and youtu.be/dQw4w9WgXcQ",
        "ﷺ",
    ];
    cast::say(conn, chat, alice, said);
    for (query, expected) in [
        ("🇩🇪", vec![2]),
        ("🇫🇷", vec![2]),
        ("🇩🇪🇫🇷", vec![2]),
        ("🇪🇫", vec![]),
        ("🇪🇸", vec![2]),
        ("1.2.3", vec![6, 3]),
        ("v1.2.3", vec![3]),
        ("v1", vec![3]),
        ("1.2", vec![6, 3]),
        ("2.3", vec![6, 3]),
        ("в1.2.3", vec![6]),
        ("mp3", vec![3]),
        ("mp4", vec![]),
        ("x86", vec![3]),
        ("86", vec![3]),
        ("covid", vec![7]),
        ("covid1", vec![7]),
        ("covid19", vec![7]),
        ("covid2", vec![]),
        // As they are typed, sign by sign.
        ("sha2", vec![8]),
        ("sha25", vec![8]),
        ("sha256", vec![8]),
        ("sha256s", vec![8]),
        ("sha256sum", vec![8]),
        ("sha257", vec![]),
        ("base64", vec![8]),
        ("win10", vec![8]),
        ("youtu.be/dQw4", vec![8]),
        ("ﷺ", vec![9]),
        ("क़लम", vec![5, 4]),
        ("\u{958}लम", vec![5, 4]),
        ("कलम", vec![5, 4]),
    ] {
        assert_eq!(found(conn, chat, alice, query), expected, "{query}");
    }
    let hits = search::list_in_chat(conn, by(alice), chat, "🇫🇷", None, Limit::MAX).unwrap();
    assert_eq!(hits[0].highlight.text, said[0]);
}
