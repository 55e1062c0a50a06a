//! Access to PostgreSQL: libpq, statements, quotation. It knows nothing of migrations.

pub(crate) use crate::build_shared::statements;

pub(crate) mod libpq;
pub(crate) mod quote;
