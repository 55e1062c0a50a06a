//! What Diesel embeds and what `build.rs` embeds is the same, byte for byte.

use std::sync::{Arc, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use messenger_db::migrate::{MIGRATIONS, migrations};

use crate::support::TestDatabase;

/// Notes every statement that a connection of Diesel's is given.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            self.0.lock().unwrap().push(query.to_string());
        }
    }
}

#[test]
fn diesel_and_the_runner_embed_the_same_sql() {
    let database = TestDatabase::empty();
    let mut connection = database.diesel();
    let recorder = Recorder::default();
    connection.set_instrumentation(recorder.clone());

    let embedded_by_diesel = MigrationSource::<Pg>::migrations(&MIGRATIONS).unwrap();
    let ours = migrations().unwrap();
    assert_eq!(embedded_by_diesel.len(), ours.len());
    let mut by_version: Vec<_> = embedded_by_diesel.iter().collect();
    by_version.sort_by_key(|migration| migration.name().version().to_string());
    for (theirs, ours) in by_version.iter().zip(&ours) {
        assert_eq!(theirs.name().to_string(), ours.name);
        assert_eq!(theirs.name().version().to_string(), ours.version.as_str());
        assert_eq!(theirs.metadata().run_in_transaction(), ours.run_in_transaction);
        theirs.run(&mut connection).unwrap();
        assert_eq!(recorder.0.lock().unwrap().pop().as_deref(), Some(ours.up));
    }
    for (theirs, ours) in by_version.iter().zip(&ours).rev() {
        theirs.revert(&mut connection).unwrap();
        assert_eq!(recorder.0.lock().unwrap().pop().as_deref(), Some(ours.down));
    }
}

#[test]
fn what_is_embedded_is_what_the_folder_holds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut folders: Vec<_> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let embedded: Vec<_> = migrations().unwrap().iter().map(|migration| migration.name).collect();
    assert_eq!(embedded, folders);
    for migration in migrations().unwrap() {
        let file = |name: &str| std::fs::read_to_string(root.join(migration.name).join(name)).unwrap();
        assert_eq!((migration.up, migration.down), (file("up.sql").as_str(), file("down.sql").as_str()));
    }
}
