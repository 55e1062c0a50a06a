//! The doorbell between the servers of one database: this one rings for what it wrote, and tells its sockets what another
//! one rings for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use diesel::{Connection as _, PgConnection};
use futures_util::StreamExt as _;
use messenger_db::actor::Actor;
use messenger_db::ids::{ChatId, SessionId, UserId};
use messenger_db::models::Message;
use messenger_db::page::Limit;
use messenger_db::queries::chats;
use messenger_db::queries::history::{self, Entry};
use messenger_db::queries::sessions::{self, OpenSocket};
use messenger_db::realtime::{Bell, Heard, Listener, Options, Ring};
use messenger_db::seq::Seq;
use messenger_db::version::Version;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::commands::watchers_in;
use crate::event::Event;
use crate::failure::Failure;
use crate::server::{App, State};

/// How many chats and users are looked up at once, when several rang.
const AT_ONCE: usize = 4;

/// This server's bell, and what its sockets were told of each chat.
pub struct Doorbell {
    bell: Bell,
    told: Mutex<HashMap<ChatId, Told>>,
}

/// Up to where the sockets of this server were told everything that happened in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    seq: Seq,
    version: Version,
}

/// What other servers are told that is kept nowhere, or that has no version.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// The server that says it, and has told its own sockets.
    from: String,
    about: About,
    event: Event,
}

#[derive(Debug, Serialize, Deserialize)]
enum About {
    /// The members of a chat who may see whether a user is there.
    Typing(ChatId, UserId),
    /// Those who may see what a user has received and read in a chat.
    Receipts(ChatId, UserId),
    /// Those who may see whether a user is there.
    Presence(UserId),
}

/// Whose sockets these are, each user once.
pub fn users_of(sockets: Vec<OpenSocket>) -> Vec<UserId> {
    sockets.into_iter().map(|open| open.user_id).collect::<BTreeSet<_>>().into_iter().collect()
}

impl Doorbell {
    /// A bell on a connection of its own.
    pub fn new(url: String) -> Self {
        let bell = Bell::start(move || PgConnection::establish(&url), Options::default());
        Self { bell, told: Mutex::default() }
    }

    /// Rings for a change of a chat. To be called in the closure of the operation, after its commit.
    pub fn chat(&self, chat: ChatId, version: Version) {
        self.bell.ring(Ring::Chat(chat, version));
    }

    /// Rings for users whose own things changed, such as their contacts.
    pub fn users(&self, users: impl IntoIterator<Item = UserId>) {
        for user in users {
            self.bell.ring(Ring::User(user, Version::ZERO));
        }
    }

    /// Tells the members of a chat who are at other servers and may see that a user is there.
    pub fn typing(&self, from: &str, chat: ChatId, user: UserId, event: Event) {
        self.note(&Note { from: from.to_owned(), about: About::Typing(chat, user), event });
    }

    /// Tells those at other servers who may see what a user has received and read in a chat.
    pub fn receipts(&self, from: &str, chat: ChatId, user: UserId, event: Event) {
        self.note(&Note { from: from.to_owned(), about: About::Receipts(chat, user), event });
    }

    /// Tells those at other servers who may see whether a user is there.
    pub fn presence(&self, from: &str, user: UserId, event: Event) {
        self.note(&Note { from: from.to_owned(), about: About::Presence(user), event });
    }

    fn note(&self, note: &Note) {
        // None is too long: a message is never in it.
        if let Ok(text) = serde_json::to_string(note) {
            let _ = self.bell.note(&text);
        }
    }

    /// The sockets of this server were told of a change by who made it: its ring is nothing new here.
    pub fn told(&self, message: &Message, version: Version) {
        if let Some(told) = self.lock().get_mut(&message.chat_id) {
            // Something in between comes with another server's ring.
            if version.get() == told.version.get() + 1 {
                *told = Told { seq: told.seq.max(message.seq), version };
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChatId, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens until the server has ended, and tells its sockets.
pub fn listen(app: &App) {
    let (url, app) = (app.options.database_url.clone(), Arc::downgrade(app));
    let (heard, hear) = mpsc::unbounded_channel();
    let server = app.clone();
    thread::spawn(move || {
        let listener = Listener::start(move || PgConnection::establish(&url), Options::default());
        // A server that has ended is noticed by and by.
        while server.strong_count() > 0 {
            let Some(next) = listener.next(Duration::from_secs(1)) else { continue };
            if heard.send(next).is_err() {
                return;
            }
        }
    });
    tokio::spawn(answer(app, hear));
}

async fn answer(app: Weak<State>, mut heard: UnboundedReceiver<Heard>) {
    let mut several = Vec::new();
    while heard.recv_many(&mut several, 1_000).await > 0 {
        let Some(app) = app.upgrade() else { return };
        // Each chat and each user once, however often they rang.
        let (mut chats, mut users, mut notes) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        let mut anew = false;
        for one in several.drain(..) {
            match one {
                Heard::Ring(Ring::Chat(chat, version)) => {
                    let newest = chats.entry(chat).or_insert(version);
                    *newest = version.max(*newest);
                }
                Heard::Ring(Ring::User(user, _)) => _ = users.insert(user),
                Heard::Note(note) => notes.push(note),
                Heard::Connected => anew = true,
            }
        }
        if anew {
            // What was rung before was not heard.
            app.doorbell.lock().clear();
            app.hub.tell_everybody(&Event::Changed { chat: None });
        }
        let app = &app;
        let chats = chats.into_iter().map(|(chat, version)| look_at_chat(app, chat, version));
        futures_util::stream::iter(chats).for_each_concurrent(AT_ONCE, log).await;
        let users = users.into_iter().filter(|user| app.hub.has(*user)).map(|user| look_at_user(app, user));
        futures_util::stream::iter(users).for_each_concurrent(AT_ONCE, log).await;
        let notes = notes.iter().map(|note| pass_on(app, note));
        futures_util::stream::iter(notes).for_each_concurrent(AT_ONCE, log).await;
    }
}

async fn log(looking: impl Future<Output = Result<(), Failure>>) {
    // Whoever was not told asks for what changed, a little later.
    if let Err(failure) = looking.await {
        eprintln!("messenger: a ring was not answered: {}", failure.code);
    }
}

/// What is told of a chat.
enum News {
    Nothing,
    /// The members here, and what they are told in this order.
    Told(Vec<UserId>, Vec<Event>),
}

/// Tells the members of a chat who are here what they were not told. Messages that are new are read once for all of them;
/// for anything else each device asks what changed.
async fn look_at_chat(app: &App, chat: ChatId, version: Version) -> Result<(), Failure> {
    let known = app.doorbell.lock().get(&chat).copied();
    if known.is_some_and(|known| version <= known.version) {
        return Ok(());
    }
    let server = Arc::clone(app);
    let news = app.database.run(move |conn| {
        let mut here = chats::all_member_ids(conn, chat)?;
        here.retain(|member| server.hub.has(*member));
        let Some(&reader) = here.first() else {
            server.doorbell.lock().remove(&chat);
            return Ok::<_, Failure>(News::Nothing);
        };
        let actor = Actor::trusted(reader);
        let page = match known {
            Some(known) => history::after(conn, actor, chat, known.seq, Limit::MAX)?,
            None => history::latest(conn, actor, chat, Limit::new(1))?,
        };
        let (events, now) = news(chat, known, version, page.entries);
        server.doorbell.lock().insert(chat, now);
        Ok(News::Told(here, events))
    });
    if let News::Told(here, events) = news.await? {
        for event in &events {
            app.hub.tell(&here, event, None);
        }
    }
    Ok(())
}

/// What is told of the messages after what was told, and up to where everything is told then. Versions are gapless, so
/// that what lies between two messages is seen: an edit, a reaction, a member.
fn news(chat: ChatId, known: Option<Told>, version: Version, entries: Vec<Entry>) -> (Vec<Event>, Told) {
    let mut now = known.unwrap_or(Told { seq: Seq::ZERO, version: Version::ZERO });
    let (mut events, mut is_more) = (Vec::new(), known.is_none());
    for entry in entries {
        let message = &entry.message;
        is_more |= message.version.get() != now.version.get() + 1 || message.sender_id.is_none();
        now = Told { seq: message.seq.max(now.seq), version: message.version.max(now.version) };
        if !is_more {
            events.push(Event::Message { chat, entry: Box::new(entry) });
        }
    }
    is_more |= now.version < version;
    now.version = now.version.max(version);
    if is_more {
        events.push(Event::Changed { chat: Some(chat) });
    }
    (events, now)
}

/// Tells the devices of a user to ask what changed, and ends the sockets of sessions that have ended.
async fn look_at_user(app: &App, user: UserId) -> Result<(), Failure> {
    let listed = app.database.run(move |conn| sessions::list(conn, Actor::trusted(user), None, Limit::MAX)).await?;
    app.hub.tell(&[user], &Event::Changed { chat: None }, None);
    // Whoever has more devices than a page lists is told by the look that each socket takes now and then.
    if i64::try_from(listed.len()).is_ok_and(|length| length < Limit::MAX.get()) {
        let active: BTreeSet<SessionId> = listed.into_iter().map(|session| session.id).collect();
        app.hub.end(user, |session| !active.contains(&session));
    }
    Ok(())
}

/// Tells the sockets here what another server noted.
async fn pass_on(app: &App, note: &str) -> Result<(), Failure> {
    // What is none is of a later release, or somebody else's.
    let Ok(Note { from, about, event }) = serde_json::from_str(note) else { return Ok(()) };
    if from == app.name {
        return Ok(());
    }
    let users = app.database.run(move |conn| {
        Ok::<_, Failure>(match about {
            About::Typing(chat, user) => watchers_in(conn, Actor::trusted(user), chat)?,
            About::Receipts(chat, user) => users_of(sessions::receipt_watchers(conn, Actor::trusted(user), chat)?),
            About::Presence(user) => users_of(sessions::watchers(conn, Actor::trusted(user))?),
        })
    });
    app.hub.tell(&users.await?, &event, None);
    Ok(())
}
