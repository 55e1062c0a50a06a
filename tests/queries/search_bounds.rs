//! What a search costs is bounded, whatever was typed and said.

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::error::Error::Refused;
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::search::{self, MAX_QUERY, SearchRefused};
use pretty_assertions::assert_eq;

use super::search::found;
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

#[test]
fn whatever_is_typed_is_a_query() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    cast::say(conn, chat, alice, ["The lake", "It is the one that was"]);
    for nothing in ["", " ", "\"\"", "\"", "'", "-", "--", "or", "or or", "!", "%", "_", "\\", "\0", "\0\0"] {
        assert_eq!(found(conn, chat, alice, nothing), [0; 0], "{nothing:?}");
    }
    for lake in [
        "lake\0",
        "\0lake",
        "\"lake",
        "lake & ",
        "(lake",
        "lake:*",
        "<lake>",
        "lake'; --",
        "lake\\",
        "\u{1}lake\u{2}",
        "| lake",
    ] {
        // Nothing of it is an error; where it is found depends on what it is taken for.
        let hits = found(conn, chat, alice, lake);
        assert!(hits == [2] || hits.is_empty(), "{lake:?}: {hits:?}");
    }
    assert_eq!(found(conn, chat, alice, "lake\0"), [2]);
    assert_eq!(found(conn, chat, alice, &format!("{}lake", "-<".repeat(33))), [2]);
    // As long as may be, of the longest characters.
    for long in ["漢".repeat(MAX_QUERY), "a ".repeat(MAX_QUERY / 2), "-".repeat(MAX_QUERY), "\"a\" or ".repeat(142)] {
        assert_eq!(found(conn, chat, alice, &long), [0; 0]);
    }
    // Words without blanks, of letters of three and four bytes, and of one that becomes three letters.
    for letter in ["क", "ა", "𐌰", "𞤢", "ﬃ", "a"] {
        let word = letter.repeat(MAX_QUERY);
        let said: i64 = cast::say(conn, chat, alice, [&word]).get();
        assert_eq!(found(conn, chat, alice, &word), [said], "{letter}");
        let half = letter.repeat(MAX_QUERY / 2);
        for (typed, hits) in
            [(half.clone(), vec![said]), (format!("\"{half}"), vec![said]), (format!("lake {half}"), vec![])]
        {
            assert_eq!(found(conn, chat, alice, &typed), hits, "{letter}");
        }
        assert_eq!(found(conn, chat, alice, &format!("lake -{half}")), [2], "{letter}");
    }
    // And any mixture of what means something.
    let mut state = 1_u64;
    for length in (1..=60).chain([200, 400, MAX_QUERY]).cycle().take(400) {
        let pieces =
            ["-", "\"", "or", " ", "a", "lake", "!", "&", "|", "(", ")", "<->", "<", ":*", "'", "\\", "\0", "é", "--"];
        let random = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            pieces[(state >> 33) as usize % pieces.len()]
        };
        let query: String = (0..length).map(random).collect();
        let query: String = query.chars().take(MAX_QUERY).collect();
        found(conn, chat, alice, &query);
    }
    let too_long = "ä".repeat(MAX_QUERY + 1);
    assert_eq!(search::list(conn, by(alice), &too_long, None, Limit::MAX), Err(Refused(SearchRefused::QueryTooLong)));
    let in_chat = search::list_in_chat(conn, by(alice), chat, &too_long, None, Limit::MAX);
    assert_eq!(in_chat, Err(Refused(SearchRefused::QueryTooLong)));
}

#[test]
fn a_page_holds_fifty_hits_or_a_hundred_at_most_in_one_statement() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, alice, (0..110).map(|number| format!("lake {number}")));
    let all = |conn: &mut PgConnection, limit| search::list(conn, by(bob), "lake", None, limit).unwrap().len();
    let one =
        |conn: &mut PgConnection, limit| search::list_in_chat(conn, by(bob), chat, "lake", None, limit).unwrap().len();
    assert_eq!((all(conn, Limit::default()), one(conn, Limit::default())), (50, 50));
    assert_eq!((all(conn, Limit::new(i64::MAX)), one(conn, Limit::new(i64::MAX))), (100, 100));
    assert_eq!(server_statistics::statements(conn, |conn| all(conn, Limit::MAX)), 1);
    assert_eq!(server_statistics::statements(conn, |conn| one(conn, Limit::MAX)), 1);
}

#[test]
fn the_first_twenty_words_of_a_query_count() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    let letters =
        |number: u32| number.to_string().bytes().map(|digit| (digit - b'0' + b'a') as char).collect::<String>();
    let words: Vec<String> = (0..100).map(|number| format!("x{}", letters(number))).collect();
    cast::say(conn, chat, alice, [words.join(" ").as_str(), &words[..20].join(" "), &words[..19].join(" ")]);
    assert_eq!(found(conn, chat, alice, &words.join(" ")), [3, 2]);
    let common = format!("{} {}", "the ".repeat(30), words[..20].join(" "));
    assert_eq!(found(conn, chat, alice, &common), [3, 2]);
    assert_eq!(found(conn, chat, alice, &format!("{} -{}", words[..19].join(" "), words[50])), [4, 3]);
    assert_eq!(found(conn, chat, alice, &format!("{} -{}", words[..20].join(" "), words[50])), [3, 2]);
}

#[test]
fn a_word_that_is_said_two_thousand_times_costs_what_it_costs_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    cast::say(conn, chat, alice, ["tea ".repeat(2_000), "tea ".to_owned()]);
    let calls = |query: &str| {
        let conn = &mut database.diesel();
        conn.transaction(|conn| {
            conn.batch_execute("SET LOCAL track_functions = 'all'")?;
            search::list_in_chat(conn, by(alice), chat, query, None, Limit::MAX).unwrap();
            let counted = "(SELECT sum(calls)::bigint FROM pg_stat_xact_user_functions WHERE funcname LIKE 'search_%')";
            diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(counted)).get_result::<i64>(conn)
        })
        .unwrap()
    };
    for query in ["teas", "teas zebra", "tea -teapot"] {
        assert!(calls(query) < 40, "{query}: {}", calls(query));
    }
}

#[test]
fn a_long_message_is_marked_around_what_was_found_wherever_it_is() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    for (before, word, after, query) in [
        (0, "Café", 4_500, "cafe"),
        (2_200, "CAFÉ", 2_200, "café"),
        (4_500, "Café", 0, "cafe"),
        (1_000, "Meeting", 3_000, "meet"),
        (4_990, "東京", 0, "東京"),
    ] {
        for filler in ["ы ", "x "] {
            let said = format!("é {}{word} {}", filler.repeat(before), filler.repeat(after));
            cast::say(conn, chat, alice, [said.as_str()]);
            let hit = search::list_in_chat(conn, by(alice), chat, query, None, Limit::new(1)).unwrap().remove(0);
            assert_eq!(hit.highlight.words().collect::<Vec<_>>(), [word], "{before} of {filler}, {query}");
        }
    }
}

#[test]
fn no_sign_becomes_long_when_it_is_folded() {
    let database = TestDatabase::migrated();
    let longest = database.value(
        "SELECT max(char_length(btrim(search_text(chr(code))))) FROM generate_series(1, 1114111) AS code
         WHERE code NOT BETWEEN 55296 AND 57343",
    );
    assert!(longest.parse::<u32>().unwrap() <= 9, "{longest}");
}
