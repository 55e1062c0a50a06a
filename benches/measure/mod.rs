//! How figures are taken: contenders take turns in short runs, so that whatever else the machine does falls on all.

pub mod comparison;
mod figure;
mod statement;
mod summary;

pub use comparison::{Comparison, Contender, Pace};
pub use figure::Figure;
pub(crate) use statement::statement;
pub use summary::Summary;
