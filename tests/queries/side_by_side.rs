//! That no two operations wait for each other in a circle, tried at random: all that write, many at once, on few people, chats,
//! messages, devices and uploads. `TEST_ROUNDS` makes it longer.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{TimeDelta, Utc};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::enums::{DeviceType, ImageType, ParticipantRole, UserStatus, Visibility};
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, SessionId, UserId};
use messenger_db::projector::{self, Options};
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::changes::{self, Pruned};
use messenger_db::queries::erasure::{self, Erasure};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Outgoing, Picture};
use messenger_db::queries::push::{self, Address};
use messenger_db::queries::receipts::{self, Mark};
use messenger_db::queries::retention::{self, Removal};
use messenger_db::queries::sessions::{self, Device, Socket};
use messenger_db::queries::uploads::{self, NewUpload, Processed};
use messenger_db::queries::{blocks, chat_settings, contacts, direct_chats, privacy, reactions};
use messenger_db::schema::{chat_heads, chat_participants, user_sessions};
use messenger_db::secrets::{PasswordHash, PushToken};
use messenger_db::seq::Seq;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::cast::{self, by};
use super::consistency::assert_consistent;
use super::hostile;
use super::projector::{assert_projected, catch_up};
use crate::support::{TestDatabase, server};

/// What there is for all of them.
struct Town {
    /// The oldest first.
    users: Mutex<VecDeque<UserId>>,
    groups: Mutex<VecDeque<ChatId>>,
    directs: Mutex<VecDeque<ChatId>>,
    sessions: Mutex<VecDeque<(UserId, SessionId)>>,
    made: AtomicUsize,
}

/// Who does things there.
struct Hand<'town> {
    town: &'town Town,
    dice: SmallRng,
    /// Most often a member of the chat.
    me: UserId,
    chat: ChatId,
    /// The chat's newest message.
    last_seq: Seq,
}

/// How much there is of a kind at once.
const FEW: usize = 5;

impl<'town> Hand<'town> {
    fn new(town: &'town Town, seed: u64) -> Self {
        let (me, chat, last_seq) = (UserId::new(), ChatId::new(), Seq::ZERO);
        Self { town, dice: SmallRng::seed_from_u64(seed), me, chat, last_seq }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.dice.random_range(0..bound)
    }

    fn coin(&mut self) -> bool {
        self.dice.random()
    }

    fn one<T: Copy>(&mut self, of: &Mutex<VecDeque<T>>) -> T {
        let all = of.lock().unwrap();
        all[self.dice.random_range(0..all.len())]
    }

    fn user(&mut self) -> UserId {
        self.one(&self.town.users)
    }

    /// Goes to some chat, in the place of its owner, of any member, or of a stranger.
    fn go(&mut self, conn: &mut PgConnection) -> QueryResult<()> {
        let chats = if self.coin() { &self.town.groups } else { &self.town.directs };
        self.chat = self.one(chats);
        let members: Vec<(UserId, ParticipantRole)> = chat_participants::table
            .filter(chat_participants::chat_id.eq(self.chat).and(chat_participants::left_at.is_null()))
            .select((chat_participants::user_id, chat_participants::role))
            .load(conn)?;
        let owner = members.iter().find(|(_, role)| *role == ParticipantRole::Owner).filter(|_| self.dice.random());
        self.me = match owner {
            Some((owner, _)) => *owner,
            None if members.is_empty() || self.below(8) == 0 => self.user(),
            None => members[self.below(members.len())].0,
        };
        self.last_seq =
            chat_heads::table.find(self.chat).select(chat_heads::last_seq).first(conn).optional()?.unwrap_or(Seq::ZERO);
        Ok(())
    }

    fn me(&self) -> Actor {
        by(self.me)
    }

    fn session(&mut self) -> (Actor, SessionId) {
        let (user, session) = self.one(&self.town.sessions);
        (by(user), session)
    }

    /// One of the newest messages, so that they meet.
    fn seq(&mut self) -> Seq {
        Seq::new((self.last_seq.get() - self.dice.random_range(0..4)).max(1))
    }

    fn name(&self) -> String {
        format!("made_{}", self.town.made.fetch_add(1, Ordering::Relaxed))
    }

    fn words(&mut self) -> String {
        format!("At {}?", self.below(1_000))
    }

    fn key(&mut self) -> &'static str {
        ["a.png", "b.png", "c.png"][self.below(3)]
    }

    fn draft(&mut self) -> Draft<'static> {
        let draft = if self.below(4) == 0 {
            let keys = if self.coin() { ["a.png", "b.png"] } else { ["c.png", "a.png"] };
            Draft::image(keys.map(|key| Picture::new("p.png", key)).to_vec())
        } else {
            Draft::text(self.words())
        };
        match self.below(4) {
            0 => draft.in_reply_to(self.seq()),
            1 => draft.mentioning(vec![self.user(), self.user()]),
            _ => draft,
        }
    }
}

/// Done or refused; an error of the database is none of them.
fn done<T, R>(result: Result<T, Error<R>>) -> QueryResult<()> {
    match result {
        Err(Error::Database(error)) => Err(error),
        Ok(_) | Err(Error::Refused(_)) => Ok(()),
    }
}

/// Keeps the newest.
fn keep<T>(of: &Mutex<VecDeque<T>>, new: T) {
    let mut all = of.lock().unwrap();
    all.push_back(new);
    if all.len() > FEW {
        all.pop_front();
    }
}

type Act = fn(&mut Hand<'_>, &mut PgConnection) -> QueryResult<()>;

/// How often each is done of all, and what.
const ACTS: &[(u32, &str, Act)] = &[
    (4, "accounts::change_password", |h, c| {
        done(accounts::change_password(c, h.me(), &PasswordHash::new("$"), &PasswordHash::new("$")))
    }),
    (1, "accounts::close", |h, c| {
        let user = h.user();
        come(h, c)?;
        done(accounts::close(c, by(user)))
    }),
    (4, "accounts::mark_seen", |h, c| done(accounts::mark_seen(c, h.me()))),
    (4, "accounts::reset_password", |h, c| done(accounts::reset_password(c, h.user(), &PasswordHash::new("$")))),
    (4, "accounts::set_presence", |h, c| done(accounts::set_presence(c, h.me(), UserStatus::Away))),
    (4, "accounts::update_profile", |h, c| {
        let (name, url) = (h.name(), h.key());
        let changes = ProfileChanges {
            username: h.coin().then_some(&*name),
            avatar_url: h.coin().then_some(Some(url)),
            ..ProfileChanges::default()
        };
        done(accounts::update_profile(c, h.me(), &changes))
    }),
    (2, "blocks::block", |h, c| done(blocks::block(c, h.me(), h.user()))),
    (8, "blocks::unblock", |h, c| blocks::unblock(c, h.me(), h.user()).map(drop)),
    (4, "changes::prune", |_, c| {
        let mut run = Pruned::default();
        while !run.is_done {
            run = changes::prune(c, run, Utc::now(), 3)?;
        }
        Ok(())
    }),
    (4, "chat_settings::change", |h, c| {
        let draft = h.words();
        let changes = chat_settings::Changes {
            is_archived: Some(h.coin()),
            draft: Some(Some(&draft)),
            ..chat_settings::Changes::default()
        };
        done(chat_settings::change(c, h.me(), h.chat, &changes))
    }),
    (8, "contacts::accept", |h, c| done(contacts::accept(c, h.me(), h.user()))),
    (4, "contacts::decline", |h, c| done(contacts::decline(c, h.me(), h.user()))),
    (4, "contacts::remove", |h, c| done(contacts::remove(c, h.me(), h.user()))),
    (12, "contacts::request", |h, c| done(contacts::request(c, h.me(), h.user()))),
    (8, "direct_chats::find_or_create", |h, c| {
        let opened = direct_chats::find_or_create(c, h.me(), h.user());
        if let Ok(chat) = &opened {
            keep(&h.town.directs, chat.id);
        }
        done(opened)
    }),
    (1, "erasure::of_user", |h, c| {
        let mut run = Erasure::of(h.user());
        come(h, c)?;
        while !run.is_done {
            match erasure::of_user(c, run.clone()) {
                Ok(next) => run = next,
                Err(refused) => return done::<(), _>(Err(refused)),
            }
        }
        Ok(())
    }),
    (12, "groups::add", |h, c| done(groups::add(c, h.me(), h.chat, h.user()))),
    (4, "groups::change_avatar", |h, c| done(groups::change_avatar(c, h.me(), h.chat, Some(h.key())))),
    (4, "groups::change_slug", |h, c| {
        let slug = h.name().replace('_', "-");
        done(groups::change_slug(c, h.me(), h.chat, Some(&slug)))
    }),
    (3, "groups::create", |h, c| {
        let members = [h.user(), h.user(), h.user()];
        let created = groups::create(c, h.me(), &NewGroup::new("Hikers", &members));
        if let Ok(chat) = &created {
            keep(&h.town.groups, chat.id);
        }
        done(created)
    }),
    (1, "groups::delete", |h, c| done(groups::delete(c, h.me(), h.chat))),
    (4, "groups::demote", |h, c| done(groups::demote(c, h.me(), h.chat, h.user()))),
    (1, "groups::leave", |h, c| done(groups::leave(c, h.me(), h.chat))),
    (4, "groups::promote", |h, c| done(groups::promote(c, h.me(), h.chat, h.user()))),
    (2, "groups::remove", |h, c| done(groups::remove(c, h.me(), h.chat, h.user()))),
    (4, "groups::rename", |h, c| done(groups::rename(c, h.me(), h.chat, "Climbers"))),
    (4, "groups::transfer_ownership", |h, c| done(groups::transfer_ownership(c, h.me(), h.chat, h.user()))),
    (1, "messages::clear", |h, c| done(messages::clear(c, h.me(), h.chat, h.seq()))),
    (8, "messages::delete", |h, c| done(messages::delete(c, h.me(), h.chat, h.seq()))),
    (8, "messages::edit", |h, c| {
        let words = h.words();
        done(messages::edit(c, h.me(), h.chat, h.seq(), &words))
    }),
    (4, "messages::hide", |h, c| done(messages::hide(c, h.me(), h.chat, h.seq()))),
    (24, "messages::send", |h, c| done(messages::send(c, h.me(), h.chat, &h.draft()))),
    (8, "messages::send_many", |h, c| {
        let mut outgoing = Vec::new();
        for _ in 0..6 {
            h.go(c)?;
            outgoing.push(Outgoing::new(h.me(), h.chat, h.draft()));
        }
        messages::send_many(c, &outgoing).map(drop)
    }),
    (4, "messages::touch", |h, c| done(messages::touch(c, h.me(), h.chat, h.seq()))),
    (4, "privacy::change", |h, c| {
        let changes = privacy::Changes { presence_to: Some(Visibility::Contacts), ..privacy::Changes::default() };
        done(privacy::change(c, h.me(), &changes))
    }),
    (12, "push::register", |h, c| {
        let ((me, session), token) = (h.session(), ["one", "two", "three"][h.below(3)]);
        done(push::register(c, me, session, &Address::fcm(PushToken::new(token))))
    }),
    (4, "push::remove", |h, c| {
        let (me, session) = h.session();
        push::remove(c, me, session).map(drop)
    }),
    (8, "reactions::add", |h, c| done(reactions::add(c, h.me(), h.chat, h.seq(), "👍"))),
    (8, "reactions::remove", |h, c| done(reactions::remove(c, h.me(), h.chat, h.seq(), "👍"))),
    (4, "receipts::mark_delivered", |h, c| done(receipts::mark_delivered(c, h.me(), h.chat, h.seq()))),
    (4, "receipts::mark_many", |h, c| {
        let mut marks = Vec::new();
        for _ in 0..6 {
            h.go(c)?;
            marks.push(Mark::read(h.me(), h.chat, h.seq()));
        }
        receipts::mark_many(c, &marks).map(drop)
    }),
    (4, "receipts::mark_read", |h, c| done(receipts::mark_read(c, h.me(), h.chat, h.seq()))),
    (4, "retention::purge_chat", |_, c| retention::purge_chat(c, Utc::now()).map(drop)),
    (2, "retention::remove_messages", |h, c| {
        let mut run = if h.coin() { Removal::everywhere() } else { Removal::in_chat(h.chat) };
        while !run.is_done {
            run = retention::remove_messages(c, run, Utc::now() - TimeDelta::milliseconds(300))?;
        }
        Ok(())
    }),
    (8, "sessions::connect", |h, c| {
        let ((me, session), server) = (h.session(), ["front-1", "front-2"][h.below(2)]);
        done(sessions::connect(c, me, session, &Socket::new(server, "a")))
    }),
    (4, "sessions::disconnect", |h, c| {
        let (me, session) = h.session();
        sessions::disconnect(c, me, session, &Socket::new("front-1", "a")).map(drop)
    }),
    (4, "sessions::disconnect_server", |_, c| sessions::disconnect_server(c, "front-1").map(drop)),
    (16, "sessions::open", sign_in),
    (4, "sessions::purge_expired", |h, c| {
        let (_, session) = h.session();
        let created = Utc::now() - TimeDelta::days(1);
        diesel::update(user_sessions::table.find(session))
            .set((user_sessions::created_at.eq(created), user_sessions::expires_at.eq(created + TimeDelta::hours(1))))
            .execute(c)?;
        sessions::purge_expired(c, 10).map(drop)
    }),
    (4, "sessions::revoke", |h, c| {
        let (me, session) = h.session();
        sessions::revoke(c, me, session).map(drop)
    }),
    (2, "sessions::revoke_all", |h, c| sessions::revoke_all(c, h.me()).map(drop)),
    (4, "sessions::revoke_others", |h, c| {
        let (me, session) = h.session();
        sessions::revoke_others(c, me, session).map(drop)
    }),
    (4, "sessions::rotate", |h, c| {
        let (me, session) = h.session();
        done(sessions::rotate(c, me, session))
    }),
    (12, "projector::tick", |_, c| projector::tick(c, &Options::at_once()).map(drop)),
    (4, "uploads::abandon", |_, c| uploads::abandon(c, TimeDelta::zero(), 2).map(drop)),
    (12, "uploads::begin", |h, c| {
        let new = NewUpload { storage_key: h.key(), mime_type: ImageType::Png, byte_size: 1 };
        done(uploads::begin(c, h.me(), &new))
    }),
    (4, "uploads::discard", |_, c| uploads::discard(c, TimeDelta::zero(), 2).map(drop)),
    (4, "uploads::process", |h, c| {
        done(uploads::process(c, h.key(), &Processed { thumbnail_key: Some("t.png"), ..Processed::default() }))
    }),
    (4, "uploads::remove", |_, c| uploads::remove(c, &["b.png", "a.png"]).map(drop)),
];

fn sign_in(h: &mut Hand<'_>, c: &mut PgConnection) -> QueryResult<()> {
    let (user, id) = (h.user(), [None, Some("phone"), Some("tablet")][h.below(3)]);
    let opened = sessions::open(c, user, &Device { id, ..Device::new(DeviceType::Ios) }, TimeDelta::days(1));
    if let Ok(opened) = &opened {
        keep(&h.town.sessions, (user, opened.session.id));
    }
    done(opened)
}

/// Somebody new comes to the town, for whom the oldest goes: a contact of some, and in groups.
fn come(h: &mut Hand<'_>, c: &mut PgConnection) -> QueryResult<()> {
    let user = cast::user(c, &h.name());
    keep(&h.town.users, user);
    for _ in 0..FEW {
        let other = h.user();
        done(contacts::request(c, by(user), other))?;
        done(contacts::accept(c, by(other), user))?;
        h.go(c)?;
        done(groups::add(c, h.me(), h.chat, user))?;
    }
    Ok(())
}

#[test]
fn operations_never_wait_for_each_other_in_a_circle() {
    if !server().workers().is_empty() {
        return; // Tables are locked there for a change of a reference table: it is to be repeated.
    }
    for is_kept in [false, true] {
        let database = TestDatabase::migrated();
        projector::keep(&mut database.diesel_without_projector(), is_kept).unwrap();
        assert_eq!(faults(&database), [""; 0], "lists are kept: {is_kept}");
        assert_consistent(&database);
        if is_kept {
            let conn = &mut database.diesel_without_projector();
            catch_up(conn);
            assert_eq!(assert_projected(conn), Ok(()));
        }
    }
}

/// What goes wrong while eight do whatever there is to do.
fn faults(database: &TestDatabase) -> Vec<String> {
    let conn = &mut database.diesel();
    let users = cast::crowd(conn, FEW);
    let town = Town {
        groups: Mutex::new(
            [(); 2].map(|()| groups::create(conn, by(users[0]), &NewGroup::new("Hikers", &users)).unwrap().id).into(),
        ),
        directs: Mutex::new([cast::direct(conn, users[0], users[1]), cast::direct(conn, users[1], users[2])].into()),
        sessions: Mutex::default(),
        users: Mutex::new(users.into()),
        made: AtomicUsize::new(0),
    };
    let mut first = Hand::new(&town, 0);
    for _ in 0..FEW {
        sign_in(&mut first, conn).unwrap();
    }
    let faults = cast::at_once(database, 8, |number, conn| {
        conn.batch_execute("SET deadlock_timeout = '500ms'").unwrap();
        let mut hand = Hand::new(&town, 1 + number as u64);
        let mut faults = Vec::new();
        for _ in 0..400 * hostile::rounds() {
            hand.go(conn).unwrap();
            let (_, name, act) = ACTS.choose_weighted(&mut hand.dice, |(weight, ..)| *weight).unwrap();
            if let Err(error) = act(&mut hand, conn) {
                faults.push(match error {
                    diesel::result::Error::DatabaseError(_, info) => {
                        format!("{name}: {} {:?} {:?}", info.message(), info.details(), info.hint())
                    }
                    error => format!("{name}: {error:?}"),
                });
            }
        }
        faults
    });
    faults.into_iter().flatten().collect()
}
