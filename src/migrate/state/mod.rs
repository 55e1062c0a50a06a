//! What is known of a database: history, ledger, catalog, and how they differ from what they should be.

pub(crate) mod catalog;
pub(crate) mod compare;
pub(crate) mod dependents;
pub(crate) mod drift;
pub(crate) mod extras;
pub(crate) mod fact;
pub(crate) mod history;
pub(crate) mod layout;
pub(crate) mod ledger;
pub(crate) mod objects;
pub(crate) mod owner;
pub(crate) mod record;
pub(crate) mod replicated;
pub(crate) mod resume;
pub(crate) mod sequences;
pub(crate) mod stated;
pub(crate) mod status;
