//! Letting a session expire at what the clock on some server's wall will show.
use chrono::NaiveDateTime;
use messenger_db::models::NewUserSession;

fn until(session: NewUserSession<'_>, end: NaiveDateTime) -> NewUserSession<'_> {
    NewUserSession { expires_at: end, ..session }
}

fn main() {}
