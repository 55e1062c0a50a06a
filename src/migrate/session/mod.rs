//! Sessions with the server: the pool, the lock of the runners, the lock monitor, retries.

pub(crate) mod connect;
pub(crate) mod lock;
pub(crate) mod lock_monitor;
pub(crate) mod manager;
pub(crate) mod options;
pub(crate) mod pool;
pub(crate) mod pooler;
pub(crate) mod remarks;
pub(crate) mod restore;
pub(crate) mod retry_policy;
pub(crate) mod transaction;
