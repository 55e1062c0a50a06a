//! The database as the service uses it: migrated when the server starts, then a pool of connections.

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use diesel::r2d2::{ConnectionManager, Pool};
use messenger_db::interruption;
use messenger_db::migrate::{self, ConnectOptions, RunOptions, Silent};
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// A pool of connections. Operations run on threads of their own, because Diesel waits for the server.
#[derive(Clone)]
pub struct Database {
    pool: Pool<ConnectionManager<PgConnection>>,
    /// One for each connection: whoever waits, waits here, and holds no thread.
    permits: Arc<Semaphore>,
}

impl Database {
    /// Migrates the database, and connects to it.
    ///
    /// # Errors
    ///
    /// Those of the migration and of the first connection.
    pub fn open(url: &str, size: u32) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let migrations = migrate::connect(&url.parse()?, &ConnectOptions::default(), &mut Silent)?;
        migrate::run(&migrations, &RunOptions::default(), &mut Silent)?;
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            // Else each operation costs a round trip more. An operation finds a lost connection as soon.
            .test_on_check_out(false)
            .connection_timeout(Duration::from_secs(5))
            .build(ConnectionManager::new(url))?;
        let mut connection = pool.get()?;
        interruption::learn(&mut connection)?;
        Ok(Self { pool, permits: Arc::new(Semaphore::new(size as usize)) })
    }

    /// Runs an operation. One that has begun goes on when nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// Those of the operation.
    pub async fn run<T, E, F>(&self, operation: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        E: Into<Failure> + Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|error| Failure::internal(&error))?;
        let pool = self.pool.clone();
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut connection = pool.get().map_err(|error| Failure::internal(&error))?;
            operation(&mut connection).map_err(Into::into)
        });
        running.await.map_err(|error| Failure::internal(&error))?
    }
}
