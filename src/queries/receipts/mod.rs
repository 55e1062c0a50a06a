//! Decides what senders learn about their messages: who received them, who read them, and when.
//!
//! Receiving and reading go up to a message and never backwards. What is stored are runs of messages that were
//! received, or read, at one time; what is answered is exact for each message and each recipient.

mod counts;
mod mark;
mod of_message;

pub use counts::{Counts, CountsRefused, counts};
pub use mark::{MarkRefused, Marked, mark_delivered, mark_read};
pub use of_message::{Receipt, ReceiptsRefused, of_message};
