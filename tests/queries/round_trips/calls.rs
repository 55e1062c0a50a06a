//! Each operation once, with what it needs to do what it is asked.

use chrono::TimeDelta;
use messenger_db::enums::{DeviceType, ImageType, PushService, UserStatus, Visibility};
use messenger_db::ids::{MessageId, UserId};
use messenger_db::models::NewUser;
use messenger_db::page::Limit;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, EditsFor, Outgoing};
use messenger_db::queries::push::{self, Address};
use messenger_db::queries::receipts::{self, Mark};
use messenger_db::queries::sessions::{self, Device, Socket};
use messenger_db::queries::uploads::{self, NewUpload, Processed};
use messenger_db::queries::{
    attachments, blocks, changes, chat_settings, chats, contacts, direct_chats, history, inbox, pending, privacy,
    reactions, search, unread,
};
use messenger_db::secrets::{PasswordHash, PushToken, SessionToken};
use messenger_db::seq::Seq;

use super::super::cast::{self, by};
use super::World;

/// Calls all of them.
pub fn all(world: &mut World) {
    of_accounts(world);
    of_people(world);
    of_groups(world);
    of_chats(world);
    of_messages(world);
    of_reading(world);
    of_devices(world);
}

/// Once more those whose statements depend on what they are given.
pub fn otherwise(world: &mut World) {
    world.call("accounts::update_profile", World::name, |c, me, name| {
        let url = format!("https://example.com/{name}.png");
        accounts::update_profile(c, me, &ProfileChanges { avatar_url: Some(Some(&url)), ..ProfileChanges::default() })
    });
    world.call(
        "chat_settings::change",
        |w| w.group,
        |c, me, chat| {
            let changes = chat_settings::Changes { is_archived: Some(false), ..chat_settings::Changes::default() };
            chat_settings::change(c, me, chat, &changes)
        },
    );
    world.call("messages::send", |w| w.direct, |c, me, chat| messages::send(c, me, chat, &Draft::text("At nine?")));
    let theirs = |w: &mut World| (w.group, w.said_by(w.bob));
    world.call("messages::send", theirs, |c, me, (chat, seq)| {
        messages::send(c, me, chat, &Draft::text("At ten.").in_reply_to(seq))
    });
    world.call(
        "messages::send",
        |w| (w.group, w.bob),
        |c, me, (chat, bob)| messages::send(c, me, chat, &Draft::text("At ten.").mentioning(vec![bob])),
    );
    world.call("messages::send_many", theirs, |c, me, (chat, seq)| {
        messages::send_many(c, &[Outgoing::new(me, chat, Draft::text("At ten.").in_reply_to(seq))])
    });
    world.call("receipts::mark_read", theirs, |c, me, (chat, seq)| {
        receipts::mark_delivered(c, me, chat, seq)?;
        receipts::mark_read(c, me, chat, seq)
    });
    world.call(
        "inbox::list",
        |w| inbox::list(&mut w.beside, by(w.alice), None, Limit::default()).unwrap()[0].cursor(),
        |c, me, after| inbox::list(c, me, Some(after), Limit::default()),
    );
    world.call(
        "search::list",
        |w| search::list(&mut w.beside, by(w.alice), "nine", None, Limit::default()).unwrap()[0].cursor(),
        |c, me, before| search::list(c, me, "nine -ten", Some(before), Limit::default()),
    );
    world.call(
        "sessions::open",
        |w| w.alice,
        |c, _, user| {
            let device = Device { id: Some("phone"), ..Device::new(DeviceType::Ios) };
            sessions::open(c, user, &device, TimeDelta::days(30))
        },
    );
}

fn of_accounts(world: &mut World) {
    let hash = || PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    world.call("accounts::register", World::name, |c, _, username| {
        let hash = hash();
        accounts::register(
            c,
            &NewUser {
                id: UserId::new(),
                username: &username,
                password_hash: &hash,
                display_name: None,
                avatar_url: None,
            },
        )
    });
    world.call("accounts::find_by_username", |_| (), |c, _, ()| accounts::find_by_username(c, "bob"));
    world.call("accounts::get", |_| (), |c, me, ()| accounts::get(c, me));
    world.call("accounts::find_profiles", |w| w.bob, |c, me, bob| accounts::find_profiles(c, me, &[bob]));
    world.call("accounts::search", |_| (), |c, me, ()| accounts::search(c, me, "bob"));
    world.call("accounts::mark_seen", |_| (), |c, me, ()| accounts::mark_seen(c, me));
    world.call("accounts::set_presence", |_| (), |c, me, ()| accounts::set_presence(c, me, UserStatus::Online));
    world.call("accounts::update_profile", World::name, |c, me, name| {
        accounts::update_profile(
            c,
            me,
            &ProfileChanges { display_name: Some(Some(&name)), ..ProfileChanges::default() },
        )
    });
    world.call("accounts::change_password", |_| (), |c, me, ()| accounts::change_password(c, me, &hash(), &hash()));
    world.call("accounts::reset_password", |w| w.alice, |c, _, alice| accounts::reset_password(c, alice, &hash()));
    world.call("accounts::close", World::newcomer, |c, _, user| accounts::close(c, by(user)));
    world.call("privacy::get", |_| (), |c, me, ()| privacy::get(c, me));
    world.call(
        "privacy::change",
        |_| (),
        |c, me, ()| {
            privacy::change(
                c,
                me,
                &privacy::Changes { findable_by: Some(Visibility::Everybody), ..privacy::Changes::default() },
            )
        },
    );
}

fn of_people(world: &mut World) {
    world.call("blocks::block", World::somebody, blocks::block);
    world.call(
        "blocks::unblock",
        |w| {
            let other = w.somebody();
            cast::block(&mut w.beside, w.alice, other);
            other
        },
        blocks::unblock,
    );
    world.call("blocks::all", |_| (), |c, me, ()| blocks::all(c, me));
    world.call("contacts::request", World::somebody, contacts::request);
    world.call("contacts::accept", World::asked_by_another, contacts::accept);
    world.call("contacts::decline", World::asked_by_another, contacts::decline);
    world.call(
        "contacts::remove",
        |w| {
            let other = w.somebody();
            cast::befriend(&mut w.beside, w.alice, other);
            other
        },
        contacts::remove,
    );
    world.call("contacts::all", |_| (), |c, me, ()| contacts::all(c, me));
    world.call("contacts::all_requests_received", |_| (), |c, me, ()| contacts::all_requests_received(c, me));
    world.call("contacts::all_requests_sent", |_| (), |c, me, ()| contacts::all_requests_sent(c, me));
}

fn of_groups(world: &mut World) {
    world.call("groups::create", |w| w.bob, |c, me, bob| groups::create(c, me, &NewGroup::new("Climbers", &[bob])));
    world.call("groups::delete", World::own_group, groups::delete);
    world.call("groups::add", |w| (w.group, w.somebody()), |c, me, (chat, user)| groups::add(c, me, chat, user));
    world.call("groups::remove", |w| (w.group, w.newcomer()), |c, me, (chat, user)| groups::remove(c, me, chat, user));
    world.call("groups::leave", |w| (w.group, w.newcomer()), |c, _, (chat, user)| groups::leave(c, by(user), chat));
    world.call(
        "groups::promote",
        |w| (w.group, w.newcomer()),
        |c, me, (chat, user)| groups::promote(c, me, chat, user),
    );
    world.call(
        "groups::demote",
        |w| {
            let admin = w.newcomer();
            groups::promote(&mut w.beside, by(w.alice), w.group, admin).unwrap();
            (w.group, admin)
        },
        |c, me, (chat, user)| groups::demote(c, me, chat, user),
    );
    world.call(
        "groups::transfer_ownership",
        |w| (w.own_group(), w.bob),
        |c, me, (chat, user)| groups::transfer_ownership(c, me, chat, user),
    );
    world.call("groups::rename", |w| (w.group, w.name()), |c, me, (chat, name)| groups::rename(c, me, chat, &name));
    world.call(
        "groups::change_avatar",
        |w| (w.group, w.name()),
        |c, me, (chat, name)| groups::change_avatar(c, me, chat, Some(&format!("https://example.com/{name}.png"))),
    );
    world.call(
        "groups::change_slug",
        |w| (w.group, w.name()),
        |c, me, (chat, name)| groups::change_slug(c, me, chat, Some(&name.replace('_', "-"))),
    );
    world.call("groups::change_history", World::own_group, |c, me, chat| groups::change_history(c, me, chat, false));
}

fn of_chats(world: &mut World) {
    world.call("direct_chats::find", |w| w.bob, direct_chats::find);
    world.call(
        "direct_chats::find_or_create",
        |w| {
            let other = w.somebody();
            cast::befriend(&mut w.beside, w.alice, other);
            other
        },
        direct_chats::find_or_create,
    );
    world.call("chats::get", |w| w.group, chats::get);
    world.call("chats::find_by_slug", |_| (), |c, me, ()| chats::find_by_slug(c, me, "made-1"));
    world.call("chats::all_members", |w| w.group, chats::all_members);
    world.call("chats::all_member_ids", |w| w.group, |c, _, chat| chats::all_member_ids(c, chat));
    world.call("chat_settings::get", |w| w.group, chat_settings::get);
    world.call(
        "chat_settings::change",
        |w| (w.group, w.name()),
        |c, me, (chat, draft)| {
            let changes = chat_settings::Changes { draft: Some(Some(&draft)), ..chat_settings::Changes::default() };
            chat_settings::change(c, me, chat, &changes)
        },
    );
    world.call("inbox::list", |_| (), |c, me, ()| inbox::list(c, me, None, Limit::default()));
    world.call("inbox::list_archived", |_| (), |c, me, ()| inbox::list_archived(c, me, None, Limit::default()));
    world.call("inbox::list_hidden", |_| (), |c, me, ()| inbox::list_hidden(c, me, None, Limit::default()));
    world.call("unread::all", |_| (), |c, me, ()| unread::all(c, me));
    world.call("unread::badge", |_| (), |c, me, ()| unread::badge(c, me));
    world.call("unread::find", |w| w.group, unread::find);
    world.call("unread::total", |_| (), |c, me, ()| unread::total(c, me));
}

fn of_messages(world: &mut World) {
    world.call("messages::send", |w| w.group, |c, me, chat| messages::send(c, me, chat, &Draft::text("At nine?")));
    world.call(
        "messages::send_many",
        |w| [w.group, w.direct],
        |c, me, chats| {
            let outgoing = chats.map(|chat| Outgoing::new(me, chat, Draft::text("At nine?")));
            messages::send_many(c, &outgoing)
        },
    );
    let mine = |w: &mut World| (w.group, w.said_by(w.alice));
    let theirs = |w: &mut World| (w.group, w.said_by(w.bob));
    world.call("messages::edit", mine, |c, me, (chat, seq)| messages::edit(c, me, chat, seq, "At ten?"));
    world.call(
        "messages::set_metadata",
        |w| messages::send(&mut w.beside, by(w.alice), w.group, &Draft::text("https://example.com")).unwrap().message,
        |c, me, said| {
            let preview = serde_json::json!({ "title": "A page" });
            messages::set_metadata(c, me, said.chat_id, said.seq, said.version, &preview)
        },
    );
    world.call("messages::delete", mine, |c, me, (chat, seq)| messages::delete(c, me, chat, seq));
    world.call("messages::hide", theirs, |c, me, (chat, seq)| messages::hide(c, me, chat, seq));
    world.call(
        "messages::clear",
        |w| (w.own_group(), Seq::FIRST),
        |c, me, (chat, seq)| messages::clear(c, me, chat, seq),
    );
    world.call("messages::touch", theirs, |c, me, (chat, seq)| messages::touch(c, me, chat, seq));
    world.call("messages::get", theirs, |c, me, (chat, seq)| messages::get(c, me, chat, seq));
    world.call("messages::find_by_id", |w| w.group, |c, me, chat| messages::find_by_id(c, me, chat, MessageId::new()));
    world.call("messages::list_edits", mine, |c, me, (chat, seq)| {
        messages::list_edits(c, me, chat, seq, EditsFor::Sender, None, Limit::default())
    });
    world.call("messages::all_mentioned", theirs, |c, me, (chat, seq)| messages::all_mentioned(c, me, chat, seq));
    world.call(
        "messages::list_mentions",
        |w| w.group,
        |c, me, chat| messages::list_mentions(c, me, chat, None, Limit::default()),
    );
    world.call("attachments::all", theirs, |c, me, (chat, seq)| attachments::all(c, me, chat, seq));
    world.call("attachments::list", |w| w.group, |c, me, chat| attachments::list(c, me, chat, None, Limit::default()));
    world.call("reactions::add", theirs, |c, me, (chat, seq)| reactions::add(c, me, chat, seq, "👍"));
    world.call(
        "reactions::remove",
        |w| {
            let seq = w.said_by(w.bob);
            reactions::add(&mut w.beside, by(w.alice), w.group, seq, "👍").unwrap();
            (w.group, seq)
        },
        |c, me, (chat, seq)| reactions::remove(c, me, chat, seq, "👍"),
    );
    world.call("reactions::list", theirs, |c, me, (chat, seq)| {
        reactions::list(c, me, chat, seq, None, None, Limit::default())
    });
}

fn of_reading(world: &mut World) {
    let theirs = |w: &mut World| (w.group, w.said_by(w.bob));
    world.call("receipts::mark_delivered", theirs, |c, me, (chat, seq)| receipts::mark_delivered(c, me, chat, seq));
    world.call("receipts::mark_read", theirs, |c, me, (chat, seq)| receipts::mark_read(c, me, chat, seq));
    world
        .call("receipts::mark_many", theirs, |c, me, (chat, seq)| receipts::mark_many(c, &[Mark::read(me, chat, seq)]));
    world.call("receipts::positions", |w| w.group, receipts::positions);
    world.call(
        "receipts::all",
        |w| (w.group, w.said_by(w.alice)),
        |c, me, (chat, seq)| receipts::all(c, me, chat, seq),
    );
    world.call("receipts::count", theirs, |c, me, (chat, seq)| receipts::count(c, me, chat, Seq::FIRST, seq));
    world.call("history::latest", |w| w.group, |c, me, chat| history::latest(c, me, chat, Limit::default()));
    world.call("history::before", theirs, |c, me, (chat, seq)| history::before(c, me, chat, seq, Limit::default()));
    world.call("history::after", |w| w.group, |c, me, chat| history::after(c, me, chat, Seq::FIRST, Limit::default()));
    world.call("history::around", theirs, |c, me, (chat, seq)| history::around(c, me, chat, seq, Limit::default()));
    world.call(
        "history::around_id",
        |w| (w.group, messages::send(&mut w.beside, by(w.bob), w.group, &Draft::text("Ten.")).unwrap().message.id),
        |c, me, (chat, id)| history::around_id(c, me, chat, id, Limit::default()),
    );
    world.call("pending::list", theirs, |c, me, _| pending::list(c, me, None, Limit::default()));
    world.call("changes::begin", |_| (), |c, me, ()| changes::begin(c, me));
    world.call(
        "changes::list",
        |w| {
            let state = changes::begin(&mut w.beside, by(w.alice)).unwrap();
            w.said_by(w.bob);
            state
        },
        |c, me, state| changes::list(c, me, &state, Limit::default()),
    );
    world.call("search::list", |_| (), |c, me, ()| search::list(c, me, "nine", None, Limit::default()));
    world.call(
        "search::list_in_chat",
        |w| w.group,
        |c, me, chat| search::list_in_chat(c, me, chat, "nine", None, Limit::default()),
    );
    world.call("search::find_groups", |_| (), |c, me, ()| search::find_groups(c, me, "runners"));
}

fn of_devices(world: &mut World) {
    let month = TimeDelta::days(30);
    world.call(
        "sessions::open",
        |w| w.alice,
        |c, _, user| sessions::open(c, user, &Device::new(DeviceType::Web), month),
    );
    world.call(
        "sessions::authenticate",
        |w| sessions::open(&mut w.beside, w.alice, &Device::new(DeviceType::Web), month).unwrap().token,
        |c, _, token: SessionToken| sessions::authenticate(c, &token),
    );
    world.call("sessions::touch", |w| w.session, sessions::touch);
    world.call("sessions::rotate", World::own_session, sessions::rotate);
    world.call("sessions::list", |_| (), |c, me, ()| sessions::list(c, me, None, Limit::default()));
    world.call("sessions::connect", World::own_session, |c, me, id| {
        sessions::connect(c, me, id, &Socket::new("server-1", "1"))
    });
    world.call(
        "sessions::disconnect",
        |w| {
            let id = w.own_session();
            sessions::connect(&mut w.beside, by(w.alice), id, &Socket::new("server-1", "1")).unwrap();
            id
        },
        |c, me, id| sessions::disconnect(c, me, id, &Socket::new("server-1", "1")),
    );
    world.call("sessions::disconnect_server", |_| (), |c, _, ()| sessions::disconnect_server(c, "server-2"));
    world.call("sessions::audience", |w| w.group, |c, _, chat| sessions::audience(c, chat));
    world.call("sessions::find_sockets", |w| w.bob, |c, _, bob| sessions::find_sockets(c, &[bob]));
    world.call("sessions::watchers", |_| (), |c, me, ()| sessions::watchers(c, me));
    world.call("sessions::receipt_watchers", |w| w.group, sessions::receipt_watchers);
    let address = |token: &str| Address::fcm(PushToken::new(token));
    world.call(
        "push::register",
        |w| (w.own_session(), w.name()),
        |c, me, (session, token)| push::register(c, me, session, &address(&token)),
    );
    world.call("push::targets", |w| (w.group, w.said_by(w.bob)), |c, _, (chat, seq)| push::targets(c, chat, seq));
    world.call("push::remove", World::own_session, push::remove);
    world.call("push::remove_token", World::name, |c, _, token| {
        push::remove_token(c, PushService::Fcm, &PushToken::new(&*token))
    });
    world.call("uploads::begin", World::name, |c, me, storage_key| {
        uploads::begin(c, me, &NewUpload { storage_key: &storage_key, mime_type: ImageType::Png, byte_size: 1_000 })
    });
    world.call(
        "uploads::process",
        |w| {
            let storage_key = w.name();
            let new = NewUpload { storage_key: &storage_key, mime_type: ImageType::Png, byte_size: 1_000 };
            uploads::begin(&mut w.beside, by(w.alice), &new).unwrap();
            storage_key
        },
        |c, _, key| uploads::process(c, &key, &Processed { size: Some((4, 3)), ..Processed::default() }),
    );
    world.call("sessions::revoke", World::own_session, sessions::revoke);
    world.call("sessions::revoke_others", |w| (w.own_session(), w.session).1, sessions::revoke_others);
    world.call("sessions::revoke_all", World::own_session, |c, me, _| sessions::revoke_all(c, me));
}
