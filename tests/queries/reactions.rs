//! Members react to messages, each with each emoji once.

use diesel::prelude::*;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::reactions::{self, ReactionRefused, Reactor};
use messenger_db::queries::{blocks, history, messages};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// Who reacted, and how.
fn reactors(conn: &mut PgConnection, chat: ChatId, reader: UserId, seq: i64) -> Vec<(UserId, String)> {
    let reactors = reactions::list(conn, by(reader), chat, Seq::new(seq), None, None, Limit::MAX).unwrap();
    reactors.into_iter().map(|reactor| (reactor.profile.id, reactor.emoji)).collect()
}

fn changed<R>(result: Result<reactions::Changed, R>) -> Result<bool, R> {
    result.map(|changed| changed.changed)
}

#[test]
fn an_emoji_is_given_once_and_taken_back_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["We made it!"]);
    assert_eq!(changed(reactions::add(conn, by(carol), chat, seq, "👍")), Ok(true));
    assert_eq!(changed(reactions::add(conn, by(carol), chat, seq, "👍")), Ok(false));
    assert_eq!(changed(reactions::add(conn, by(carol), chat, seq, "🎉")), Ok(true));
    assert_eq!(changed(reactions::add(conn, by(bob), chat, seq, "👍")), Ok(true));
    // What the system says can be answered so, too.
    assert_eq!(changed(reactions::add(conn, by(alice), chat, Seq::FIRST, "🎉")), Ok(true));
    let expected = [(carol, "👍"), (carol, "🎉"), (bob, "👍")].map(|(user, emoji)| (user, emoji.to_owned()));
    assert_eq!(reactors(conn, chat, alice, seq.get()), expected);
    assert_eq!(changed(reactions::remove(conn, by(bob), chat, seq, "🎉")), Ok(false));
    assert_eq!(changed(reactions::remove(conn, by(carol), chat, seq, "👍")), Ok(true));
    assert_eq!(changed(reactions::remove(conn, by(carol), chat, seq, "👍")), Ok(false));
    assert_eq!(reactors(conn, chat, alice, seq.get()), expected[1..]);
    // Who leaves leaves theirs behind.
    groups::leave(conn, by(bob), chat).unwrap();
    assert_eq!(reactors(conn, chat, alice, seq.get()), expected[1..]);
}

#[test]
fn an_emoji_is_one_of_unicodes_in_one_form_or_has_a_name_of_the_services() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let add = |conn: &mut PgConnection, emoji: &str| reactions::add(conn, by(alice), chat, Seq::FIRST, emoji);
    for emoji in ["👩🏻‍❤️‍💋‍👨🏿", "👍", "❤", ":party-parrot:"] {
        assert_eq!(changed(add(conn, emoji)), Ok(true), "{emoji}");
    }
    for again in ["👍\u{FE0F}", "❤\u{FE0F}"] {
        assert_eq!(changed(add(conn, again)), Ok(false), "{again}");
    }
    assert_eq!(changed(reactions::remove(conn, by(alice), chat, Seq::FIRST, "👍\u{FE0F}")), Ok(true));
    let hearts = reactions::list(conn, by(bob), chat, Seq::FIRST, Some("❤"), None, Limit::MAX).unwrap();
    assert_eq!(hearts.len(), 1);
    for no_emoji in ["", " ", "nice", "<img src=x>", "👍👍", "\0", &"x".repeat(100_000)] {
        assert_eq!(add(conn, no_emoji), Err(Refused(ReactionRefused::EmojiRefused)), "{no_emoji:?}");
        let removed = reactions::remove(conn, by(alice), chat, Seq::FIRST, no_emoji);
        assert_eq!(removed, Err(Refused(ReactionRefused::EmojiRefused)), "{no_emoji:?}");
    }
}

#[test]
fn the_database_takes_every_emoji_of_the_list() {
    let database = TestDatabase::migrated();
    let all = emojis::iter().flat_map(|emoji| emoji.skin_tones().map_or_else(|| vec![emoji], Iterator::collect));
    let all: Vec<_> = all.map(|emoji| format!("('{}')", emoji.as_str())).collect();
    assert!(all.len() > 3_000);
    let refused = format!("SELECT emoji FROM (VALUES {}) AS list (emoji) WHERE NOT is_emoji(emoji)", all.join(","));
    assert_eq!(database.column(&refused), [""; 0]);
}

#[test]
fn the_database_takes_no_joiner_that_joins_nothing() {
    let database = TestDatabase::migrated();
    let wrong = [
        "'😀' || U&'\\200D'",
        "U&'\\200D' || '😀'",
        "U&'\\FE0F' || '😀'",
        "'👩' || U&'\\200D\\200D' || '💻'",
        "U&'\\200D'",
    ];
    for emoji in wrong {
        assert_eq!(database.value(&format!("SELECT is_emoji({emoji})")), "f", "{emoji}");
    }
    assert_eq!(database.value("SELECT is_emoji('👩' || U&'\\200D' || '💻')"), "t");
}

#[test]
fn a_member_gives_a_message_20_reactions_and_a_page_has_the_20_most_frequent() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    for (user, numbers) in [(alice, 0..20), (bob, 10..30), (carol, 29..30)] {
        for number in numbers {
            reactions::add(conn, by(user), chat, Seq::FIRST, &format!(":e{number}:")).unwrap();
        }
    }
    assert_eq!(reactions::add(conn, by(alice), chat, Seq::FIRST, ":e20:"), Err(Refused(ReactionRefused::TooMany)));
    let shown = reactions::add(conn, by(carol), chat, Seq::FIRST, ":e29:").unwrap().reactions;
    let counts: Vec<_> = shown.iter().map(|given| (given.emoji.clone(), given.count)).collect();
    let page = history::latest(conn, by(alice), chat, Limit::MAX).unwrap();
    let of_page: Vec<_> = page.entries[0].reactions.iter().map(|given| (given.emoji.clone(), given.count)).collect();
    assert_eq!(of_page, counts);
    // Those that two gave, and of the others those that were given first.
    let expected = (0..9).map(|number| (number, 1)).chain((10..20).map(|number| (number, 2))).chain([(29, 2)]);
    assert_eq!(counts, expected.map(|(number, count)| (format!(":e{number}:"), count)).collect::<Vec<_>>());
}

#[test]
fn nobody_reacts_but_members_and_to_nothing_but_what_is_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["We made it!"]);
    let gone = cast::say(conn, chat, alice, ["Not yet"]);
    reactions::add(conn, by(bob), chat, seq, "👍").unwrap();
    reactions::add(conn, by(bob), chat, gone, "👍").unwrap();
    messages::delete(conn, by(alice), chat, gone).unwrap();
    groups::leave(conn, by(bob), chat).unwrap();
    for (chat, user) in [(chat, bob), (chat, UserId::new()), (ChatId::new(), alice)] {
        assert_eq!(reactions::add(conn, by(user), chat, seq, "👍"), Err(Refused(ReactionRefused::NotAMember)));
        assert_eq!(reactions::remove(conn, by(user), chat, seq, "👍"), Err(Refused(ReactionRefused::NotAMember)));
        let list = reactions::list(conn, by(user), chat, seq, None, None, Limit::MAX);
        assert_eq!(list, Err(Refused(ReactionRefused::NotAMember)));
    }
    for missing in [gone, Seq::new(99), Seq::ZERO, Seq::new(-1), Seq::MAX] {
        let refused = Err(Refused(ReactionRefused::MessageNotFound));
        assert_eq!(reactions::add(conn, by(carol), chat, missing, "👍"), refused, "{missing}");
        assert_eq!(reactions::remove(conn, by(carol), chat, missing, "👍"), refused, "{missing}");
        let list = reactions::list(conn, by(carol), chat, missing, None, None, Limit::MAX);
        assert_eq!(list, Err(Refused(ReactionRefused::MessageNotFound)), "{missing}");
    }
    assert_eq!(reactions::list(conn, by(carol), chat, Seq::FIRST, None, None, Limit::MAX), Ok(vec![]));
}

#[test]
fn a_block_stops_reactions_in_a_direct_chat_and_nowhere_else() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, _]) = cast::group(conn);
    let direct = cast::direct(conn, alice, bob);
    cast::say(conn, direct, alice, ["Hello"]);
    reactions::add(conn, by(bob), direct, Seq::FIRST, "👍").unwrap();
    blocks::block(conn, by(alice), bob).unwrap();
    for (user, refusal) in [(alice, ReactionRefused::Blocked), (bob, ReactionRefused::Unreachable)] {
        for emoji in ["👍", "🎉"] {
            assert_eq!(reactions::add(conn, by(user), direct, Seq::FIRST, emoji), Err(Refused(refusal)));
        }
    }
    assert_eq!(changed(reactions::remove(conn, by(bob), direct, Seq::FIRST, "👍")), Ok(true));
    assert_eq!(changed(reactions::add(conn, by(bob), group, Seq::FIRST, "👍")), Ok(true));
    blocks::unblock(conn, by(alice), bob).unwrap();
    assert_eq!(changed(reactions::add(conn, by(bob), direct, Seq::FIRST, "👍")), Ok(true));
}

#[test]
fn pages_lose_and_repeat_no_reaction_though_many_came_at_one_instant() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 40);
    let chat = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id;
    reactions::add(conn, by(crowd[9]), chat, Seq::FIRST, "🎉").unwrap();
    for &user in crowd.iter().rev() {
        for emoji in ["👍", "🎉", "😱"] {
            reactions::add(conn, by(user), chat, Seq::FIRST, emoji).unwrap();
        }
    }
    database
        .execute(
            "UPDATE message_reactions SET created_at = (SELECT max(created_at) FROM message_reactions)
             WHERE created_at > (SELECT min(created_at) FROM message_reactions)",
        )
        .unwrap();
    let leaf = |conn: &mut PgConnection, emoji, limit| {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = reactions::list(conn, by(crowd[0]), chat, Seq::FIRST, emoji, cursor.as_ref(), Limit::new(limit))
                .unwrap();
            cursor = page.last().map(Reactor::cursor);
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    };
    let all = leaf(conn, None, 100);
    assert_eq!((all.len(), all[0].profile.id, all[0].emoji.as_str()), (120, crowd[9], "🎉"));
    assert!(all[1..].is_sorted_by_key(|reactor| (reactor.profile.id, reactor.emoji.clone())));
    for limit in [1, 7, 50] {
        assert_eq!(leaf(conn, None, limit), all, "{limit}");
        let party: Vec<_> = all.iter().filter(|reactor| reactor.emoji == "🎉").cloned().collect();
        assert_eq!(leaf(conn, Some("🎉"), limit), party);
    }
    let page = |conn: &mut PgConnection| {
        reactions::list(conn, by(crowd[0]), chat, Seq::FIRST, None, None, Limit::new(1000)).unwrap()
    };
    assert_eq!(page(conn).len(), 100);
    assert_eq!(server_statistics::statements(conn, page), 1);
    assert_eq!(leaf(conn, Some("🙈"), 10), []);
}
