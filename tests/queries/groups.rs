//! Who comes into a group, what they may do there, and what becomes of it when they go.

use diesel::prelude::*;
use messenger_db::enums::ParticipantRole::{Admin, Member, Owner};
use messenger_db::enums::{MessageKind, ParticipantRole};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::groups::{
    self, AddRefused, ChangeRefused, CreateRefused, DeleteRefused, LeaveRefused, MAX_ADDED_BY_STRANGERS, NewGroup,
    RemoveRefused, RoleRefused,
};
use messenger_db::queries::messages::{self, Draft, SendRefused};
use messenger_db::schema::{chat_participants, messages as message_rows};
use messenger_db::seq::Seq;

use super::cast;
use super::consistency::assert_consistent;
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn role(conn: &mut PgConnection, chat: ChatId, user: UserId) -> Option<ParticipantRole> {
    chat_participants::table
        .find((chat, user))
        .filter(chat_participants::left_at.is_null())
        .select(chat_participants::role)
        .first(conn)
        .optional()
        .unwrap()
}

fn unread(database: &TestDatabase, user: UserId) -> String {
    database.value(&format!("SELECT unread_count FROM unread_counts WHERE user_id = '{user}'"))
}

fn events(conn: &mut PgConnection, chat: ChatId) -> Vec<String> {
    let metadata: Vec<serde_json::Value> = message_rows::table
        .filter(message_rows::chat_id.eq(chat).and(message_rows::kind.eq(MessageKind::System)))
        .order(message_rows::seq)
        .select(message_rows::metadata)
        .load(conn)
        .unwrap();
    metadata.iter().map(|metadata| metadata["event"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_group_begins_with_its_owner_its_members_and_nothing_unread() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let members = [carol, bob, bob, alice];
    let new = NewGroup { slug: Some("hikers"), avatar_url: Some("https://a"), ..NewGroup::new("Hikers", &members) };
    let group = groups::create(conn, by(alice), &new).unwrap();
    assert_eq!((group.member_count, group.slug.as_deref()), (3, Some("hikers")));
    assert_eq!([alice, bob, carol].map(|user| role(conn, group.id, user)), [Some(Owner), Some(Member), Some(Member)]);
    assert_eq!(events(conn, group.id), ["group_created"]);
    assert_eq!(database.column("SELECT unread_count::text FROM unread_counts"), ["0", "0", "0"]);
    assert_consistent(&database);
}

#[test]
fn a_group_is_not_opened_with_what_it_cannot_have_and_nothing_of_it_stays() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 301);
    let (alice, bob) = (crowd[0], crowd[1]);
    let nobody = UserId::new();
    let mut refusal = |new: NewGroup<'_>| groups::create(conn, by(alice), &new).unwrap_err();
    let members = [bob];
    let new = NewGroup::new("Hikers", &members);
    for name in ["", " \u{200B}", "Hik\u{202E}ers", "Hik\ners"] {
        assert_eq!(refusal(NewGroup { name, ..new }), Refused(CreateRefused::NameRefused), "{name:?}");
    }
    assert_eq!(refusal(NewGroup { name: &"ä".repeat(101), ..new }), Refused(CreateRefused::NameRefused));
    assert_eq!(refusal(NewGroup { slug: Some("a/b"), ..new }), Refused(CreateRefused::SlugRefused));
    assert_eq!(refusal(NewGroup { avatar_url: Some(&"a".repeat(501)), ..new }), Refused(CreateRefused::AvatarRefused));
    assert_eq!(refusal(NewGroup { members: &[bob, nobody], ..new }), Refused(CreateRefused::UserNotFound(nobody)));
    assert_eq!(refusal(NewGroup { members: &crowd, ..new }), Refused(CreateRefused::Full));
    cast::block(conn, bob, alice);
    assert_eq!(groups::create(conn, by(alice), &new), Err(Refused(CreateRefused::UserNotFound(bob))));
    assert_eq!(
        groups::create(conn, by(bob), &NewGroup::new("g", &[alice])),
        Err(Refused(CreateRefused::Blocked(alice)))
    );
    assert_eq!(database.value("SELECT count(*) FROM chats"), "0");

    let group = groups::create(conn, by(alice), &NewGroup::new("Everyone", &crowd[2..])).unwrap();
    assert_eq!(group.member_count, 300);
    groups::change_slug(conn, by(alice), group.id, Some("everyone")).unwrap();
    let taken = NewGroup { slug: Some("everyone"), ..NewGroup::new("Everyone", &[]) };
    assert_eq!(groups::create(conn, by(alice), &taken), Err(Refused(CreateRefused::SlugTaken)));
    assert_consistent(&database);
}

#[test]
fn who_is_added_can_read_everything_and_has_nothing_unread() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[])).unwrap();
    let sent = messages::send(conn, by(alice), group.id, &Draft::text("Anyone?")).unwrap().message;
    let joined = groups::add(conn, by(alice), group.id, bob).unwrap();
    assert_eq!((joined.member.role, joined.member.joined_seq), (Member, sent.seq.next()));
    assert_eq!(unread(&database, bob), "0");
    assert_eq!(messages::get(conn, by(bob), group.id, sent.seq).unwrap(), sent);
    assert_eq!(groups::add(conn, by(alice), group.id, bob), Err(Refused(AddRefused::AlreadyAMember)));
    assert_eq!(groups::add(conn, by(alice), group.id, UserId::new()), Err(Refused(AddRefused::UserNotFound)));
    assert_consistent(&database);
}

#[test]
fn who_comes_back_is_a_plain_member_with_nothing_unread() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob])).unwrap();
    groups::promote(conn, by(alice), group.id, bob).unwrap();
    messages::send(conn, by(alice), group.id, &Draft::text("One")).unwrap();
    assert_eq!(groups::leave(conn, by(bob), group.id).map(|left| left.successor), Ok(None));
    assert_eq!(messages::send(conn, by(bob), group.id, &Draft::text("Two")), Err(Refused(SendRefused::NotAMember)));
    messages::send(conn, by(alice), group.id, &Draft::text("Three")).unwrap();
    groups::add(conn, by(alice), group.id, bob).unwrap();
    assert_eq!((role(conn, group.id, bob), unread(&database, bob)), (Some(Member), "0".to_owned()));
    messages::send(conn, by(alice), group.id, &Draft::text("Four")).unwrap();
    assert_eq!(unread(&database, bob), "1");
    assert_eq!(events(conn, group.id), ["group_created", "member_promoted", "member_left", "member_added"]);
    assert_consistent(&database);
}

#[test]
fn the_owner_may_everything_admins_plain_members_and_members_leave() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [owner, admin, other_admin, member, eve] = cast::users(conn, ["owner", "admin", "admin2", "member", "eve"]);
    let group = groups::create(conn, by(owner), &NewGroup::new("G", &[admin, other_admin, member])).unwrap().id;
    for user in [admin, other_admin] {
        groups::promote(conn, by(owner), group, user).unwrap();
    }
    for actor in [member, eve] {
        let refused = if actor == member {
            (AddRefused::NotAllowed, RemoveRefused::NotAllowed, ChangeRefused::NotAllowed, RoleRefused::NotAllowed)
        } else {
            (AddRefused::NotAMember, RemoveRefused::NotAMember, ChangeRefused::NotAMember, RoleRefused::NotAMember)
        };
        assert_eq!(groups::add(conn, by(actor), group, eve), Err(Refused(refused.0)));
        assert_eq!(groups::remove(conn, by(actor), group, admin), Err(Refused(refused.1)));
        assert_eq!(groups::rename(conn, by(actor), group, "Mine"), Err(Refused(refused.2)));
        assert_eq!(groups::change_avatar(conn, by(actor), group, None), Err(Refused(refused.2)));
        assert_eq!(groups::change_slug(conn, by(actor), group, None), Err(Refused(refused.2)));
        assert_eq!(groups::promote(conn, by(actor), group, member), Err(Refused(refused.3)));
        assert_eq!(groups::demote(conn, by(actor), group, admin), Err(Refused(refused.3)));
        assert_eq!(groups::transfer_ownership(conn, by(actor), group, member), Err(Refused(refused.3)));
    }
    assert_eq!(groups::delete(conn, by(member), group), Err(Refused(DeleteRefused::NotAllowed)));
    assert_eq!(groups::delete(conn, by(eve), group), Err(Refused(DeleteRefused::NotAMember)));
    assert_eq!(groups::leave(conn, by(eve), group), Err(Refused(LeaveRefused::NotAMember)));

    // An admin.
    assert_eq!(groups::remove(conn, by(admin), group, owner), Err(Refused(RemoveRefused::NotAllowed)));
    assert_eq!(groups::remove(conn, by(admin), group, other_admin), Err(Refused(RemoveRefused::NotAllowed)));
    assert_eq!(groups::remove(conn, by(admin), group, admin), Err(Refused(RemoveRefused::Oneself)));
    assert_eq!(groups::promote(conn, by(admin), group, member), Err(Refused(RoleRefused::NotAllowed)));
    assert_eq!(groups::demote(conn, by(admin), group, other_admin), Err(Refused(RoleRefused::NotAllowed)));
    assert_eq!(groups::delete(conn, by(admin), group), Err(Refused(DeleteRefused::NotAllowed)));
    groups::add(conn, by(admin), group, eve).unwrap();
    groups::remove(conn, by(admin), group, eve).unwrap();
    assert_eq!(groups::remove(conn, by(admin), group, eve), Err(Refused(RemoveRefused::UserNotAMember)));
    assert_eq!(groups::rename(conn, by(admin), group, "Ours").unwrap().chat.name.as_deref(), Some("Ours"));
    groups::demote(conn, by(admin), group, admin).unwrap();
    assert_eq!(role(conn, group, admin), Some(Member));

    // The owner.
    assert_eq!(groups::demote(conn, by(owner), group, owner), Err(Refused(RoleRefused::IsOwner)));
    assert_eq!(groups::promote(conn, by(owner), group, owner), Err(Refused(RoleRefused::IsOwner)));
    assert_eq!(groups::transfer_ownership(conn, by(owner), group, owner), Err(Refused(RoleRefused::IsOwner)));
    assert_eq!(groups::promote(conn, by(owner), group, eve), Err(Refused(RoleRefused::UserNotAMember)));
    assert_eq!(groups::transfer_ownership(conn, by(owner), group, eve), Err(Refused(RoleRefused::UserNotAMember)));
    groups::transfer_ownership(conn, by(owner), group, member).unwrap();
    assert_eq!([owner, member].map(|user| role(conn, group, user)), [Some(Admin), Some(Owner)]);
    groups::remove(conn, by(member), group, owner).unwrap();
    assert_consistent(&database);
}

#[test]
fn a_role_that_a_member_has_already_is_no_news() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id;
    groups::demote(conn, by(alice), group, bob).unwrap();
    groups::promote(conn, by(alice), group, bob).unwrap();
    groups::promote(conn, by(alice), group, bob).unwrap();
    assert_eq!(events(conn, group), ["group_created", "member_promoted"]);
}

#[test]
fn the_longest_standing_admin_succeeds_the_owner_then_the_longest_standing_member_then_nobody() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [owner, early, late, admin, later_admin] = cast::users(conn, ["owner", "early", "late", "admin", "admin2"]);
    let group = groups::create(conn, by(owner), &NewGroup { slug: Some("g"), ..NewGroup::new("G", &[]) }).unwrap().id;
    for user in [early, late, admin, later_admin] {
        groups::add(conn, by(owner), group, user).unwrap();
    }
    // Who was promoted first does not matter.
    groups::promote(conn, by(owner), group, later_admin).unwrap();
    groups::promote(conn, by(owner), group, admin).unwrap();
    assert_eq!(groups::leave(conn, by(owner), group).map(|left| left.successor), Ok(Some(admin)));
    assert_eq!(groups::leave(conn, by(admin), group).map(|left| left.successor), Ok(Some(later_admin)));
    assert_eq!(groups::leave(conn, by(later_admin), group).map(|left| left.successor), Ok(Some(early)));
    assert_eq!(role(conn, group, early), Some(Owner));
    assert_consistent(&database);
    assert_eq!(groups::leave(conn, by(early), group).map(|left| left.successor), Ok(Some(late)));
    assert_eq!(groups::leave(conn, by(late), group).map(|left| left.successor), Ok(None));
    assert_eq!(
        database.value("SELECT (deleted_at IS NOT NULL, slug IS NULL, member_count)::text FROM chats"),
        "(t,t,0)"
    );
    assert_eq!(groups::add(conn, by(late), group, early), Err(Refused(AddRefused::NotAMember)));
    assert_consistent(&database);
}

#[test]
fn a_deleted_group_is_written_to_by_nobody_and_its_link_is_free() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let members = [bob];
    let new = NewGroup { slug: Some("g"), ..NewGroup::new("G", &members) };
    let group = groups::create(conn, by(alice), &new).unwrap().id;
    groups::delete(conn, by(alice), group).unwrap();
    for user in [alice, bob] {
        assert_eq!(messages::send(conn, by(user), group, &Draft::text("?")), Err(Refused(SendRefused::NotAMember)));
    }
    assert_eq!(groups::delete(conn, by(alice), group), Err(Refused(DeleteRefused::NotAMember)));
    groups::create(conn, by(alice), &new).unwrap();
    assert_consistent(&database);
}

#[test]
fn who_blocks_cannot_be_added_by_whom_they_blocked_nor_add_them_but_others_can() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("G", &[carol])).unwrap().id;
    groups::promote(conn, by(alice), group, carol).unwrap();
    cast::block(conn, bob, alice);
    assert_eq!(groups::add(conn, by(alice), group, bob), Err(Refused(AddRefused::UserNotFound)));
    groups::add(conn, by(carol), group, bob).unwrap();
    messages::send(conn, by(bob), group, &Draft::text("Hello all")).unwrap();
}

#[test]
fn a_refusal_leaves_the_callers_transaction_as_it_was() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    conn.transaction(|conn| {
        let group = groups::create(conn, by(alice), &NewGroup::new("G", &[])).unwrap().id;
        let draft = Draft::text("Twice");
        assert!(!messages::send(conn, by(alice), group, &draft).unwrap().already_sent);
        assert!(messages::send(conn, by(alice), group, &draft).unwrap().already_sent);
        let reply = Draft::text("To what?").in_reply_to(Seq::new(99));
        assert_eq!(messages::send(conn, by(alice), group, &reply), Err(Refused(SendRefused::ReplyNotFound)));
        assert_eq!(groups::change_slug(conn, by(alice), group, Some("/")), Err(Refused(ChangeRefused::SlugRefused)));
        groups::add(conn, by(alice), group, bob).unwrap();
        QueryResult::Ok(())
    })
    .unwrap();
    assert_eq!(database.value("SELECT member_count FROM chats"), "2");
    assert_consistent(&database);
}

#[test]
fn a_direct_chat_is_no_group() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    cast::befriend(conn, alice, bob);
    let chat = messenger_db::queries::direct_chats::find_or_create(conn, by(alice), bob).unwrap().id;
    assert_eq!(groups::add(conn, by(alice), chat, carol), Err(Refused(AddRefused::NotAMember)));
    assert_eq!(groups::leave(conn, by(alice), chat), Err(Refused(LeaveRefused::NotAMember)));
    assert_eq!(groups::rename(conn, by(alice), chat, "Us"), Err(Refused(ChangeRefused::NotAMember)));
    assert_eq!(groups::delete(conn, by(alice), chat), Err(Refused(DeleteRefused::NotAMember)));
}

#[test]
fn strangers_add_somebody_to_fifty_groups_a_day_and_contacts_to_more() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol, eve] = cast::users(conn, ["alice", "bob", "carol", "eve"]);
    cast::befriend(conn, alice, carol);
    let create = |conn: &mut PgConnection, owner, members: &[UserId]| {
        groups::create(conn, by(owner), &NewGroup::new("Offers", members)).map(|chat| chat.id)
    };
    for stranger in [bob, eve].iter().cycle().take(MAX_ADDED_BY_STRANGERS as usize - 1) {
        create(conn, *stranger, &[alice, carol]).unwrap();
    }
    let offers = create(conn, bob, &[]).unwrap();
    groups::add(conn, by(bob), offers, alice).unwrap();
    let too_often = Err(Refused(CreateRefused::AddedTooOften(alice)));
    assert_eq!(create(conn, bob, &[carol, alice]), too_often);
    assert_eq!(create(conn, eve, &[alice]), too_often);
    let others = create(conn, eve, &[carol]).unwrap();
    assert_eq!(groups::add(conn, by(eve), others, alice), Err(Refused(AddRefused::AddedTooOften)));
    // A refusal counts nothing, and leaves nothing.
    assert_eq!(database.value("SELECT string_agg(DISTINCT added_times::text, ' ') FROM user_heads"), "0 50");
    assert_eq!(database.value("SELECT count(*) FROM chats"), "51");
    // Herself, and who is a contact of hers, as often as they like.
    create(conn, alice, &[bob]).unwrap();
    create(conn, carol, &[alice]).unwrap();
    database.execute("UPDATE user_heads SET added_from_at = (added_from_at AT TIME ZONE 'UTC' - interval '1 day') AT TIME ZONE 'UTC'").unwrap();
    create(conn, bob, &[alice]).unwrap();
    let counted = format!("SELECT added_times FROM user_heads WHERE user_id = '{alice}'");
    assert_eq!(database.value(&counted), "1");
}
