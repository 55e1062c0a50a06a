//! Migrations of a test's own, in place of the embedded ones.

use std::fs;
use std::path::Path;

use messenger_db::migrate::{Migration, Owner, Version};

/// A migration that runs in a transaction, from the name that its folder would have.
pub fn migration(name: &str, up: &str, down: &str) -> Migration {
    let version = name.split('_').next().unwrap().replace('-', "");
    Migration {
        name: kept(name),
        owner: Owner::Messenger,
        folder: "migrations",
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

/// The migrations of a folder of `tests/migrate/fixtures`, oldest first.
pub fn fixtures(folder: &str) -> Vec<Migration> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrate/fixtures").join(folder);
    let mut migrations: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let file = |name: &str| fs::read_to_string(entry.path().join(name));
            let run_in_transaction = !file("metadata.toml").is_ok_and(|text| text.contains("= false"));
            let name = entry.file_name().into_string().unwrap();
            let whole = migration(&name, &file("up.sql").unwrap(), &file("down.sql").unwrap());
            Migration { run_in_transaction, ..whole }
        })
        .collect();
    migrations.sort_by_key(|migration| migration.version);
    migrations
}
