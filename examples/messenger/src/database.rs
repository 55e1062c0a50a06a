//! The database as the service uses it: migrated when the server starts, then a pool of connections.

use std::sync::Arc;

use messenger_db::migrate::{self, ConnectOptions, RunOptions, Silent};
use messenger_db::service::{Options, Pool};
use tokio::sync::Semaphore;

use crate::failure::Failure;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Migrates the database, and gives a pool of connections to it.
///
/// # Errors
///
/// Those of the migration.
pub async fn open(url: String, connections: usize) -> Result<Pool, Failed> {
    let pool = Pool::new(&url, Options { connections, ..Options::default() });
    tokio::task::spawn_blocking(move || {
        let migrations = migrate::connect(&url.parse()?, &ConnectOptions::default(), &mut Silent)?;
        migrate::run(&migrations, &RunOptions::default(), &mut Silent)?;
        Ok::<_, Failed>(())
    })
    .await??;
    Ok(pool)
}

/// Threads for what keeps a processor busy, such as hashing a password: as many at once as there are processors, so that
/// who signs in does not slow down who writes. It holds no connection.
#[derive(Clone)]
pub struct Workers(Arc<Semaphore>);

impl Default for Workers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))))
    }
}

impl Workers {
    /// Does something that takes long.
    ///
    /// # Errors
    ///
    /// When it panics.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(|error| Failure::internal(&error))?;
        let working = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        working.await.map_err(|error| Failure::internal(&error))
    }
}
