//! Receipts: who received a message, who read it, and when.
//!
//! Receiving and reading go up to a message and never backwards. What is stored are runs of messages that were
//! received, or read, at one time; what is answered is exact for each message and each recipient.

mod all;
mod count;
mod mark;
mod mark_many;
mod positions;

pub use all::{Receipt, ReceiptsRefused, all};
pub use count::{CountRefused, Counts, count};
pub use mark::{MarkRefused, Marked, mark_delivered, mark_read};
pub use mark_many::{Mark, mark_many};
pub use positions::{Position, PositionsRefused, positions};
