//! The studio: what its pages show, whom it lets in, and what its statements read.

mod attacks;
mod browser;
mod health;
mod pages;
mod plans;
mod roles;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use browser::Browser;
use messenger_db::migrate::{self, ConnectOptions, Silent};
use messenger_db::studio::{Options, Studio};

use crate::support::TestDatabase;

/// A studio that answers until it is dropped.
struct Running {
    port: u16,
    url: String,
    ends: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Running {
    /// On a database, as the role of the tests.
    fn on(database: &TestDatabase) -> Self {
        Self::at(&database.url())
    }

    /// On the database of a URL.
    fn at(url: &str) -> Self {
        let pool = migrate::connect(&url.parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap();
        Self::of(Studio::open(&pool, &Options::default()).unwrap())
    }

    fn of(studio: Studio) -> Self {
        let (port, url, ends) = (studio.address().port(), studio.url(), Arc::new(AtomicBool::new(false)));
        let asked = Arc::clone(&ends);
        let serving = std::thread::spawn(move || studio.run_until(|| asked.load(Ordering::Relaxed)).unwrap());
        Self { port, url, ends, serving: Some(serving) }
    }

    /// A browser that was let in.
    fn browser(&self) -> Browser {
        let token = self.url.split("token=").nth(1).unwrap();
        let answer = Browser::outside(self.port).get(&format!("/?token={token}"));
        assert_eq!(answer.status, 303);
        Browser::with_cookie(self.port, answer.header("set-cookie").unwrap().split(';').next().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        let ended = self.serving.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking());
    }
}
