//! What becomes of a NUL, which PostgreSQL stores in no text: a refusal, and nothing is done.

use chrono::{TimeDelta, Utc};
use messenger_db::enums::{DeviceType, ImageType, PushService};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{MessageId, UserId};
use messenger_db::models::NewUser;
use messenger_db::queries::accounts::{self, PasswordRefused, ProfileChanges, ProfileRefused};
use messenger_db::queries::chats;
use messenger_db::queries::groups::{self, ChangeRefused, CreateRefused, NewGroup};
use messenger_db::queries::import::{self, History, ImportRefused, Imported};
use messenger_db::queries::messages::{self, Draft, EditRefused, Picture, SendRefused};
use messenger_db::queries::push::{self, Address, RegisterRefused};
use messenger_db::queries::reactions::{self, ReactionRefused};
use messenger_db::queries::sessions::{self, ConnectRefused, Device, Disconnected, OpenRefused, Socket};
use messenger_db::secrets::{PasswordHash, PushToken};
use serde_json::json;

use super::cast;
use super::consistency::assert_consistent;
use crate::queries::cast::by;
use crate::support::TestDatabase;

const NUL: &str = "a\0b";

#[test]
fn a_message_with_a_nul_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = cast::say(conn, chat, alice, ["Hello"]);

    let [value, key] = [json!({ "a": [NUL] }), json!({ NUL: 1 })];
    let pictures = [Picture::new(NUL, "k"), Picture::new("p.jpg", NUL)];
    let texts = [Draft::text(NUL), Draft::text("a").with_metadata(&value), Draft::text("a").with_metadata(&key)];
    for draft in texts.into_iter().chain(pictures.chunks(1).map(Draft::image)) {
        assert_eq!(messages::send(conn, by(alice), chat, &draft), Err(Refused(SendRefused::ContainsNul)), "{draft:?}");
    }
    assert_eq!(messages::edit(conn, by(alice), chat, seq, NUL), Err(Refused(EditRefused::ContainsNul)));
    let picture = import::Picture::new("p.jpg", ImageType::Jpeg, 1, "k");
    let pictures = [
        import::Picture { file_name: NUL, ..picture },
        import::Picture { storage_key: NUL, ..picture },
        import::Picture { medium_key: Some(NUL), ..picture },
        import::Picture { thumbnail_key: Some(NUL), ..picture },
    ];
    let image = |pictures| Imported::image(chat, MessageId::new(), alice, Utc::now(), pictures);
    let text = Imported::text(chat, MessageId::new(), alice, Utc::now(), NUL);
    for imported in pictures.chunks(1).map(image).chain([text]) {
        let refused = Err(Refused(ImportRefused::ContainsNul(imported.id)));
        assert_eq!(import::messages(conn, &[imported], History::Read), refused);
    }

    assert_eq!(reactions::add(conn, by(bob), chat, seq, NUL), Err(Refused(ReactionRefused::EmojiRefused)));
    assert_eq!(reactions::remove(conn, by(bob), chat, seq, NUL), Err(Refused(ReactionRefused::EmojiRefused)));
    let page = messenger_db::page::Limit::default();
    let reactors = reactions::list(conn, by(bob), chat, seq, Some(NUL), None, page);
    assert_eq!(reactors, Err(Refused(ReactionRefused::EmojiRefused)));
    assert_eq!(database.value("SELECT last_seq FROM chat_heads"), seq.to_string());
    assert_consistent(&database);
}

#[test]
fn what_is_looked_up_by_a_text_with_a_nul_is_not_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (_, [alice, ..]) = cast::group(conn);
    let session = sessions::open(conn, alice, &Device::new(DeviceType::Web), TimeDelta::days(1)).unwrap().session;
    assert_eq!(chats::find_by_slug(conn, by(alice), NUL), Ok(None));
    for (socket, refusal) in [
        (Socket::new(NUL, "1"), ConnectRefused::ServerIdInvalid),
        (Socket::new("gateway-1", NUL), ConnectRefused::ConnectionIdInvalid),
    ] {
        assert_eq!(sessions::disconnect(conn, by(alice), session.id, &socket), Ok(Disconnected::NotOpen));
        assert_eq!(sessions::connect(conn, by(alice), session.id, &socket), Err(Refused(refusal)));
    }
    assert_eq!(sessions::disconnect_server(conn, NUL), Ok(vec![]));
    let token = PushToken::new(NUL);
    assert_eq!(push::remove_token(conn, PushService::Fcm, &token), Ok(false));
    let refused = Err(Refused(RegisterRefused::TokenInvalid));
    assert_eq!(push::register(conn, by(alice), session.id, &Address::fcm(token)), refused);
    let (hash, nul) = (PasswordHash::new("$argon2id$"), PasswordHash::new("$\0"));
    let refused = Err(Refused(PasswordRefused::PasswordHashInvalid));
    assert_eq!(accounts::reset_password(conn, alice, &nul), refused);
    assert_eq!(accounts::change_password(conn, by(alice), &hash, &nul), refused);
    let refused = Err(Refused(PasswordRefused::ChangedMeanwhile));
    assert_eq!(accounts::change_password(conn, by(alice), &nul, &hash), refused);
}

#[test]
fn a_name_with_a_nul_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);

    let group = NewGroup::new("Hikers", &[]);
    for group in [
        NewGroup { name: NUL, ..group },
        NewGroup { slug: Some(NUL), ..group },
        NewGroup { avatar_url: Some(NUL), ..group },
    ] {
        assert_eq!(groups::create(conn, by(alice), &group), Err(Refused(CreateRefused::ContainsNul)));
    }
    let refused = Err(Refused(ChangeRefused::ContainsNul));
    assert_eq!(groups::rename(conn, by(alice), chat, NUL), refused);
    assert_eq!(groups::change_avatar(conn, by(alice), chat, Some(NUL)), refused);
    assert_eq!(groups::change_slug(conn, by(alice), chat, Some(NUL)), refused);

    let hash = PasswordHash::new("$argon2id$");
    let dave =
        NewUser { id: UserId::new(), username: "dave", password_hash: &hash, display_name: None, avatar_url: None };
    for user in [
        NewUser { username: NUL, ..dave.clone() },
        NewUser { display_name: Some(NUL), ..dave.clone() },
        NewUser { avatar_url: Some(NUL), ..dave },
    ] {
        assert_eq!(accounts::register(conn, &user), Err(Refused(accounts::RegisterRefused::ContainsNul)));
    }
    for changes in [
        ProfileChanges { username: Some(NUL), ..ProfileChanges::default() },
        ProfileChanges { display_name: Some(Some(NUL)), ..ProfileChanges::default() },
        ProfileChanges { avatar_url: Some(Some(NUL)), ..ProfileChanges::default() },
    ] {
        assert_eq!(accounts::update_profile(conn, by(alice), &changes), Err(Refused(ProfileRefused::ContainsNul)));
    }
    let device = Device::new(DeviceType::Web);
    for device in [
        Device { id: Some(NUL), ..device },
        Device { name: Some(NUL), ..device },
        Device { user_agent: Some(NUL), ..device },
    ] {
        let refused = sessions::open(conn, alice, &device, TimeDelta::days(1)).map(|_| ()).unwrap_err();
        assert_eq!(refused, Refused(OpenRefused::ContainsNul));
    }
    assert_consistent(&database);
}
