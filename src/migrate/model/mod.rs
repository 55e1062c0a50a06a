//! What the runner speaks of, as plain data: migrations, steps, holders of locks, differences, places in SQL. No database.

pub(crate) mod allow;
pub(crate) mod backup;
pub(crate) mod blocker;
pub(crate) mod checksum;
pub(crate) mod drift;
pub(crate) mod holder;
pub(crate) mod interrupted;
pub(crate) mod migration;
pub(crate) mod place;
pub(crate) mod step;
pub(crate) mod target;
