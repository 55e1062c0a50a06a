//! Migrations of a test's own, in place of the embedded ones.

use messenger_db::migrate::{Migration, Version};

/// A migration that runs in a transaction, from the name that its folder would have.
pub fn migration(name: &str, up: &str, down: &str) -> Migration {
    let version = name.split('_').next().unwrap().replace('-', "");
    Migration {
        name: kept(name),
        version: Version::new(kept(&version)),
        up: kept(up),
        down: kept(down),
        run_in_transaction: true,
        catalog: None,
    }
}

/// As long as the program runs, as if it were compiled in.
fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
