//! Members react to messages, each with each emoji once.

use diesel::Connection as _;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::reactions::{self, ReactionRefused, Reactor};
use messenger_db::queries::{blocks, messages};
use pretty_assertions::assert_eq;

use super::{cast, watch};
use crate::support::TestDatabase;

/// Who reacted, and how.
fn reactors(conn: &mut PgConnection, chat: ChatId, reader: UserId, seq: i64) -> Vec<(UserId, String)> {
    let reactors = reactions::list(conn, chat, reader, seq, None, None, Limit::MAX).unwrap();
    reactors.into_iter().map(|reactor| (reactor.profile.id, reactor.emoji)).collect()
}

#[test]
fn an_emoji_is_given_once_and_taken_back_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["We made it!"]);
    assert_eq!(reactions::add(conn, chat, carol, seq, "👍"), Ok(true));
    assert_eq!(reactions::add(conn, chat, carol, seq, "👍"), Ok(false));
    assert_eq!(reactions::add(conn, chat, carol, seq, "🎉"), Ok(true));
    assert_eq!(reactions::add(conn, chat, bob, seq, "👍"), Ok(true));
    // What the system says can be answered so, too.
    assert_eq!(reactions::add(conn, chat, alice, 1, "🎉"), Ok(true));
    let expected = [(carol, "👍"), (carol, "🎉"), (bob, "👍")].map(|(user, emoji)| (user, emoji.to_owned()));
    assert_eq!(reactors(conn, chat, alice, seq), expected);
    assert_eq!(reactions::remove(conn, chat, bob, seq, "🎉"), Ok(false));
    assert_eq!(reactions::remove(conn, chat, carol, seq, "👍"), Ok(true));
    assert_eq!(reactions::remove(conn, chat, carol, seq, "👍"), Ok(false));
    assert_eq!(reactors(conn, chat, alice, seq), expected[1..]);
    // Who leaves leaves theirs behind.
    groups::leave(conn, chat, bob).unwrap();
    assert_eq!(reactors(conn, chat, alice, seq), expected[1..]);
}

#[test]
fn an_emoji_has_1_to_32_bytes() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let family = "👨‍👩‍👧‍👦";
    assert_eq!(reactions::add(conn, chat, alice, 1, family), Ok(true));
    assert_eq!(reactions::add(conn, chat, alice, 1, &"é".repeat(16)), Ok(true));
    for no_emoji in ["", &"é".repeat(17), &"x".repeat(100_000)] {
        assert_eq!(reactions::add(conn, chat, alice, 1, no_emoji), Err(Refused(ReactionRefused::EmojiRefused)));
        assert_eq!(reactions::remove(conn, chat, alice, 1, no_emoji), Ok(false));
    }
}

#[test]
fn nobody_reacts_but_members_and_to_nothing_but_what_is_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["We made it!"]);
    let gone = cast::say(conn, chat, alice, ["Not yet"]);
    reactions::add(conn, chat, bob, seq, "👍").unwrap();
    reactions::add(conn, chat, bob, gone, "👍").unwrap();
    messages::delete(conn, chat, alice, gone).unwrap();
    groups::leave(conn, chat, bob).unwrap();
    for (chat, user) in [(chat, bob), (chat, UserId::new()), (ChatId::new(), alice)] {
        for emoji in ["👍", ""] {
            assert_eq!(reactions::add(conn, chat, user, seq, emoji), Err(Refused(ReactionRefused::NotAMember)));
            assert_eq!(reactions::remove(conn, chat, user, seq, emoji), Err(Refused(ReactionRefused::NotAMember)));
        }
        let list = reactions::list(conn, chat, user, seq, None, None, Limit::MAX);
        assert_eq!(list, Err(Refused(ReactionRefused::NotAMember)));
    }
    for missing in [gone, 99, 0, -1, i64::MAX] {
        let refused = Err(Refused(ReactionRefused::MessageNotFound));
        assert_eq!(reactions::add(conn, chat, carol, missing, "👍"), refused, "{missing}");
        assert_eq!(reactions::remove(conn, chat, carol, missing, "👍"), refused, "{missing}");
        let list = reactions::list(conn, chat, carol, missing, None, None, Limit::MAX);
        assert_eq!(list, Err(Refused(ReactionRefused::MessageNotFound)), "{missing}");
    }
    assert_eq!(reactions::list(conn, chat, carol, 1, None, None, Limit::MAX), Ok(vec![]));
}

#[test]
fn a_block_stops_reactions_in_a_direct_chat_and_nowhere_else() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, _]) = cast::group(conn);
    let direct = cast::direct(conn, alice, bob);
    cast::say(conn, direct, alice, ["Hello"]);
    reactions::add(conn, direct, bob, 1, "👍").unwrap();
    blocks::block(conn, alice, bob).unwrap();
    for user in [alice, bob] {
        for emoji in ["👍", "🎉"] {
            assert_eq!(reactions::add(conn, direct, user, 1, emoji), Err(Refused(ReactionRefused::Blocked)));
        }
    }
    assert_eq!(reactions::remove(conn, direct, bob, 1, "👍"), Ok(true));
    assert_eq!(reactions::add(conn, group, bob, 1, "👍"), Ok(true));
    blocks::unblock(conn, alice, bob).unwrap();
    assert_eq!(reactions::add(conn, direct, bob, 1, "👍"), Ok(true));
}

#[test]
fn pages_lose_and_repeat_no_reaction_though_many_came_at_one_instant() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 40);
    let chat = groups::create(conn, crowd[0], &NewGroup::new("Crowd", &crowd)).unwrap().id;
    reactions::add(conn, chat, crowd[9], 1, "🎉").unwrap();
    conn.transaction(|conn| {
        for &user in crowd.iter().rev() {
            for emoji in ["👍", "🎉", "😱"] {
                reactions::add(conn, chat, user, 1, emoji).unwrap();
            }
        }
        Ok::<_, DieselError>(())
    })
    .unwrap();
    let leaf = |conn: &mut PgConnection, emoji, limit| {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let page = reactions::list(conn, chat, crowd[0], 1, emoji, cursor.as_ref(), Limit::new(limit)).unwrap();
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
    let page =
        |conn: &mut PgConnection| reactions::list(conn, chat, crowd[0], 1, None, None, Limit::new(1000)).unwrap();
    assert_eq!(page(conn).len(), 100);
    assert_eq!(watch::statements(conn, page), 1);
    assert_eq!(leaf(conn, Some("🙈"), 10), []);
}
