//! Opening a second direct chat for two users, by naming them the other way round.
use messenger_db::ids::UserId;
use messenger_db::models::NewDirectChat;

fn swapped(chat: NewDirectChat, one: UserId, other: UserId) -> NewDirectChat {
    NewDirectChat { direct_low: other, direct_high: one, ..chat }
}

fn main() {}
