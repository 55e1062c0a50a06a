//! The sockets that are open on this server, by user: events go to them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use messenger_db::ids::{SessionId, UserId};
use tokio::sync::mpsc::{self, Receiver, Sender, WeakSender};

use crate::event::Event;

/// What waits to be sent over a socket, at most. A socket that does not keep up is closed: its device comes back and asks
/// what it missed, which is cheaper than keeping it all in memory.
const WAITING: usize = 512;

/// The end of the hub's side of a socket: what is received here goes out; when it ends, so does the socket.
pub type Outbox = Receiver<Utf8Bytes>;

/// The sockets of one server.
#[derive(Default)]
pub struct Hub {
    sockets: Mutex<HashMap<UserId, Vec<Socket>>>,
    next: AtomicU64,
}

struct Socket {
    number: u64,
    session: SessionId,
    outbox: Sender<Utf8Bytes>,
}

impl Hub {
    /// Adds a socket, and says its number, where to send its answers as long as the hub has it, and what to send over it.
    pub fn add(&self, user: UserId, session: SessionId) -> (u64, WeakSender<Utf8Bytes>, Outbox) {
        let (outbox, receiver) = mpsc::channel(WAITING);
        let answers = outbox.downgrade();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().entry(user).or_default().push(Socket { number, session, outbox });
        (number, answers, receiver)
    }

    /// Removes a socket.
    pub fn remove(&self, user: UserId, number: u64) {
        let mut sockets = self.lock();
        let Some(own) = sockets.get_mut(&user) else { return };
        own.retain(|socket| socket.number != number);
        if own.is_empty() {
            sockets.remove(&user);
        }
    }

    /// A socket of this session that is open here. Tabs of one browser have a session together.
    pub fn of_session(&self, user: UserId, session: SessionId) -> Option<u64> {
        self.lock().get(&user)?.iter().find(|socket| socket.session == session).map(|socket| socket.number)
    }

    /// Tells these users' sockets, but for the one with that number.
    pub fn tell(&self, users: &[UserId], event: &Event, except: Option<u64>) {
        let Ok(text) = serde_json::to_string(event) else { return };
        let text = Utf8Bytes::from(text);
        let mut sockets = self.lock();
        for user in users {
            let Some(own) = sockets.get_mut(user) else { continue };
            // A socket that is full is dropped here, which ends it.
            own.retain(|socket| Some(socket.number) == except || socket.outbox.try_send(text.clone()).is_ok());
        }
    }

    /// Tells all sockets.
    pub fn tell_everybody(&self, event: &Event) {
        let users: Vec<_> = self.lock().keys().copied().collect();
        self.tell(&users, event, None);
    }

    /// Whether a user has a socket here.
    pub fn has(&self, user: UserId) -> bool {
        self.lock().contains_key(&user)
    }

    /// Ends the sockets of sessions of a user, after telling them so.
    pub fn end(&self, user: UserId, is_over: impl Fn(SessionId) -> bool) {
        let Ok(text) = serde_json::to_string(&Event::SignedOut) else { return };
        let text = Utf8Bytes::from(text);
        if let Some(own) = self.lock().get_mut(&user) {
            own.retain(|socket| {
                let over = is_over(socket.session);
                if over {
                    let _ = socket.outbox.try_send(text.clone());
                }
                !over
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Socket>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_named_is_told_but_for_the_socket_that_did_it() {
        let hub = Hub::default();
        let [anna, bob, eve] = [(); 3].map(|()| UserId::new());
        let (phone, _, mut annas_phone) = hub.add(anna, SessionId::new());
        let (_, _, mut annas_laptop) = hub.add(anna, SessionId::new());
        let (_, _, mut bobs) = hub.add(bob, SessionId::new());
        let (_, _, mut eves) = hub.add(eve, SessionId::new());
        hub.tell(&[anna, bob], &Event::People, Some(phone));
        assert!(annas_laptop.try_recv().is_ok() && bobs.try_recv().is_ok());
        assert!(annas_phone.try_recv().is_err() && eves.try_recv().is_err());
    }

    #[test]
    fn a_socket_that_does_not_keep_up_is_ended() {
        let hub = Hub::default();
        let anna = UserId::new();
        let (_, answers, mut outbox) = hub.add(anna, SessionId::new());
        for _ in 0..=WAITING {
            hub.tell(&[anna], &Event::People, None);
        }
        let mut received = 0;
        while outbox.try_recv().is_ok() {
            received += 1;
        }
        assert_eq!(received, WAITING);
        assert!(answers.upgrade().is_none(), "the hub's side is gone");
    }

    #[test]
    fn another_socket_of_a_session_is_known() {
        let hub = Hub::default();
        let (anna, browser) = (UserId::new(), SessionId::new());
        let (one, ..) = hub.add(anna, browser);
        let (other, ..) = hub.add(anna, browser);
        hub.add(anna, SessionId::new());
        hub.remove(anna, one);
        assert_eq!(hub.of_session(anna, browser), Some(other));
        hub.remove(anna, other);
        assert_eq!((hub.of_session(anna, browser), hub.has(anna)), (None, true));
    }

    #[test]
    fn an_ended_session_loses_its_socket_and_the_others_stay() {
        let hub = Hub::default();
        let anna = UserId::new();
        let [phone, laptop] = [(); 2].map(|()| SessionId::new());
        let (_, _, mut phones) = hub.add(anna, phone);
        let (_, _, mut laptops) = hub.add(anna, laptop);
        hub.end(anna, |session| session == phone);
        assert!(phones.try_recv().is_ok());
        hub.tell(&[anna], &Event::People, None);
        assert!(phones.try_recv().is_err() && laptops.try_recv().is_ok());
    }
}
