//! A server that speaks another language.

use std::process::Command;

use messenger_db::migrate::for_tests::Connection;

/// Makes the locale where that is possible, and says whether the server of this session translates what it says.
pub fn speaks_german(session: &mut Connection) -> bool {
    // It needs the sources of the locales (Debian: locales), and root.
    let _ = Command::new("localedef").args(["-i", "de_DE", "-f", "UTF-8", "de_DE.UTF-8"]).output();
    let speaks = session.execute("SET lc_messages = 'de_DE.UTF-8'").is_ok()
        && session.execute("SELECT 1 / 0").unwrap_err().message == "Division durch Null";
    if !speaks {
        eprintln!("skipped: the server does not speak German");
    }
    speaks
}
