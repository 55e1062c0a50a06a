//! Pictures: those of a message, and those of a chat, the newest first.

mod of_messages;

use diesel::dsl::exists;
use diesel::prelude::*;

pub(super) use of_messages::of_messages;

use crate::actor::Actor;
use crate::cursor::{self, place};
use crate::error::{Error, refusals};
use crate::ids::ChatId;
use crate::models::Attachment;
use crate::page::Limit;
use crate::queries::predicates::{is_member, membership};
use crate::queries::visibility::{MemberSees, SeesAttachment};
use crate::schema::{attachments, chat_participants, messages};
use crate::seq::Seq;

/// Why pictures were not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttachmentsRefused {
    /// The reader is not a member of the chat now, or there is no such chat.
    #[error("the reader is not a member of the chat")]
    NotAMember,
    /// The chat has no such message.
    #[error("there is no such message in the chat")]
    MessageNotFound,
}

refusals! { AttachmentsRefused {
    NotAMember: Forbidden = "not_a_member",
    MessageNotFound: NotFound = "message_not_found",
} }

/// Where a page of a chat's pictures ended, and the next begins.
pub type Cursor = cursor::Cursor<Place>;

place! {
    /// The last picture of a page.
    #[derive(Copy)]
    Place = 5 { message_seq: Seq, position: i16 }
}

impl Cursor {
    /// Before the picture at this position of this message.
    #[must_use]
    pub const fn before(message_seq: Seq, position: i16) -> Self {
        Self::new(Place { message_seq, position })
    }
}

impl From<&Attachment> for Cursor {
    fn from(attachment: &Attachment) -> Self {
        Self::before(attachment.message_seq, attachment.position)
    }
}

/// The pictures of a message, in their order: five at most. A deleted message has none.
///
/// One statement, which locks nothing. Index: `attachments_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](AttachmentsRefused::NotAMember): the reader is not a member of the chat now, or there is no such
///   chat.
/// * [`MessageNotFound`](AttachmentsRefused::MessageNotFound): the chat has no such message.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::enums::ImageType;
/// # use messenger_db::queries::uploads::{self, NewUpload};
/// use messenger_db::queries::attachments;
/// use messenger_db::queries::messages::{self, Draft, Picture};
///
/// # let new = NewUpload { storage_key: "originals/1", mime_type: ImageType::Jpeg, byte_size: 48_000 };
/// # uploads::begin(conn, anna, &new)?;
/// let pictures = [Picture::new("summit.jpg", "originals/1")];
/// let seq = messages::send(conn, anna, chat, &Draft::image(&pictures))?.message.seq;
/// let found = attachments::all(conn, bob, chat, seq)?;
/// assert_eq!(found[0].file_name, "summit.jpg");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn all(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    seq: Seq,
) -> Result<Vec<Attachment>, Error<AttachmentsRefused>> {
    let reader = actor.user_id();
    let of_chat = messages::chat_id.eq(chat_participants::chat_id).and(messages::seq.eq(seq)).and(MemberSees);
    let of_message = attachments::chat_id.eq(messages::chat_id).and(attachments::message_seq.eq(messages::seq));
    let rows = chat_participants::table
        .left_join(messages::table.on(of_chat))
        .left_join(attachments::table.on(of_message))
        .filter(is_member(chat_id, reader))
        .order(attachments::position)
        .select((messages::seq.nullable(), Option::<Attachment>::as_select()))
        .load::<(Option<Seq>, Option<Attachment>)>(conn)?;
    match rows.first() {
        None => Err(Error::Refused(AttachmentsRefused::NotAMember)),
        Some((None, _)) => Err(Error::Refused(AttachmentsRefused::MessageNotFound)),
        Some(_) => Ok(rows.into_iter().filter_map(|(_, attachment)| attachment).collect()),
    }
}

/// The pictures of a chat, the newest message first; those of one message, the last first.
///
/// `before` is the [cursor](Cursor) of the last picture that the reader has.
///
/// One statement, which locks nothing; one more when it finds nothing, to find out why. Index: `attachments_pkey`,
/// backwards, as far as the page goes.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotAMember`](AttachmentsRefused::NotAMember): the reader is not a member of the chat now, or there is no such
///   chat.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::enums::ImageType;
/// # use messenger_db::queries::uploads::{self, NewUpload};
/// use messenger_db::page::Limit;
/// use messenger_db::queries::attachments::{self, Cursor};
/// use messenger_db::queries::messages::{self, Draft, Picture};
///
/// for name in ["first.jpg", "second.jpg"] {
///     # let new = NewUpload { storage_key: name, mime_type: ImageType::Jpeg, byte_size: 48_000 };
///     # uploads::begin(conn, anna, &new)?;
///     let pictures = [Picture::new(name, name)];
///     messages::send(conn, anna, chat, &Draft::image(&pictures))?;
/// }
/// let page = attachments::list(conn, bob, chat, None, Limit::new(1))?;
/// assert_eq!(page[0].file_name, "second.jpg");
/// let page = attachments::list(conn, bob, chat, Some(Cursor::from(&page[0])), Limit::new(1))?;
/// assert_eq!(page[0].file_name, "first.jpg");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn list(
    conn: &mut PgConnection,
    actor: Actor,
    chat_id: ChatId,
    before: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Attachment>, Error<AttachmentsRefused>> {
    let reader = actor.user_id();
    let membership = membership(chat_id, reader);
    let Place { message_seq, position } = *before.unwrap_or(Cursor::before(Seq::MAX, i16::MAX)).place();
    let page = attachments::table
        .filter(attachments::chat_id.eq(chat_id).and(attachments::message_seq.le(message_seq)))
        .filter(attachments::message_seq.lt(message_seq).or(attachments::position.lt(position)))
        .filter(SeesAttachment { chat_id, reader })
        .order((attachments::message_seq.desc(), attachments::position.desc()))
        .limit(limit.get())
        .select(Attachment::as_select())
        .load(conn)?;
    if page.is_empty() && !diesel::select(exists(membership)).get_result(conn)? {
        return Err(Error::Refused(AttachmentsRefused::NotAMember));
    }
    Ok(page)
}
