//! Where migrations come from: embedded in this crate, or the service's own.

pub(crate) mod embedded;
pub(crate) mod folder;
pub(crate) mod service;
