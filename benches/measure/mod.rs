//! How figures are taken: contenders take turns in short runs, so that whatever else the machine does falls on all.

pub mod contest;
mod figure;
mod statement;
mod summary;

pub use contest::{Contender, Contest, Pace};
pub use figure::Figure;
pub(crate) use statement::statement;
pub use summary::Summary;
