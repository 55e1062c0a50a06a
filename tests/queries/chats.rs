//! A chat and its members are shown to those who are in it.

use diesel::prelude::*;
use messenger_db::enums::ParticipantRole::{Admin, Member, Owner};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::chats::{self, ChatRefused};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::{accounts, direct_chats};

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn group(conn: &mut PgConnection, slug: &str, owner: UserId, members: &[UserId]) -> ChatId {
    groups::create(conn, by(owner), &NewGroup { slug: Some(slug), ..NewGroup::new("Hikers", members) }).unwrap().id
}

#[test]
fn who_is_in_a_chat_sees_it_and_nobody_else() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol, eve] = cast::users(conn, ["alice", "bob", "carol", "eve"]);
    let chat = group(conn, "hikers", alice, &[bob, carol]);
    groups::leave(conn, by(carol), chat).unwrap();
    assert_eq!(chats::get(conn, by(bob), chat).unwrap().slug.as_deref(), Some("hikers"));
    assert_eq!(chats::find_by_slug(conn, by(bob), "hikers").unwrap().unwrap().id, chat);
    assert_eq!(chats::all_members(conn, by(bob), chat).unwrap().len(), 2);
    for outsider in [carol, eve, UserId::new()] {
        assert_eq!(chats::get(conn, by(outsider), chat), Err(Refused(ChatRefused::NotAMember)));
        assert_eq!(chats::find_by_slug(conn, by(outsider), "hikers"), Ok(None));
        assert_eq!(chats::all_members(conn, by(outsider), chat), Err(Refused(ChatRefused::NotAMember)));
    }
    assert_eq!(chats::find_by_slug(conn, by(bob), "Hikers").unwrap().unwrap().id, chat, "whatever the case");
    assert_eq!(chats::get(conn, by(bob), ChatId::new()), Err(Refused(ChatRefused::NotAMember)));

    groups::delete(conn, by(alice), chat).unwrap();
    assert_eq!(chats::get(conn, by(alice), chat), Err(Refused(ChatRefused::NotAMember)));
    assert_eq!(chats::find_by_slug(conn, by(alice), "hikers"), Ok(None));
    assert_eq!(chats::all_member_ids(conn, chat), Ok(vec![]));
}

#[test]
fn members_are_listed_by_role_and_then_by_how_long_they_are_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol, dave] = cast::users(conn, ["alice", "bob", "carol", "dave"]);
    let chat = group(conn, "hikers", dave, &[alice, bob, carol]);
    groups::promote(conn, by(dave), chat, carol).unwrap();
    // Whoever comes back begins again.
    groups::leave(conn, by(alice), chat).unwrap();
    groups::add(conn, by(dave), chat, alice).unwrap();
    let members = chats::all_members(conn, by(bob), chat).unwrap();
    let listed: Vec<_> = members.iter().map(|member| (member.profile.id, member.role)).collect();
    assert_eq!(listed, [(dave, Owner), (carol, Admin), (bob, Member), (alice, Member)]);
    let mut everybody = [alice, bob, carol, dave];
    everybody.sort_unstable();
    assert_eq!(chats::all_member_ids(conn, chat).unwrap(), everybody);
}

#[test]
fn a_closed_account_is_no_member_any_more() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    cast::befriend(conn, alice, bob);
    let chat = direct_chats::find_or_create(conn, by(alice), bob).unwrap().id;
    accounts::close(conn, by(bob)).unwrap();
    let seen = chats::all_member_ids(conn, chat).unwrap();
    let listed: Vec<_> =
        chats::all_members(conn, by(alice), chat).unwrap().into_iter().map(|member| member.profile.id).collect();
    assert_eq!((seen, listed), (vec![alice], vec![alice]));
}
