//! Asking for as many messages as the position of one.
use messenger_db::page::Limit;
use messenger_db::seq::Seq;

fn limit(seq: Seq) -> Limit {
    Limit::new(seq)
}

fn main() {}
