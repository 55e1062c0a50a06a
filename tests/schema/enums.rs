//! The Rust enums have the labels that PostgreSQL has, in its order, and none is forgotten.

use messenger_db::enums::{
    ChatChangeKind, ChatKind, ContactStatus, DeliveryStatus, DeviceType, ImageType, MessageKind, ParticipantRole,
    PgEnum, PushService, UserChangeKind, UserStatus, Visibility,
};

use crate::support::TestDatabase;

fn labels<E: PgEnum>() -> (String, Vec<String>) {
    (E::TYPE_NAME.to_owned(), E::ALL.iter().map(|value| value.label().to_owned()).collect())
}

#[test]
fn every_enum_type_is_a_rust_enum_with_the_same_labels() {
    let database = TestDatabase::migrated();
    let mut in_rust = [
        labels::<ChatChangeKind>(),
        labels::<ChatKind>(),
        labels::<ContactStatus>(),
        labels::<DeliveryStatus>(),
        labels::<DeviceType>(),
        labels::<ImageType>(),
        labels::<MessageKind>(),
        labels::<ParticipantRole>(),
        labels::<PushService>(),
        labels::<UserChangeKind>(),
        labels::<UserStatus>(),
        labels::<Visibility>(),
    ];
    in_rust.sort();
    let types = database.column(
        "SELECT typname FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace ORDER BY typname",
    );
    let in_database: Vec<_> = types
        .into_iter()
        .map(|name| {
            let labels = database.column(&format!("SELECT unnest(enum_range(NULL::{name}))"));
            (name, labels)
        })
        .collect();
    assert_eq!(in_rust.as_slice(), in_database);
}

#[test]
fn a_label_is_read_back_as_the_value_that_wrote_it() {
    for kind in MessageKind::ALL {
        assert_eq!(kind.label().parse::<MessageKind>().as_ref(), Ok(kind));
    }
    assert_eq!(
        "delivery".parse::<DeliveryStatus>().unwrap_err().to_string(),
        r#""delivery" is no delivery_status; it is one of pending, delivered, read"#
    );
}
