//! Lists what changed since a state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::prelude::*;

use super::candidate::Candidate;
use super::read::{self, Logged, Which};
use super::state::{Known, KnownChat};
use super::{BlockChange, ChatChanges, ContactChange, Page, Reload, State};
use crate::actor::Actor;
use crate::cursor::Cursor;
use crate::enums::{ChatChangeKind, UserChangeKind};
use crate::error::{Error, refusals};
use crate::ids::{ChatId, UserId};
use crate::models::UserChange;
use crate::page::Limit;

/// Why a device is not told what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangesRefused {
    /// The log of the user's own things no longer reaches back to the state: load everything anew.
    #[error("the state is too old; load everything anew")]
    TooOld,
    /// The state is another user's.
    #[error("the state is another user's")]
    OfAnotherUser,
    /// The state is of another database: this one was restored from a dump, or copied. Load everything anew.
    #[error("the state is of another database; load everything anew")]
    OfAnotherDatabase,
    /// The state knows what this server does not: it is a standby that lags behind, or was promoted before it had
    /// received everything; or the user was erased since. Ask the primary; if it says so too, load everything anew.
    #[error("the state is ahead of the database")]
    Ahead,
}

refusals! { ChangesRefused {
    TooOld: Conflict = "state_too_old",
    OfAnotherUser: Forbidden = "state_of_another_user",
    OfAnotherDatabase: Conflict = "state_of_another_database",
    Ahead: Conflict = "state_ahead",
} }

/// The state of now, for a device that loads everything anew.
///
/// Ask for it first, then load: the inbox, the archive and what is hidden ([`inbox`](crate::queries::inbox)), the members and the
/// history of the chats that are shown, contacts and blocks. Whatever changes meanwhile is in the next [`list`].
///
/// The state takes it that the device then has every chat that the user is in. A device has fewer where it has loaded a part of the
/// lists only, or where a chat moved to the front while it leafed through them. So a chat that it does not have is loaded anew when
/// a page has something of it, also where the page says `reload: None`; or it is taken out of the state, with
/// [`State::without`], and then the next page says [`Reload::Began`] of it.
///
/// One statement, which locks nothing; its cost follows the number of the user's chats. Indexes: `unread_messages_pkey`,
/// `chat_heads_pkey`, `user_heads_pkey`.
///
/// # Errors
///
/// Those of the database.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::changes;
///
/// let state = changes::begin(conn, bob)?;
/// // … load the inbox …
/// assert!(changes::list(conn, bob, &state, Limit::default())?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn begin(conn: &mut PgConnection, actor: Actor) -> QueryResult<State> {
    let user_id = actor.user_id();
    let (own, chats) = read::which(conn, user_id, &BTreeMap::new(), None, None)?;
    let known = |chat: Which| (chat.chat_id, chat.known());
    Ok(Cursor::new(Known {
        origin: own.origin,
        user_id,
        version: own.version,
        chats: chats.into_iter().map(known).collect(),
    }))
}

/// What changed for the user since a state, as it is now.
///
/// Keep the page and its state together, then ask again with the new state until [`is_last`](Page::is_last). A device that
/// stops in between goes on from the state that it kept. A page has at most `limit` new messages and as many that changed,
/// and `limit` chats.
///
/// A chat whose log no longer reaches back is on the page as one to load anew ([`Reload::TooOld`]), and so is one that is
/// new to the device; all others go on. Ten edits of a message are one message.
///
/// One statement when nothing happened, otherwise a fixed number at most, whatever the page holds, in one read-only
/// transaction of `REPEATABLE READ`: all of a page is of one moment. Within a transaction of the caller's, it is that
/// transaction's level; where the database is distributed, what is on the page may be newer than the state, and comes again.
///
/// It locks nothing. Its cost follows the number of the user's chats, each of which is compared with its head, and what changed.
/// Indexes: `unread_messages_pkey`, `chat_heads_pkey`, `chat_changes_pkey`, `user_changes_pkey`, and the keys of what changed.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`TooOld`](ChangesRefused::TooOld): the log of the user's own things no longer reaches back to the state: load
///   everything anew.
/// * [`OfAnotherUser`](ChangesRefused::OfAnotherUser): the state is another user's.
/// * [`OfAnotherDatabase`](ChangesRefused::OfAnotherDatabase): the state is of another database: this one was restored
///   from a dump, or copied. Load everything anew.
/// * [`Ahead`](ChangesRefused::Ahead): the state knows what this server does not: it is a standby that lags behind, or was
///   promoted before it had received everything; or the user was [erased](crate::queries::erasure) since. Ask the primary;
///   if it says so too, load everything anew.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{changes, messages, reactions};
///
/// let seq = messages::send(conn, anna, chat, &messages::Draft::text("At nein?"))?.message.seq;
/// let kept = changes::begin(conn, bob)?.to_string();
/// // Bob's phone is away.
/// messages::edit(conn, anna, chat, seq, "At nine?")?;
/// messages::send(conn, anna, chat, &messages::Draft::text("Are you there?"))?;
///
/// let page = changes::list(conn, bob, &kept.parse()?, Limit::default())?;
/// let said: Vec<_> = page.chats[0].messages.iter().filter_map(|entry| entry.message.content.as_deref()).collect();
/// assert_eq!(said, ["At nine?", "Are you there?"]);
/// assert!(page.is_last);
/// assert!(changes::list(conn, bob, &page.state, Limit::default())?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(conn: &mut PgConnection, actor: Actor, state: &State, limit: Limit) -> Result<Page, Error<ChangesRefused>> {
    let known = state.place();
    if known.user_id != actor.user_id() {
        return Err(Error::Refused(ChangesRefused::OfAnotherUser));
    }
    let depth = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth()?;
    let now = which(conn, known, limit, None)?;
    // What most devices find that ask.
    if now.1.is_empty() && known.version == now.0.version {
        return Ok(Page::empty(known.clone()));
    }
    // Where the tables are distributed, no snapshot is of all servers: what is read afterwards is as new as what the state says, or
    // newer, and then the device gets it once more.
    if depth.is_some() || now.0.is_distributed {
        page(conn, known, limit, now)
    } else {
        // The same chats once more, in the snapshot of the page. What changes in others meanwhile is for the next.
        let (is_last, only) = (now.1.len() <= limit_of(limit), now.1.iter().map(|chat| chat.chat_id).collect());
        conn.build_transaction().read_only().repeatable_read().run(|conn| {
            let now = which(conn, known, limit, Some(only))?;
            let page = page(conn, known, limit, now)?;
            Ok(Page { is_last: is_last && page.is_last, ..page })
        })
    }
}

type Now = (read::Own, Vec<Which>);

/// Where the database and the user's own log stand, and the chats that are not as they are known, of all or of some; if the
/// state is of here.
fn which(
    conn: &mut PgConnection,
    known: &Known,
    limit: Limit,
    only: Option<BTreeSet<ChatId>>,
) -> Result<Now, Error<ChangesRefused>> {
    let (own, which) = read::which(conn, known.user_id, &known.chats, Some(limit.get() + 1), only)?;
    if own.origin != known.origin {
        return Err(Error::Refused(ChangesRefused::OfAnotherDatabase));
    }
    if known.version > own.version {
        return Err(Error::Refused(ChangesRefused::Ahead));
    }
    if known.version < own.pruned_version {
        return Err(Error::Refused(ChangesRefused::TooOld));
    }
    Ok((own, which))
}

fn page(
    conn: &mut PgConnection,
    known: &Known,
    limit: Limit,
    (own, mut which): Now,
) -> Result<Page, Error<ChangesRefused>> {
    let user_id = known.user_id;
    let mut is_last = which.len() <= limit_of(limit);
    which.truncate(limit_of(limit));

    let (mut ended, mut reloads, mut candidates) = (Vec::new(), Vec::new(), Vec::new());
    for &now in &which {
        match known.chats.get(&now.chat_id) {
            _ if !now.is_member => ended.push(now.chat_id),
            None => reloads.push((now, Reload::Began)),
            Some(chat) if chat.seq > now.last_seq || chat.version > now.version => {
                return Err(Error::Refused(ChangesRefused::Ahead));
            }
            Some(chat) if chat.version < now.pruned_version => reloads.push((now, Reload::TooOld)),
            Some(&chat) => candidates.push(Candidate {
                known: KnownChat { seq: chat.seq.max(now.first_seq.previous()), ..chat },
                through_seq: chat.seq.max(now.first_seq.previous()),
                logged: Vec::new(),
                is_cut: false,
                now,
            }),
        }
    }
    fill(conn, &mut candidates, limit)?;
    is_last &= candidates.iter().all(Candidate::is_complete);

    let log = if known.version == own.version { Vec::new() } else { own_log(conn, known, limit)? };
    is_last &= log.len() < limit_of(limit);
    let version = if is_full(&log, limit) { log.last().map_or(own.version, |last| last.version) } else { own.version };

    let mut next = Known { origin: known.origin, user_id, version, chats: known.chats.clone() };
    for chat_id in &ended {
        next.chats.remove(chat_id);
    }
    next.chats.extend(reloads.iter().map(|(now, _)| (now.chat_id, now.known())));
    next.chats.extend(candidates.iter().map(|candidate| (candidate.now.chat_id, candidate.known_after())));
    // What was not reached stays for the next page.
    candidates.retain(|candidate| candidate.known_after() != candidate.known);

    let mut people: BTreeSet<UserId> = log
        .iter()
        .filter(|change| change.kind == UserChangeKind::ProfileChanged)
        .filter_map(|change| change.about_user_id)
        .collect();
    let hidden = log.iter().filter(|change| change.kind == UserChangeKind::MessagesHidden);
    let hidden = hidden.filter_map(|change| change.about_chat_id).collect();
    let mut page = Page {
        chats: chats(conn, user_id, reloads, candidates, &mut people)?,
        ended: read::ended(conn, user_id, &ended)?,
        contacts: Vec::new(),
        blocks: Vec::new(),
        ended_sessions: log
            .iter()
            .filter(|change| change.kind == UserChangeKind::SessionEnded)
            .filter_map(|change| change.about_session_id)
            .collect(),
        settings: {
            // Those of a chat go with the membership: who left it and is in it again has none.
            let is_there_again = |change: &UserChange| {
                change.kind == UserChangeKind::MembershipBegan
                    && change.about_chat_id.is_some_and(|chat_id| known.chats.contains_key(&chat_id))
            };
            let logged =
                log.iter().filter(|change| change.kind == UserChangeKind::SettingsChanged || is_there_again(change));
            // What is hidden or marked until something happens ends without a change of the user's.
            let ended = which.iter().filter(|now| {
                let of = |known: &Known| known.chats.get(&now.chat_id).copied();
                of(known).zip(of(&next)).is_some_and(|(known, after)| now.has_settings_that_end(&known, &after))
            });
            let settings: BTreeSet<_> =
                logged.map(|change| change.about_chat_id).chain(ended.map(|now| Some(now.chat_id))).collect();
            settings.into_iter().collect()
        },
        hidden: read::hidden(conn, user_id, hidden)?,
        profiles: HashMap::new(),
        state: Cursor::new(next),
        is_last,
    };
    contacts_and_blocks(conn, user_id, &log, &mut page, &mut people)?;
    page.profiles = read::profiles(conn, user_id, people)?;
    Ok(page)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a limit is 1 to 100")]
const fn limit_of(limit: Limit) -> usize {
    limit.get() as usize
}

fn is_full<T>(rows: &[T], limit: Limit) -> bool {
    rows.len() >= limit_of(limit)
}

/// Gives each chat what fits on the page, in their order: new messages, and what is in the log.
fn fill(conn: &mut PgConnection, candidates: &mut [Candidate], limit: Limit) -> QueryResult<()> {
    let mut rest = limit.get();
    for candidate in &mut *candidates {
        let new = candidate.now.last_seq.since(candidate.known.seq).min(rest);
        candidate.through_seq = candidate.known.seq.forward(new);
        rest -= new;
    }
    // Several changes of one message are one message on the page.
    let most = limit.get() * 4;
    let mut logged = read::logged(conn, candidates.iter().map(|one| (one.now.chat_id, one.known.version)), most)?;
    let mut cut = i64::try_from(logged.len()).is_ok_and(|rows| rows >= most);
    let mut seen = BTreeSet::new();
    let fits = logged.iter().position(|change| {
        seen.extend(change.message_seq.map(|seq| (change.chat_id, seq)));
        seen.len() > limit_of(limit)
    });
    if let Some(fits) = fits {
        logged.truncate(fits);
        cut = true;
    }
    let last = logged.last().map(|change| change.chat_id);
    let mut by_chat = HashMap::<ChatId, Vec<Logged>>::new();
    for change in logged {
        by_chat.entry(change.chat_id).or_default().push(change);
    }
    for candidate in candidates {
        // Of the last chat there may be more; the chats after it were not looked at.
        candidate.is_cut = cut && last.is_none_or(|last| candidate.now.chat_id >= last);
        candidate.logged = by_chat.remove(&candidate.now.chat_id).unwrap_or_default();
    }
    Ok(())
}

fn own_log(conn: &mut PgConnection, known: &Known, limit: Limit) -> QueryResult<Vec<UserChange>> {
    use crate::schema::user_changes;

    user_changes::table
        .filter(user_changes::user_id.eq(known.user_id).and(user_changes::version.gt(known.version)))
        .order(user_changes::version)
        .limit(limit.get())
        .select(UserChange::as_select())
        .load(conn)
}

/// The chats of the page, and who appears in them.
fn chats(
    conn: &mut PgConnection,
    user_id: UserId,
    reloads: Vec<(Which, Reload)>,
    candidates: Vec<Candidate>,
    people: &mut BTreeSet<UserId>,
) -> QueryResult<Vec<ChatChanges>> {
    let keys: Vec<_> =
        candidates.iter().flat_map(|candidate| candidate.seqs().map(|seq| (candidate.now.chat_id, seq))).collect();
    let reacted = candidates.iter().filter(|candidate| candidate.may_have_reactions());
    let reacted = reacted.map(|candidate| candidate.now.chat_id).collect();
    let mut entries = read::entries(conn, user_id, keys, &reacted, people)?;
    let users: Vec<_> = candidates
        .iter()
        .flat_map(|candidate| {
            let users: BTreeSet<_> = candidate.users().collect();
            users.into_iter().map(|user| (candidate.now.chat_id, user))
        })
        .collect();
    people.extend(users.iter().map(|(_, user)| *user));
    let profiles = candidates.iter().flat_map(|candidate| &candidate.logged);
    let profiles = profiles.filter(|logged| logged.kind == ChatChangeKind::ProfileChanged);
    people.extend(profiles.filter_map(|logged| logged.user_id));
    let pictures = candidates.iter().flat_map(|candidate| &candidate.logged);
    let pictures = pictures.filter(|logged| logged.kind == ChatChangeKind::PictureChanged);
    people.extend(read::unveiled(conn, user_id, pictures.filter_map(|logged| logged.user_id).collect())?);
    let mut members = read::members(conn, users)?;
    let shown: Vec<_> = reloads
        .iter()
        .map(|(now, _)| now.chat_id)
        .chain(candidates.iter().filter(|candidate| candidate.shows_chat()).map(|candidate| candidate.now.chat_id))
        .collect();
    let mut shown = read::chats(conn, shown)?;

    let reloads = reloads.into_iter().map(|(now, reload)| (now.known().version, now, Some(reload)));
    let candidates = candidates.into_iter().map(|candidate| (candidate.known_after().version, candidate.now, None));
    let mut chats: Vec<_> = reloads
        .chain(candidates)
        .map(|(version, now, reload)| ChatChanges {
            chat_id: now.chat_id,
            reload,
            chat: shown.remove(&now.chat_id),
            messages: entries.remove(&now.chat_id).unwrap_or_default(),
            members: members.remove(&now.chat_id).unwrap_or_default(),
            version,
            first_seq: now.first_seq,
            last_seq: now.last_seq,
            last_read_seq: now.last_read_seq,
            last_delivered_seq: now.last_delivered_seq,
        })
        .collect();
    chats.sort_unstable_by_key(|chat| chat.chat_id);
    Ok(chats)
}

fn contacts_and_blocks(
    conn: &mut PgConnection,
    user_id: UserId,
    log: &[UserChange],
    page: &mut Page,
    people: &mut BTreeSet<UserId>,
) -> QueryResult<()> {
    let others = |kind: UserChangeKind| {
        let of_kind = log.iter().filter(move |change| change.kind == kind);
        of_kind.filter_map(|change| change.about_user_id).collect::<BTreeSet<_>>()
    };
    let (contacts, blocks) = (others(UserChangeKind::ContactChanged), others(UserChangeKind::BlockChanged));
    people.extend(contacts.iter().chain(&blocks));
    let mut found = read::contacts(conn, user_id, &contacts)?;
    page.contacts =
        contacts.into_iter().map(|user_id| ContactChange { user_id, contact: found.remove(&user_id) }).collect();
    let mut found = read::blocks(conn, user_id, &blocks)?;
    page.blocks = blocks.into_iter().map(|user_id| BlockChange { user_id, block: found.remove(&user_id) }).collect();
    Ok(())
}
