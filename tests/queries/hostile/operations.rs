//! Every operation that a member's request reaches, with hostile arguments.

use diesel::PgConnection;
use diesel::result::QueryResult;
use messenger_db::enums::{DeviceType, ImageType, UserStatus, Visibility};
use messenger_db::error::{Error, Refusal};
use messenger_db::ids::{ChatId, MessageId, SessionId, UserId};
use messenger_db::models::NewUser;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, EditsFor, Outgoing, Picture};
use messenger_db::queries::push::{self, Address, Keys};
use messenger_db::queries::receipts::{self, Mark};
use messenger_db::queries::search::{self, Query};
use messenger_db::queries::sessions::{self, Device, Lifetime, Socket};
use messenger_db::queries::uploads::{self, NewUpload};
use messenger_db::queries::{
    attachments, blocks, changes, chats, contacts, direct_chats, history, inbox, pending, privacy, reactions, unread,
};
use messenger_db::secrets::{PasswordHash, PushAuth, PushToken, SessionToken};

use super::by;
use super::inputs::Dice;

/// Who attacks, and what they know: ids, also of what is none of their business.
pub struct Attacker {
    pub me: UserId,
    pub dice: Dice,
    pub users: Vec<UserId>,
    pub chats: Vec<ChatId>,
    pub messages: Vec<MessageId>,
    pub sessions: Vec<SessionId>,
    pub uploads: Vec<String>,
}

impl Attacker {
    pub fn chat(&mut self) -> ChatId {
        self.chats[self.dice.below(self.chats.len())]
    }

    pub fn user(&mut self) -> UserId {
        self.users[self.dice.below(self.users.len())]
    }

    pub fn session(&mut self) -> SessionId {
        self.sessions[self.dice.below(self.sessions.len())]
    }

    pub fn message(&mut self) -> MessageId {
        if self.dice.coin() { MessageId::new() } else { self.messages[self.dice.below(self.messages.len())] }
    }

    pub fn crowd(&mut self) -> Vec<UserId> {
        let count = [0, 1, 2, 3, 50, 51, 300, 2_000][self.dice.below(8)];
        (0..count).map(|_| if self.dice.coin() { UserId::new() } else { self.user() }).collect()
    }

    fn draft(&mut self) -> Draft<'static> {
        let dice = &mut self.dice;
        let mut draft = if dice.below(4) > 0 {
            Draft::text(dice.text())
        } else {
            let count = dice.below(7);
            let pictures: Vec<_> = (0..count)
                .map(|_| {
                    let key = if dice.coin() {
                        dice.text().to_owned()
                    } else {
                        self.uploads[dice.below(self.uploads.len())].clone()
                    };
                    Picture::new(dice.text(), key)
                })
                .collect();
            Draft::image(pictures)
        };
        draft = draft.with_id(self.message());
        if self.dice.below(4) == 0 {
            draft = draft.in_reply_to(self.dice.seq());
        }
        if self.dice.below(4) == 0 {
            draft = draft.with_metadata(self.dice.metadata());
        }
        if self.dice.below(4) == 0 {
            draft = draft.mentioning(self.crowd());
        }
        if self.dice.below(8) == 0 {
            draft = draft.saying(self.dice.text());
        }
        draft
    }

    pub fn maybe_text(&mut self) -> Option<&'static str> {
        self.dice.coin().then(|| self.dice.text())
    }
}

/// Whether an operation did what it promises: something, or a refusal that has a code. An error of the database is none.
pub type Outcome = Result<(), String>;

pub fn refusable<T, R: Refusal>(outcome: Result<T, Error<R>>) -> Outcome {
    match outcome {
        Ok(_) => Ok(()),
        Err(Error::Refused(refusal)) => {
            assert!(!refusal.code().is_empty() && !refusal.to_string().is_empty());
            Ok(())
        }
        Err(Error::Database(error)) => Err(format!("{error:?}")),
    }
}

pub fn certain<T>(outcome: QueryResult<T>) -> Outcome {
    outcome.map(drop).map_err(|error| format!("{error:?}"))
}

/// One operation with arguments of the dice.
pub type Attack = fn(&mut Attacker, &mut PgConnection) -> Outcome;

/// The operations by name, but for those that stand beside the tests of their family.
pub const OPERATIONS: &[(&str, Attack)] = &[
    ("accounts::change_password", |a, c| {
        let hash = [PasswordHash::new("$"), PasswordHash::new(a.dice.text()), PasswordHash::new(a.dice.text())];
        refusable(accounts::change_password(c, by(a.me), &hash[a.dice.below(2)], &hash[2]))
    }),
    ("accounts::find_by_username", |a, c| certain(accounts::find_by_username(c, a.dice.text()))),
    ("accounts::find_profiles", |a, c| certain(accounts::find_profiles(c, by(a.me), &a.crowd()))),
    ("accounts::get", |a, c| certain(accounts::get(c, by(a.me)))),
    ("accounts::mark_seen", |a, c| refusable(accounts::mark_seen(c, by(a.me)))),
    ("accounts::register", |a, c| {
        let password_hash = &PasswordHash::new("$");
        let (username, display_name, avatar_url) = (a.dice.text(), a.maybe_text(), a.maybe_text());
        refusable(accounts::register(
            c,
            &NewUser { id: UserId::new(), username, password_hash, display_name, avatar_url },
        ))
    }),
    ("accounts::search", |a, c| certain(accounts::search(c, by(a.me), a.dice.text()))),
    ("accounts::set_presence", |a, c| {
        let status = [UserStatus::Online, UserStatus::Away, UserStatus::Offline][a.dice.below(3)];
        refusable(accounts::set_presence(c, by(a.me), status))
    }),
    ("accounts::update_profile", |a, c| {
        let changes = ProfileChanges {
            username: a.maybe_text(),
            display_name: a.dice.coin().then(|| a.maybe_text()),
            avatar_url: a.dice.coin().then(|| a.maybe_text()),
        };
        refusable(accounts::update_profile(c, by(a.me), &changes))
    }),
    ("attachments::all", |a, c| refusable(attachments::all(c, by(a.me), a.chat(), a.dice.seq()))),
    ("attachments::list", |a, c| {
        let (chat, page) = (a.chat(), attachments::list(c, by(a.me), a.chats[0], None, a.dice.limit()));
        let last = page.ok().and_then(|page| page.last().map(attachments::Cursor::from));
        let before = last.and_then(|last| a.dice.forged(&last));
        refusable(attachments::list(c, by(a.me), chat, before, a.dice.limit()))
    }),
    ("blocks::all", |a, c| certain(blocks::all(c, by(a.me)))),
    ("blocks::block", |a, c| refusable(blocks::block(c, by(a.me), a.user()))),
    ("blocks::unblock", |a, c| certain(blocks::unblock(c, by(a.me), a.user()))),
    ("changes::list", |a, c| {
        let state = changes::begin(c, by(a.me)).map_err(|error| format!("{error:?}"))?;
        let state = a.dice.forged(&state).unwrap_or(state);
        refusable(changes::list(c, by(a.me), &state, a.dice.limit()))
    }),
    ("chats::all_members", |a, c| refusable(chats::all_members(c, by(a.me), a.chat()))),
    ("chats::find_by_slug", |a, c| certain(chats::find_by_slug(c, by(a.me), a.dice.text()))),
    ("chats::get", |a, c| refusable(chats::get(c, by(a.me), a.chat()))),
    ("contacts::accept", |a, c| refusable(contacts::accept(c, by(a.me), a.user()))),
    ("contacts::all", |a, c| certain(contacts::all(c, by(a.me)))),
    ("contacts::all_requests_received", |a, c| certain(contacts::all_requests_received(c, by(a.me)))),
    ("contacts::all_requests_sent", |a, c| certain(contacts::all_requests_sent(c, by(a.me)))),
    ("contacts::decline", |a, c| refusable(contacts::decline(c, by(a.me), a.user()))),
    ("contacts::remove", |a, c| refusable(contacts::remove(c, by(a.me), a.user()))),
    ("contacts::request", |a, c| refusable(contacts::request(c, by(a.me), a.user()))),
    ("direct_chats::find", |a, c| certain(direct_chats::find(c, by(a.me), a.user()))),
    ("direct_chats::find_or_create", |a, c| refusable(direct_chats::find_or_create(c, by(a.me), a.user()))),
    ("groups::add", |a, c| refusable(groups::add(c, by(a.me), a.chat(), a.user()))),
    ("groups::change_avatar", |a, c| refusable(groups::change_avatar(c, by(a.me), a.chat(), a.maybe_text()))),
    ("groups::change_history", |a, c| refusable(groups::change_history(c, by(a.me), a.chat(), a.dice.coin()))),
    ("groups::change_slug", |a, c| refusable(groups::change_slug(c, by(a.me), a.chat(), a.maybe_text()))),
    ("groups::create", |a, c| {
        let (name, slug, avatar_url, members) = (a.dice.text(), a.maybe_text(), a.maybe_text(), a.crowd());
        let created = groups::create(
            c,
            by(a.me),
            &NewGroup { name, slug, avatar_url, members: &members, newcomers_see_all: true },
        );
        if let Ok(chat) = &created {
            a.chats.push(chat.id);
        }
        refusable(created)
    }),
    ("groups::delete", |a, c| refusable(groups::delete(c, by(a.me), a.chat()))),
    ("groups::demote", |a, c| refusable(groups::demote(c, by(a.me), a.chat(), a.user()))),
    ("groups::leave", |a, c| refusable(groups::leave(c, by(a.me), a.chat()))),
    ("groups::promote", |a, c| refusable(groups::promote(c, by(a.me), a.chat(), a.user()))),
    ("groups::remove", |a, c| refusable(groups::remove(c, by(a.me), a.chat(), a.user()))),
    ("groups::rename", |a, c| refusable(groups::rename(c, by(a.me), a.chat(), a.dice.text()))),
    ("groups::transfer_ownership", |a, c| refusable(groups::transfer_ownership(c, by(a.me), a.chat(), a.user()))),
    ("history::after", |a, c| refusable(history::after(c, by(a.me), a.chat(), a.dice.seq(), a.dice.limit()))),
    ("history::around", |a, c| refusable(history::around(c, by(a.me), a.chat(), a.dice.seq(), a.dice.limit()))),
    ("history::around_id", |a, c| refusable(history::around_id(c, by(a.me), a.chat(), a.message(), a.dice.limit()))),
    ("history::before", |a, c| refusable(history::before(c, by(a.me), a.chat(), a.dice.seq(), a.dice.limit()))),
    ("history::latest", |a, c| refusable(history::latest(c, by(a.me), a.chat(), a.dice.limit()))),
    ("inbox::list", |a, c| {
        let page = inbox::list(c, by(a.me), None, a.dice.limit()).map_err(|error| format!("{error:?}"))?;
        let after = page.last().and_then(|last| a.dice.forged(&last.cursor()));
        certain(inbox::list(c, by(a.me), after, a.dice.limit()))?;
        certain(inbox::list_archived(c, by(a.me), after, a.dice.limit()))?;
        certain(inbox::list_hidden(c, by(a.me), after, a.dice.limit()))
    }),
    ("messages::all_mentioned", |a, c| certain(messages::all_mentioned(c, by(a.me), a.chat(), a.dice.seq()))),
    ("messages::clear", |a, c| refusable(messages::clear(c, by(a.me), a.chat(), a.dice.seq()))),
    ("messages::delete", |a, c| refusable(messages::delete(c, by(a.me), a.chat(), a.dice.seq()))),
    ("messages::edit", |a, c| refusable(messages::edit(c, by(a.me), a.chat(), a.dice.seq(), a.dice.text()))),
    ("messages::find_by_id", |a, c| certain(messages::find_by_id(c, by(a.me), a.chat(), a.message()))),
    ("messages::get", |a, c| refusable(messages::get(c, by(a.me), a.chat(), a.dice.seq()))),
    ("messages::hide", |a, c| refusable(messages::hide(c, by(a.me), a.chat(), a.dice.seq()))),
    ("messages::list_edits", |a, c| {
        let after = Some([i32::MIN, -1, 0, 1, i32::MAX][a.dice.below(5)]);
        let readers = if a.dice.coin() { EditsFor::Sender } else { EditsFor::Members };
        refusable(messages::list_edits(c, by(a.me), a.chat(), a.dice.seq(), readers, after, a.dice.limit()))
    }),
    ("messages::list_mentions", |a, c| {
        let after = a.dice.coin().then(|| a.dice.seq());
        certain(messages::list_mentions(c, by(a.me), a.chat(), after, a.dice.limit()))
    }),
    ("messages::send_many", |a, c| {
        let count = [0, 1, 2, 65][a.dice.below(4)];
        let outgoing: Vec<_> = (0..count).map(|_| Outgoing::new(by(a.me), a.chat(), a.draft())).collect();
        certain(messages::send_many(c, &outgoing))
    }),
    ("messages::send", |a, c| refusable(messages::send(c, by(a.me), a.chat(), &a.draft()))),
    ("messages::set_metadata", |a, c| {
        let (chat, seq, version) = (a.chat(), a.dice.seq(), a.dice.version());
        refusable(messages::set_metadata(c, by(a.me), chat, seq, version, a.dice.metadata()))
    }),
    ("messages::touch", |a, c| refusable(messages::touch(c, by(a.me), a.chat(), a.dice.seq()))),
    ("pending::list", |a, c| {
        let page = pending::list(c, by(a.me), None, a.dice.limit()).map_err(|error| format!("{error:?}"))?;
        let after = page.last().and_then(|last| a.dice.forged(&last.cursor()));
        certain(pending::list(c, by(a.me), after, a.dice.limit()))
    }),
    ("privacy::change", |a, c| {
        let mut any = || {
            [None, Some(Visibility::Everybody), Some(Visibility::Contacts), Some(Visibility::Nobody)][a.dice.below(4)]
        };
        let changes =
            privacy::Changes { presence_to: any(), receipts_to: any(), addable_by: any(), findable_by: any() };
        refusable(privacy::change(c, by(a.me), &changes))
    }),
    ("privacy::get", |a, c| refusable(privacy::get(c, by(a.me)))),
    ("push::register", |a, c| {
        let token = PushToken::new(a.dice.text());
        let bytes = |a: &mut Attacker| vec![4; [0, 15, 16, 17, 64, 65, 66, 5_000][a.dice.below(8)]];
        let keys = Keys { p256dh: bytes(a), auth: PushAuth::new(bytes(a)) };
        let address = match a.dice.below(4) {
            0 => Address::apns(token),
            1 => Address::fcm(token),
            2 => Address::web_push(token, keys),
            _ => Address::unified_push(token, Some(keys)),
        };
        refusable(push::register(c, by(a.me), a.session(), &address))
    }),
    ("push::remove", |a, c| certain(push::remove(c, by(a.me), a.session()))),
    ("reactions::add", |a, c| refusable(reactions::add(c, by(a.me), a.chat(), a.dice.seq(), a.dice.emoji()))),
    ("reactions::list", |a, c| {
        let (chat, seq, emoji) = (a.chat(), a.dice.seq(), a.dice.coin().then(|| a.dice.emoji()));
        let page = reactions::list(c, by(a.me), chat, seq, emoji, None, a.dice.limit());
        let after = page.ok().and_then(|page| page.last().and_then(|last| a.dice.forged(&last.cursor())));
        refusable(reactions::list(c, by(a.me), chat, seq, emoji, after.as_ref(), a.dice.limit()))
    }),
    ("reactions::remove", |a, c| refusable(reactions::remove(c, by(a.me), a.chat(), a.dice.seq(), a.dice.emoji()))),
    ("receipts::all", |a, c| refusable(receipts::all(c, by(a.me), a.chat(), a.dice.seq()))),
    ("receipts::count", |a, c| refusable(receipts::count(c, by(a.me), a.chat(), a.dice.seq(), a.dice.seq()))),
    ("receipts::mark_delivered", |a, c| refusable(receipts::mark_delivered(c, by(a.me), a.chat(), a.dice.seq()))),
    ("receipts::mark_many", |a, c| {
        let count = [0, 1, 2, 257][a.dice.below(4)];
        let mark = |a: &mut Attacker| if a.dice.coin() { Mark::read } else { Mark::delivered }(by(a.me), a.chat(), a.dice.seq());
        let marks: Vec<_> = (0..count).map(|_| mark(a)).collect();
        certain(receipts::mark_many(c, &marks))
    }),
    ("receipts::mark_read", |a, c| refusable(receipts::mark_read(c, by(a.me), a.chat(), a.dice.seq()))),
    ("receipts::positions", |a, c| refusable(receipts::positions(c, by(a.me), a.chat()))),
    ("search::find_groups", |a, c| refusable(search::find_groups(c, by(a.me), a.dice.text()))),
    ("search::list", |a, c| {
        let query = query(a);
        let page = search::list(c, by(a.me), "hello", None, a.dice.limit());
        let before = page.ok().and_then(|page| page.last().and_then(|last| a.dice.forged(&last.cursor())));
        refusable(search::list(c, by(a.me), query, before, a.dice.limit()))
    }),
    ("search::list_in_chat", |a, c| {
        let query = query(a);
        refusable(search::list_in_chat(c, by(a.me), a.chat(), query, None, a.dice.limit()))
    }),
    ("sessions::authenticate", |_, c| refusable(sessions::authenticate(c, &SessionToken::generate().unwrap()))),
    ("sessions::connect", |a, c| {
        let socket = Socket::new(a.dice.text(), a.dice.text());
        refusable(sessions::connect(c, by(a.me), a.session(), &socket))
    }),
    ("sessions::disconnect", |a, c| {
        let socket = Socket::new(a.dice.text(), a.dice.text());
        certain(sessions::disconnect(c, by(a.me), a.session(), &socket))
    }),
    ("sessions::list", |a, c| {
        let page = sessions::list(c, by(a.me), None, a.dice.limit()).map_err(|error| format!("{error:?}"))?;
        let after = page.last().and_then(|last| a.dice.forged(&sessions::Cursor::from(last)));
        certain(sessions::list(c, by(a.me), after, a.dice.limit()))
    }),
    ("sessions::open", |a, c| {
        let device = Device {
            kind: DeviceType::Web,
            id: a.maybe_text(),
            name: a.maybe_text(),
            ip_address: None,
            user_agent: a.maybe_text(),
        };
        let lifetime = if a.dice.coin() {
            a.dice.duration().into()
        } else {
            Lifetime::sliding(a.dice.duration(), a.dice.duration())
        };
        let opened = sessions::open(c, a.me, &device, lifetime);
        if let Ok(opened) = &opened {
            a.sessions.push(opened.session.id);
        }
        refusable(opened)
    }),
    ("sessions::receipt_watchers", |a, c| certain(sessions::receipt_watchers(c, by(a.me), a.chat()))),
    ("sessions::revoke", |a, c| certain(sessions::revoke(c, by(a.me), a.session()))),
    ("sessions::revoke_others", |a, c| certain(sessions::revoke_others(c, by(a.me), a.session()))),
    ("sessions::rotate", |a, c| refusable(sessions::rotate(c, by(a.me), a.session()))),
    ("sessions::touch", |a, c| refusable(sessions::touch(c, by(a.me), a.session()))),
    ("sessions::watchers", |a, c| certain(sessions::watchers(c, by(a.me)))),
    ("unread::all", |a, c| certain(unread::all(c, by(a.me)))),
    ("unread::badge", |a, c| certain(unread::badge(c, by(a.me)))),
    ("unread::find", |a, c| certain(unread::find(c, by(a.me), a.chat()))),
    ("unread::total", |a, c| certain(unread::total(c, by(a.me)))),
    ("uploads::begin", |a, c| {
        // The service makes the key; a member says the rest.
        let storage_key = if a.dice.coin() { MessageId::new().to_string() } else { a.dice.text().to_owned() };
        let byte_size = [i32::MIN, -1, 0, 1, 10_485_760, 10_485_761, i32::MAX][a.dice.below(7)];
        let begun =
            uploads::begin(c, by(a.me), &NewUpload { storage_key: &storage_key, mime_type: ImageType::Gif, byte_size });
        if begun.is_ok() {
            a.uploads.push(storage_key);
        }
        refusable(begun)
    }),
];

fn query(a: &mut Attacker) -> Query<'static> {
    let mut query = Query::new(a.dice.text());
    if a.dice.below(4) == 0 {
        query = query.from_sender(a.user());
    }
    if a.dice.below(4) == 0 {
        query = query.since(a.dice.time());
    }
    if a.dice.below(4) == 0 {
        query = query.until(a.dice.time());
    }
    if a.dice.below(8) == 0 {
        query = query.with_pictures();
    }
    if a.dice.below(8) == 0 {
        query = query.mentioning_actor();
    }
    query
}
