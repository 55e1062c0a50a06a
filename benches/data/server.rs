//! A PostgreSQL that keeps what it promises (every commit is flushed to the disk), and goes away with this process.

use std::path::PathBuf;
use std::time::Duration;

use messenger_db::local::{DATABASE, Local, Status, Watchdog};
use messenger_db::migrate::Conninfo;
use messenger_db::migrate::for_tests::Connection;

use super::{processor, standby};

/// What differs from PostgreSQL's defaults. The first three are defaults, and stated because everything depends on them.
const SETTINGS: [&str; 12] = [
    "fsync = on",
    "synchronous_commit = on",
    "full_page_writes = on",
    "shared_buffers = '2GB'",
    "effective_cache_size = '6GB'",
    "work_mem = '16MB'",
    "maintenance_work_mem = '512MB'",
    // What a server for such data has: no checkpoint forced by a short log in the middle of a figure.
    "max_wal_size = '8GB'",
    // And as any server that has been up for a while: segments of the log to use again, instead of making new ones.
    "min_wal_size = '4GB'",
    "checkpoint_timeout = '30min'",
    "max_connections = 200",
    "jit = off",
];

/// The server of a bench. It is destroyed, with its data, when this is dropped or the process ends, however it ends.
pub struct Server {
    local: Local,
    _watchdog: Option<Watchdog>,
}

impl Server {
    /// Makes it and starts it, in `BENCH_DIR` or the system's folder for temporary files.
    pub fn start() -> Self {
        Self::launch(Self::settled(""))
    }

    /// A hot standby of it, with its settings. It goes away as its primary does.
    pub fn standby(&self, name: &str) -> Self {
        let local = Self::settled(&format!("-{name}"));
        standby::make(&self.local, &local);
        Self::launch(local)
    }

    /// A server that is not there yet.
    fn settled(name: &str) -> Local {
        let above = std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let folder = above.join(format!("messenger-db-bench-{}{name}", std::process::id()));
        // Such as BENCH_SETTINGS="shared_preload_libraries = 'pg_stat_statements'", to look closer.
        let more = std::env::var("BENCH_SETTINGS").unwrap_or_default();
        let settings = SETTINGS.into_iter().chain(more.lines());
        settings.fold(Local::open(Some(folder)).unwrap(), Local::setting)
    }

    fn launch(local: Local) -> Self {
        local.start().unwrap_or_else(|error| panic!("{error}"));
        let watchdog = local.keep().unwrap();
        Self { local, _watchdog: watchdog }
    }

    /// How long its processes have had a processor; `None` where the system does not tell.
    pub fn processor_time(&self) -> Option<Duration> {
        let Status::Running { pid, .. } = self.local.status().unwrap() else { return None };
        processor::time_of(pid)
    }

    /// What it is.
    pub fn version(&self) -> String {
        self.value(DATABASE, "SHOW server_version")
    }

    /// The URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        self.local.url(database)
    }

    /// Makes a database: an empty one, or a copy.
    pub fn create(&self, database: &str, template: &str) {
        self.execute(DATABASE, &format!("CREATE DATABASE {database} TEMPLATE {template} STRATEGY file_copy"));
    }

    /// Carries out SQL in one of its databases.
    pub fn execute(&self, database: &str, sql: &str) -> Vec<Vec<Option<String>>> {
        let conninfo = self.url(database).parse::<Conninfo>().unwrap();
        let mut connection = Connection::open(&conninfo).unwrap_or_else(|error| panic!("{error}"));
        connection.execute(sql).unwrap_or_else(|error| panic!("{error} in {sql}"))
    }

    /// The end of the write-ahead log, in bytes.
    pub fn log_position(&self) -> f64 {
        self.value(DATABASE, "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')").parse().unwrap()
    }

    /// The bytes of the records between two positions of the log, without images of whole pages.
    pub fn log_between(&self, from: f64, to: f64) -> f64 {
        self.execute(DATABASE, "SET client_min_messages = error; CREATE EXTENSION IF NOT EXISTS pg_walinspect");
        let sql = format!(
            "SELECT coalesce(sum(record_size), 0) \
             FROM pg_get_wal_stats('0/0'::pg_lsn + {from}, least('0/0'::pg_lsn + {to}, pg_current_wal_flush_lsn())) \
             WHERE {to} > {from}"
        );
        self.value(DATABASE, &sql).parse().unwrap()
    }

    /// How many buffers its sessions have read or written in one of its databases, as far as they have told.
    pub fn buffers(&self, database: &str) -> f64 {
        let sql = "SELECT blks_hit + blks_read FROM pg_stat_database WHERE datname = ";
        self.value(DATABASE, &format!("{sql}'{database}'")).parse().unwrap()
    }

    /// The one value that a query gives.
    pub fn value(&self, database: &str, sql: &str) -> String {
        let rows = self.execute(database, sql);
        rows.into_iter().flatten().flatten().next().unwrap_or_else(|| panic!("nothing: {sql}"))
    }
}
