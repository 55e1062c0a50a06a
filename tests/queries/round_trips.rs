//! What each operation asks the server for: statements, round trips, and how many of the statements are parsed again at
//! each call. Counted on the wire, at the second call on a connection, and held in docs/round-trips.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use diesel::{Connection as _, PgConnection};
use messenger_db::actor::Actor;
use messenger_db::enums::{DeviceType, ImageType, PushService, UserStatus, Visibility};
use messenger_db::ids::{ChatId, MessageId, SessionId, UserId};
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
use pretty_assertions::assert_eq;

use super::cast::{self, by};
use crate::support::{Proxy, TestDatabase};
use crate::tree::operations::operations;

/// Work in batches, on nobody's behalf: what it asks for follows how much there is to do.
const IN_BATCHES: [&str; 15] = [
    "accounts::release_username",
    "accounts::release_usernames",
    "changes::prune",
    "erasure::left",
    "erasure::of_user",
    "export::of_user",
    "import::messages",
    "retention::purge_chat",
    "retention::remove_messages",
    "sessions::purge_expired",
    "unused_files::forget",
    "unused_files::list",
    "uploads::abandon",
    "uploads::discard",
    "uploads::remove",
];

/// Of messages from a client, how many there were.
#[derive(Debug, Default)]
struct Counters {
    statements: AtomicUsize,
    round_trips: AtomicUsize,
    parses: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    statements: usize,
    round_trips: usize,
    parses: usize,
}

impl Counters {
    /// Counts a message (<https://www.postgresql.org/docs/current/protocol-message-formats.html>): Query and Bind begin a
    /// statement, Query and Sync wait for the answer, Parse and Query are parsed. The statements that begin and end a
    /// transaction are nothing to parse.
    fn count(&self, message: &[u8]) {
        let add = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::SeqCst);
        match message[0] {
            b'Q' => {
                add(&self.statements);
                add(&self.round_trips);
                let text = String::from_utf8_lossy(&message[5..]);
                let ends = ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"];
                if !ends.iter().any(|begin| text.starts_with(begin)) {
                    add(&self.parses);
                }
            }
            b'B' => {
                add(&self.statements);
            }
            b'S' => {
                add(&self.round_trips);
            }
            b'P' => {
                add(&self.parses);
            }
            _ => {}
        }
    }

    fn now(&self) -> Cost {
        let of = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        Cost { statements: of(&self.statements), round_trips: of(&self.round_trips), parses: of(&self.parses) }
    }
}

/// Alice, who calls; her group with Bob and Carol, and her direct chat with Bob.
struct World {
    /// Prepares, and is not counted.
    beside: PgConnection,
    /// What the calls ask for on `conn` is counted.
    conn: PgConnection,
    counters: Arc<Counters>,
    costs: BTreeMap<&'static str, Cost>,
    alice: UserId,
    bob: UserId,
    group: ChatId,
    direct: ChatId,
    session: SessionId,
    made: usize,
}

impl World {
    /// Calls an operation twice, each time with what was prepared for it, and notes what the second call costs.
    fn call<P, T, E: std::fmt::Debug>(
        &mut self,
        name: &'static str,
        prepare: impl Fn(&mut Self) -> P,
        call: impl Fn(&mut PgConnection, Actor, P) -> Result<T, E>,
    ) {
        for _ in 0..2 {
            let prepared = prepare(self);
            let before = self.counters.now();
            call(&mut self.conn, by(self.alice), prepared).unwrap();
            let after = self.counters.now();
            let cost = Cost {
                statements: after.statements - before.statements,
                round_trips: after.round_trips - before.round_trips,
                parses: after.parses - before.parses,
            };
            self.costs.insert(name, cost);
        }
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("made_{}", self.made)
    }

    fn somebody(&mut self) -> UserId {
        let name = self.name();
        cast::user(&mut self.beside, &name)
    }

    /// A member of the group who is new in it.
    fn newcomer(&mut self) -> UserId {
        let newcomer = self.somebody();
        groups::add(&mut self.beside, by(self.alice), self.group, newcomer).unwrap();
        newcomer
    }

    fn said_by(&mut self, user: UserId) -> Seq {
        cast::say(&mut self.beside, self.group, user, ["See you at https://example.com"])
    }

    fn own_group(&mut self) -> ChatId {
        groups::create(&mut self.beside, by(self.alice), &NewGroup::new("Runners", &[self.bob])).unwrap().id
    }

    fn own_session(&mut self) -> SessionId {
        sessions::open(&mut self.beside, self.alice, &Device::new(DeviceType::Web), TimeDelta::days(30))
            .unwrap()
            .session
            .id
    }

    fn asked_by_another(&mut self) -> UserId {
        let other = self.somebody();
        contacts::request(&mut self.beside, by(other), self.alice).unwrap();
        other
    }
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

fn costs() -> BTreeMap<&'static str, Cost> {
    let database = TestDatabase::migrated();
    let mut beside = database.diesel();
    let (group, [alice, bob, _]) = cast::group(&mut beside);
    let direct = cast::direct(&mut beside, alice, bob);
    let session =
        sessions::open(&mut beside, alice, &Device::new(DeviceType::Web), TimeDelta::days(30)).unwrap().session.id;
    let counters = Arc::<Counters>::default();
    let connection = database.connect();
    let counting = Arc::clone(&counters);
    let proxy = Proxy::watching(Path::new(&connection.host()), move |message| counting.count(message));
    let url = format!(
        "host={} port=5432 user={} dbname={}",
        proxy.folder().display(),
        connection.user(),
        connection.database()
    );
    let conn = PgConnection::establish(&url).unwrap();
    let costs = BTreeMap::new();
    let mut world = World { beside, conn, counters, costs, alice, bob, group, direct, session, made: 0 };
    of_accounts(&mut world);
    of_people(&mut world);
    of_groups(&mut world);
    of_chats(&mut world);
    of_messages(&mut world);
    of_reading(&mut world);
    of_devices(&mut world);
    world.costs
}

#[test]
fn what_each_operation_asks_for_is_documented() {
    let costs = costs();
    let missing = operations().into_keys().filter(|name| !costs.contains_key(name.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), IN_BATCHES);
    let mut text = String::from(
        "# Round trips\n\nWhat each operation asks the server for, counted on the wire at its second call on a connection, \
         where it does what it is asked:\n\n\
         * **Statements**, those among them that begin and end a transaction.\n\
         * **Round trips**: how often the caller waits for the server. Within a transaction of the caller's, BEGIN and COMMIT \
         are savepoints, and are as many.\n\
         * **Parsed again**: statements that are not prepared, and that each call has parsed and planned. What is called \
         often has none.\n\n\
         Tasks in batches are not listed: what they ask for follows how much there is to do. This file is written by \
         `make snapshots`; a test compares.\n\n\
         | operation | statements | round trips | parsed again |\n| --- | --- | --- | --- |\n",
    );
    for (name, Cost { statements, round_trips, parses }) in costs {
        let _ = writeln!(text, "| `{name}` | {statements} | {round_trips} | {parses} |");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/round-trips.md");
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap_or_default(), text);
}
