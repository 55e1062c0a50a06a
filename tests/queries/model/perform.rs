//! Does the model's acts on a real server, and learns what only the server can know: when they happened.

use messenger_db::seq::Seq;
use std::fmt::Debug;

use chrono::TimeDelta;
use diesel::connection::Connection as _;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Timestamptz;
use messenger_db::enums::{ImageType, PushService};
use messenger_db::error::Error;
use messenger_db::ids::{MessageId, UserId};
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::import::{self, Imported};
use messenger_db::queries::messages::{self, Draft, Picture};
use messenger_db::queries::push::{self as addresses, Address};
use messenger_db::queries::uploads::{self, NewUpload};
use messenger_db::queries::{blocks, chat_settings, contacts, direct_chats, privacy, reactions, receipts};

use super::act::{Act, EMOJI, TITLES};
use super::chat_settings::CHANGES;
use super::group_changes;
use super::messenger::{Done, Facts, Messenger, Time, again, imported_at, imported_id};
use super::privacy::CHOICES;
use super::push;
use super::story::Step;
use super::uploads::{PROCESSED, SIZES};
use crate::queries::cast::by;
use crate::queries::shards::noting;

/// What came of an act, or the name of its refusal; an error of the database is never right.
pub type Actual = Result<Done, String>;

/// Does an act, and says what the server made of it.
pub fn perform(conn: &mut PgConnection, messenger: &Messenger, step: &Step) -> Result<(Actual, Facts), String> {
    let message = MessageId::new();
    let before: Time = diesel::select(diesel::dsl::sql::<Timestamptz>("clock_timestamp()")).get_result(conn).unwrap();
    let actual = if step.nested {
        conn.transaction(|conn| Ok::<_, DieselError>(noting(|| act(conn, messenger, &step.act, message)))).unwrap()
    } else {
        noting(|| act(conn, messenger, &step.act, message))
    };
    let times = written_since(conn, before);
    let [now, later @ ..] = times.as_slice() else {
        // Nothing was written.
        return Ok((actual, Facts { now: before, chat: None, message }));
    };
    // The time is read under the lock of a chat: who closes an account leaves one chat after the other, and the owner who
    // leaves has a successor afterwards. To the model, all of an act happens at one time.
    match (later.is_empty(), &step.act) {
        (true, _) => {}
        (false, Act::Close(_) | Act::Leave(..)) => happen_at_once(conn, *now, later),
        (false, _) => return Err(format!("the act happened at several times: {times:?}")),
    }
    let chat = match actual {
        Ok(Done::Chat(chat)) => Some(chat),
        _ => None,
    };
    Ok((actual, Facts { now: *now, chat, message }))
}

/// The times that the last act wrote, wherever it did. All of an act happens at one time.
fn written_since(conn: &mut PgConnection, before: Time) -> Vec<Time> {
    #[derive(QueryableByName)]
    struct At {
        #[diesel(sql_type = Timestamptz)]
        at: Time,
    }
    let rows: Vec<At> = diesel::sql_query(
        "SELECT DISTINCT at FROM (
            SELECT created_at FROM messages UNION ALL SELECT edited_at FROM messages
            UNION ALL SELECT deleted_at FROM messages UNION ALL SELECT edited_at FROM message_edits
            UNION ALL SELECT created_at FROM attachments UNION ALL SELECT created_at FROM message_reactions
            UNION ALL SELECT delivered_at FROM message_delivery UNION ALL SELECT read_at FROM message_delivery
            UNION ALL SELECT joined_at FROM chat_participants UNION ALL SELECT left_at FROM chat_participants
            UNION ALL SELECT created_at FROM chats UNION ALL SELECT deleted_at FROM chats UNION ALL SELECT last_message_at FROM chat_heads
            UNION ALL SELECT created_at FROM contacts UNION ALL SELECT accepted_at FROM contacts
            UNION ALL SELECT created_at FROM blocks UNION ALL SELECT last_seen_at FROM user_presence
            UNION ALL SELECT deleted_at FROM users
         ) AS written (at) WHERE at > $1 ORDER BY at",
    )
    .bind::<Timestamptz, _>(before)
    .load(conn)
    .unwrap();
    rows.into_iter().map(|row| row.at).collect()
}

/// Moves what was written at the later times to the first.
fn happen_at_once(conn: &mut PgConnection, now: Time, later: &[Time]) {
    for (table, column) in [
        ("messages", "created_at"),
        ("chat_participants", "left_at"),
        ("chats", "deleted_at"),
        ("chat_heads", "last_message_at"),
        ("users", "deleted_at"),
    ] {
        diesel::sql_query(format!("UPDATE {table} SET {column} = $1 WHERE {column} = ANY($2)"))
            .bind::<Timestamptz, _>(now)
            .bind::<diesel::sql_types::Array<Timestamptz>, _>(later)
            .execute(conn)
            .unwrap();
    }
}

/// What came of an operation.
pub fn actual<T, R: Debug>(result: Result<T, Error<R>>, done: impl FnOnce(T) -> Done) -> Actual {
    match result {
        Ok(value) => Ok(done(value)),
        Err(Error::Refused(refusal)) => Err(name(&refusal)),
        Err(Error::Database(error)) => Err(format!("an error of the database: {error:?}")),
    }
}

/// A refusal's name, without whom it is about.
pub fn name(refusal: &impl Debug) -> String {
    format!("{refusal:?}").split('(').next().unwrap_or_default().to_owned()
}

/// Uploads as many pictures, for the message of that id.
fn upload(conn: &mut PgConnection, owner: UserId, id: MessageId, count: usize) -> Vec<Picture<'static>> {
    let mut picture = |place: i32| {
        let storage_key = format!("{id}/{place}");
        let new = NewUpload { storage_key: &storage_key, mime_type: ImageType::Png, byte_size: 1 + place };
        // Refused of a closed account, which sends nothing then.
        drop(uploads::begin(conn, by(owner), &new));
        Picture::new("p.png", storage_key)
    };
    (0..count as i32).map(&mut picture).collect()
}

#[allow(clippy::too_many_lines, reason = "one arm for each operation")]
fn act(conn: &mut PgConnection, messenger: &Messenger, act: &Act, id: MessageId) -> Actual {
    let user = |who: &usize| messenger.user(*who);
    let chat = |chat: &usize| messenger.chat_id(*chat);
    let seq = |chat: &usize, back: &i64| messenger.seq(*chat, *back);
    let nothing = |()| Done::Nothing;
    match act {
        Act::Request(a, b) => actual(contacts::request(conn, by(user(a)), user(b)), Done::Contact),
        Act::Accept(a, b) => actual(contacts::accept(conn, by(user(a)), user(b)), nothing),
        Act::Decline(a, b) => actual(contacts::decline(conn, by(user(a)), user(b)), nothing),
        Act::Part(a, b) => actual(contacts::remove(conn, by(user(a)), user(b)), nothing),
        Act::Block(a, b) => actual(blocks::block(conn, by(user(a)), user(b)), Done::Flag),
        Act::Unblock(a, b) => Ok(Done::Flag(blocks::unblock(conn, by(user(a)), user(b)).unwrap())),
        Act::Presence(a, status) => actual(accounts::set_presence(conn, by(user(a)), *status), nothing),
        Act::Call(a, name) => {
            let display_name = Some(name.map(|name| TITLES[name]));
            let changes = ProfileChanges { display_name, ..ProfileChanges::default() };
            actual(accounts::update_profile(conn, by(user(a)), &changes), |_| Done::Nothing)
        }
        Act::Close(a) => actual(accounts::close(conn, by(user(a))), |_| Done::Nothing),
        Act::OpenDirect(a, b) => {
            actual(direct_chats::find_or_create(conn, by(user(a)), user(b)), |chat| Done::Chat(chat.id))
        }
        Act::Found(a, others) => {
            let others: Vec<_> = others.iter().map(user).collect();
            actual(groups::create(conn, by(user(a)), &NewGroup::new("Group", &others)), |chat| Done::Chat(chat.id))
        }
        Act::Change(a, group, change) => {
            group_changes::perform(conn, by(user(a)), chat(group), group_changes::CHANGES[*change])
        }
        Act::Add(a, group, b) => {
            actual(groups::add(conn, by(user(a)), chat(group), user(b)), |added| Done::Participant(added.member))
        }
        Act::Remove(a, group, b) => actual(groups::remove(conn, by(user(a)), chat(group), user(b)), |_| Done::Nothing),
        Act::Leave(a, group) => {
            actual(groups::leave(conn, by(user(a)), chat(group)), |left| Done::Successor(left.successor))
        }
        Act::Promote(a, group, b) => {
            actual(groups::promote(conn, by(user(a)), chat(group), user(b)), |_| Done::Nothing)
        }
        Act::Demote(a, group, b) => actual(groups::demote(conn, by(user(a)), chat(group), user(b)), |_| Done::Nothing),
        Act::Transfer(a, group, b) => {
            actual(groups::transfer_ownership(conn, by(user(a)), chat(group), user(b)), |_| Done::Nothing)
        }
        Act::Disband(a, group) => actual(groups::delete(conn, by(user(a)), chat(group)), |_| Done::Nothing),
        Act::Say(a, to, words) => send(conn, messenger, *a, *to, &Draft::text(words.to_string()).with_id(id)),
        Act::Answer(a, to, back, words) => {
            let words = words.to_string();
            send(conn, messenger, *a, *to, &Draft::text(&words).with_id(id).in_reply_to(Seq::new(seq(to, back))))
        }
        Act::Show(a, to, count, words) => {
            let pictures = upload(conn, user(a), id, *count);
            send(conn, messenger, *a, *to, &Draft::image(&pictures).saying(words.to_string()).with_id(id))
        }
        Act::Upload(a, size) => {
            let key = id.to_string();
            let new = NewUpload { storage_key: &key, mime_type: ImageType::Png, byte_size: SIZES[*size] };
            actual(uploads::begin(conn, by(user(a)), &new), |_| Done::Nothing)
        }
        Act::Attach(a, to, back) => {
            let pictures = [Picture::new("q.png", messenger.upload_key(*back))];
            send(conn, messenger, *a, *to, &Draft::image(&pictures[..]).with_id(id))
        }
        Act::Process(back, what) => {
            actual(uploads::process(conn, &messenger.upload_key(*back), &PROCESSED[*what]), |noted| {
                Done::Flag(noted.version.is_some())
            })
        }
        Act::Abandon(forget) => {
            let abandoned = uploads::abandon(conn, TimeDelta::zero(), 1_000).unwrap();
            let mut keys: Vec<_> = abandoned.into_iter().map(|upload| upload.storage_key).collect();
            keys.sort_unstable();
            if *forget {
                let all: Vec<_> = keys.iter().map(String::as_str).collect();
                assert_eq!(uploads::remove(conn, &all), Ok(keys.len()));
            }
            Ok(Done::Files(keys))
        }
        Act::Register(a, number) => {
            let address = Address::fcm(push::token(*number));
            actual(addresses::register(conn, by(user(a)), messenger.sessions[*a], &address), nothing)
        }
        Act::Unregister(a) => Ok(Done::Flag(addresses::remove(conn, by(user(a)), messenger.sessions[*a]).unwrap())),
        Act::Expel(number) => {
            let token = push::token(*number);
            Ok(Done::Flag(addresses::remove_token(conn, PushService::Fcm, &token).unwrap()))
        }
        Act::SayAgain(a, to, back) => {
            let id = messenger.message_id(*to, *back).unwrap_or(id);
            send(conn, messenger, *a, *to, &Draft::text(again().to_string()).with_id(id))
        }
        Act::Edit(a, of, back, words) => actual(
            messages::edit(conn, by(user(a)), chat(of), Seq::new(seq(of, back)), &words.to_string()),
            Done::Message,
        ),
        Act::Delete(a, of, back) => {
            actual(messages::delete(conn, by(user(a)), chat(of), Seq::new(seq(of, back))), |deleted| {
                Done::Message(deleted.message)
            })
        }
        Act::React(a, of, back, emoji) => {
            actual(reactions::add(conn, by(user(a)), chat(of), Seq::new(seq(of, back)), EMOJI[*emoji]), |changed| {
                Done::Flag(changed.changed)
            })
        }
        Act::Unreact(a, of, back, emoji) => {
            actual(reactions::remove(conn, by(user(a)), chat(of), Seq::new(seq(of, back)), EMOJI[*emoji]), |changed| {
                Done::Flag(changed.changed)
            })
        }
        Act::Receive(a, of, back) => {
            let marked = receipts::mark_delivered(conn, by(user(a)), chat(of), Seq::new(seq(of, back)));
            actual(marked, |marked| Done::Marked { after: marked.after_seq.get(), through: marked.through_seq.get() })
        }
        Act::Read(a, of, back) => {
            let marked = receipts::mark_read(conn, by(user(a)), chat(of), Seq::new(seq(of, back)));
            actual(marked, |marked| Done::Marked { after: marked.after_seq.get(), through: marked.through_seq.get() })
        }
        Act::Name(a, to, b, words) => {
            let mentioned = [user(b)];
            send(conn, messenger, *a, *to, &Draft::text(words.to_string()).with_id(id).mentioning(&mentioned[..]))
        }
        Act::Hide(a, of, back) => {
            actual(messages::hide(conn, by(user(a)), chat(of), Seq::new(seq(of, back))), Done::Flag)
        }
        Act::Clear(a, of, back) => {
            actual(messages::clear(conn, by(user(a)), chat(of), Seq::new(seq(of, back))), |seq| Done::Begins(seq.get()))
        }
        Act::Choose(a, choice) => actual(privacy::change(conn, by(user(a)), &CHOICES[*choice]), Done::Privacy),
        Act::Set(a, of, change) => {
            actual(chat_settings::change(conn, by(user(a)), chat(of), &CHANGES[*change]), Done::Settings)
        }
        Act::Import(to, read, batch) => {
            let words: Vec<_> = batch.iter().map(|(_, words)| words.to_string()).collect();
            let batch: Vec<_> = (0..)
                .zip(batch)
                .zip(&words)
                .map(|((place, (who, _)), words)| {
                    Imported::text(chat(to), imported_id(id, place), user(who), imported_at(place), words)
                })
                .collect();
            actual(import::messages(conn, &batch, Act::history(*read)), |tally| Done::Imported(tally.imported))
        }
    }
}

fn send(conn: &mut PgConnection, messenger: &Messenger, who: usize, to: usize, draft: &Draft<'_>) -> Actual {
    let sent = messages::send(conn, by(messenger.user(who)), messenger.chat_id(to), draft);
    actual(sent, |sent| Done::Sent { seq: sent.message.seq.get(), again: sent.already_sent })
}
