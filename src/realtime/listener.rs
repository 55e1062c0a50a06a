//! Listens: a thread with a connection of its own that yields what was rung, and what it finds out by asking.

use std::collections::HashMap;
use std::convert::Infallible;
use std::mem;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable};

use super::heard::{Heard, Queue};
use super::ring::{Ring, Subject, merged, note, rings};
use super::{CHANNEL, Options};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::queries::statement::statement;
use crate::version::Version;

/// Hears what other servers ring.
///
/// It yields everything that is rung on the database, so that a server looks up whether it has a socket that is concerned.
/// What the server [serves](Self::serve) is found by asking, too, when a ring was lost.
///
/// What it has heard waits for [`next`](Self::next): a ring for each chat and each user that was rung, and each note.
///
/// Dropped, it ends. That takes a second at most: a thread that still waits for the server then ends by itself.
#[derive(Debug)]
pub struct Listener {
    orders: Option<Sender<Order>>,
    heard: Arc<Queue>,
    trouble: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Order {
    Serve(Ring),
    Forget(Subject),
}

impl Listener {
    /// Starts the thread, which connects, and connects anew whenever the connection is lost, or cannot be listened on, as on a
    /// standby, or cannot be asked, as in a database that is not migrated. It waits longer each time until it could,
    /// [`reconnect`](Options::reconnect), and tells [`Connected`](Heard::Connected) then; [`trouble`](Self::trouble) says why it
    /// cannot.
    ///
    /// The connection is one of its own, not of a pool, and does not go through a pooler in transaction mode. That the
    /// other end has vanished without a word is noticed by the poll, as soon as the operating system says so:
    /// `tcp_user_timeout` in the connection's URL sets when.
    pub fn start(connect: impl FnMut() -> ConnectionResult<PgConnection> + Send + 'static, options: Options) -> Self {
        let (orders, ordered) = mpsc::channel();
        let heard = Arc::new(Queue::default());
        let trouble = Arc::default();
        let (tell, why) = (Arc::clone(&heard), Arc::clone(&trouble));
        let thread = thread::spawn(move || {
            let served = HashMap::new();
            let mut ear = Ear { connect, options, orders: ordered, tell, why, has_listened: false, served };
            // It ends when nobody holds the listener any more.
            let _ = ear.listen();
        });
        Self { orders: Some(orders), heard, trouble, thread: Some(thread) }
    }

    /// Why it does not listen at this moment, for a log: the last error of connecting, listening or asking. `None`: it listens, or
    /// has not tried yet.
    ///
    /// It is what `connect`, libpq or the server says, word for word; of a URL that it cannot read, libpq quotes a part.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The next thing that is heard. `None`: nothing was, for so long.
    #[must_use = "it is not heard again"]
    pub fn next(&self, wait: Duration) -> Option<Heard> {
        self.heard.take(wait)
    }

    /// From now on, asks for the version of this chat or user now and then, and yields it when it is larger than this
    /// one, which the server knows, and than what was heard since.
    pub fn serve(&self, known: Ring) {
        self.order(Order::Serve(known));
    }

    /// No longer asks for a chat.
    pub fn forget_chat(&self, chat_id: ChatId) {
        self.order(Order::Forget(Subject::Chat(chat_id)));
    }

    /// No longer asks for a user.
    pub fn forget_user(&self, user_id: UserId) {
        self.order(Order::Forget(Subject::User(user_id)));
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // It fails when the thread has panicked.
            let _ = orders.send(order);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            super::end(thread);
        }
    }
}

statement! {
    /// The versions of some chats and some users.
    Heads {
        chats: Vec<ChatId> as Array<sql::ChatId>,
        users: Vec<UserId> as Array<sql::UserId>,
    } -> (Nullable<sql::ChatId>, Nullable<sql::UserId>, BigInt) = "heads.sql"
}

/// Either a chat or a user, and its version.
type Head = (Option<ChatId>, Option<UserId>, Version);

struct Ear<C> {
    connect: C,
    options: Options,
    orders: Receiver<Order>,
    tell: Arc<Queue>,
    /// Why it does not listen.
    why: Arc<Mutex<Option<String>>>,
    /// Whether it has listened since the last attempt to.
    has_listened: bool,
    /// What the server serves, and the largest version of each that it knows.
    served: HashMap<Subject, Version>,
}

/// Why a connection is no longer listened to.
enum Stop {
    /// It is lost, or cannot be listened on.
    Lost(String),
    /// Nobody holds the listener any more.
    Over,
}

impl From<diesel::result::Error> for Stop {
    fn from(error: diesel::result::Error) -> Self {
        Self::Lost(error.to_string())
    }
}

impl<C: FnMut() -> ConnectionResult<PgConnection>> Ear<C> {
    /// Connects and listens, again and again. `None`: nobody holds the listener any more.
    fn listen(&mut self) -> Option<Infallible> {
        let (first, longest) = self.options.reconnect;
        let mut pause = first;
        loop {
            let why = match (self.connect)() {
                Ok(mut connection) => match self.hear(&mut connection) {
                    Stop::Over => return None,
                    Stop::Lost(why) => why,
                },
                Err(error) => error.to_string(),
            };
            self.note_trouble(Some(why));
            if mem::take(&mut self.has_listened) {
                pause = first;
            }
            // Not at once, when the server ends each new connection.
            self.obey(pause)?;
            pause = pause.saturating_mul(2).min(longest);
        }
    }

    fn hear(&mut self, connection: &mut PgConnection) -> Stop {
        let Err(stop) = self.hear_on(connection);
        stop
    }

    fn hear_on(&mut self, connection: &mut PgConnection) -> Result<Infallible, Stop> {
        diesel::sql_query(format!("LISTEN {CHANNEL}")).execute(connection)?;
        // What was ordered while it connected is asked for at once, too.
        self.obey(Duration::ZERO).ok_or(Stop::Over)?;
        // Only what can be asked is connected, and whoever hears that finds what is newer behind it.
        let heads = self.ask(connection)?;
        self.has_listened = true;
        self.note_trouble(None);
        self.tell.put(Heard::Connected);
        self.tell(heads);
        let mut polled = Instant::now();
        loop {
            let mut newest = HashMap::<Subject, Version>::new();
            let mut notes = Vec::new();
            for notification in connection.notifications_iter() {
                let payload = notification?.payload;
                if let Some(note) = note(&payload) {
                    notes.push(note.to_owned());
                    continue;
                }
                for (subject, version) in rings(&payload).map(Ring::parts) {
                    let known = newest.entry(subject).or_insert(version);
                    *known = merged(version, *known);
                }
            }
            for (subject, version) in newest {
                self.note(subject, version);
                self.tell.put(Heard::Ring(Ring::of(subject, version)));
            }
            for note in notes {
                self.tell.put(Heard::Note(note));
            }
            if polled.elapsed() >= self.options.poll {
                let heads = self.ask(connection)?;
                self.tell(heads);
                polled = Instant::now();
            }
            self.obey(self.options.look).ok_or(Stop::Over)?;
        }
    }

    /// Asks for the versions of what is served.
    fn ask(&self, connection: &mut PgConnection) -> QueryResult<Vec<Head>> {
        let (mut chats, mut users) = (Vec::new(), Vec::new());
        for subject in self.served.keys() {
            match subject {
                Subject::Chat(chat_id) => chats.push(*chat_id),
                Subject::User(user_id) => users.push(*user_id),
            }
        }
        // Also with nothing to ask for: it finds out that the connection is lost.
        Heads { chats, users }.load(connection)
    }

    /// Tells those versions that are larger than what is known.
    fn tell(&mut self, heads: Vec<Head>) {
        for (chat_id, user_id, version) in heads {
            let Some(subject) = chat_id.map(Subject::Chat).or(user_id.map(Subject::User)) else { continue };
            if self.note(subject, version) {
                self.tell.put(Heard::Ring(Ring::of(subject, version)));
            }
        }
    }

    fn note_trouble(&self, why: Option<String>) {
        *self.why.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Notes the version of what is served, and says whether it is larger than what was known.
    fn note(&mut self, subject: Subject, version: Version) -> bool {
        let Some(known) = self.served.get_mut(&subject) else { return false };
        let is_newer = version > *known;
        *known = version.max(*known);
        is_newer
    }

    /// Takes orders for so long. `None`: nobody holds the listener any more.
    fn obey(&mut self, wait: Duration) -> Option<()> {
        let until = Instant::now() + wait;
        loop {
            match self.orders.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Order::Serve(ring)) => {
                    let (subject, version) = ring.parts();
                    let known = self.served.entry(subject).or_insert(version);
                    *known = version.max(*known);
                }
                Ok(Order::Forget(subject)) => _ = self.served.remove(&subject),
                Err(RecvTimeoutError::Timeout) => return Some(()),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}
