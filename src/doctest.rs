//! The database of the examples: a throwaway PostgreSQL, migrated, and removed afterwards.

use std::sync::OnceLock;

use diesel::{Connection as _, PgConnection, RunQueryDsl as _};

use crate::actor::Actor;
use crate::enums::ContactStatus;
use crate::ids::{ChatId, UserId};
use crate::local::{DATABASE, Local, Watchdog};
use crate::migrate::{self, ConnectOptions, RunOptions, Silent};
use crate::models::{NewContact, NewUser};
use crate::queries::{accounts, direct_chats};
use crate::schema::contacts;
use crate::secrets::PasswordHash;

/// A connection to a migrated database, in a transaction that is never committed.
///
/// # Panics
///
/// When there is no server to be had: an example has nothing else to do then.
#[must_use]
#[allow(clippy::expect_used, reason = "examples only")]
pub fn connection() -> PgConnection {
    static MIGRATED: OnceLock<String> = OnceLock::new();
    let url = MIGRATED.get_or_init(|| {
        let url = server().url(DATABASE);
        let conninfo = url.parse().expect("a URL");
        let pool = migrate::connect(&conninfo, &ConnectOptions::default(), &mut Silent).expect("a connection");
        migrate::run(&pool, &RunOptions::default(), &mut Silent).expect("the schema");
        url
    });
    let mut connection = PgConnection::establish(url).expect("a connection");
    connection.begin_test_transaction().expect("a transaction");
    connection
}

/// The URL of the migrated database, for an example that makes connections of its own.
///
/// # Panics
///
/// When there is no server to be had.
#[must_use]
pub fn url() -> String {
    drop(connection());
    server().url(DATABASE)
}

/// The URL of an empty database, for the one example that migrates it.
///
/// # Panics
///
/// When there is no server to be had.
#[must_use]
#[allow(clippy::expect_used, reason = "examples only")]
pub fn empty_database() -> String {
    let mut connection = PgConnection::establish(&server().url(DATABASE)).expect("a connection");
    diesel::sql_query("CREATE DATABASE empty TEMPLATE template0").execute(&mut connection).expect("a database");
    server().url("empty")
}

#[allow(clippy::expect_used, reason = "examples only")]
fn server() -> &'static Local {
    static SERVER: OnceLock<(Local, Option<Watchdog>)> = OnceLock::new();
    let (local, _) = SERVER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("messenger-db-doc-{}", std::process::id()));
        let local = Local::open(Some(folder)).expect("a state folder").throwaway();
        local.start().expect("a server");
        let watchdog = local.keep().expect("a watchdog");
        (local, watchdog)
    });
    local
}

/// An account of that name, for the examples that are about something else.
///
/// # Panics
///
/// When the name is taken, or no name.
#[must_use]
#[allow(clippy::expect_used, reason = "examples only")]
pub fn user(conn: &mut PgConnection, username: &str) -> Actor {
    let hash = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    let new = NewUser { id: UserId::new(), username, password_hash: &hash, display_name: None, avatar_url: None };
    Actor::trusted(accounts::register(conn, &new).expect("an account").id)
}

/// Two accounts, `anna` and `bob`, who are contacts, and their direct chat, in which nothing was said yet.
///
/// # Panics
///
/// When one of them exists already.
#[must_use]
#[allow(clippy::expect_used, reason = "examples only")]
pub fn direct_chat(conn: &mut PgConnection) -> (Actor, Actor, ChatId) {
    let (anna, bob) = (user(conn, "anna"), user(conn, "bob"));
    let status = Some(ContactStatus::Accepted);
    let sides = [(anna.user_id(), bob.user_id()), (bob.user_id(), anna.user_id())].map(|(user_id, contact_id)| {
        NewContact { user_id, contact_id, status, requested_by: anna.user_id(), accepted_at: Some(chrono::Utc::now()) }
    });
    diesel::insert_into(contacts::table).values(&sides).execute(conn).expect("new contacts");
    let chat = direct_chats::find_or_create(conn, anna, bob.user_id()).expect("a chat of two contacts");
    (anna, bob, chat.id)
}
