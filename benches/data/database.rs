//! A database at the head of the migrations, with a world in it.

use diesel::{Connection as _, PgConnection};
use messenger_db::migrate::{self, ConnectOptions, RunOptions, Silent};

use super::{Server, Size, Words, World, fill, import};

/// A database, and who is in it.
pub struct Database {
    /// What it is called.
    pub name: &'static str,
    /// Where it is.
    pub url: String,
    /// Who is in it.
    pub world: World,
    /// How many messages a second were imported.
    pub import_rate: f64,
}

impl Database {
    /// Makes it and fills it.
    pub fn create(server: &Server, name: &'static str, size: Size, words: &Words) -> Self {
        server.create(name, "template0");
        let url = server.url(name);
        let pool = migrate::connect(&url.parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap();
        migrate::run(&pool, &RunOptions::default(), &mut Silent).unwrap();
        drop(pool);

        let world = World::new(size);
        eprintln!("database {name}: {} users, {} messages", world.users.len(), world.messages());
        let conn = &mut PgConnection::establish(&url).unwrap();
        fill::fill(conn, &world);
        // An import into a database whose statistics say that it is empty plans for an empty one.
        server.execute(name, "ANALYZE");
        let took = import::import(conn, &world, words);
        server.execute(name, include_str!("reactions.sql"));
        server.execute(name, "VACUUM ANALYZE");
        server.execute(name, "CHECKPOINT");
        let import_rate = world.messages() as f64 / took.as_secs_f64();
        eprintln!("  imported {import_rate:.0} messages a second");
        Self { name, url, world, import_rate }
    }

    /// A connection to it.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }
}
