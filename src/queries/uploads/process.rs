//! Notes what a worker found out about a picture, before or after it was attached.

use diesel::prelude::*;
use diesel::result::Error as DieselError;

use crate::enums::ChatChangeKind;
use crate::error::{Error, refusals};
use crate::ids::ChatId;
use crate::models::{AttachmentChanges, Upload};
use crate::queries::{chat_versions, nul_character, unused_files};
use crate::schema::{attachments, chat_heads, messages, uploads};
use crate::version::Version;

/// What became known of a picture; the rest stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Processed<'a> {
    /// The key of a copy of medium size, 1 to 1,024 characters.
    pub medium_key: Option<&'a str>,
    /// The key of a small copy, 1 to 1,024 characters.
    pub thumbnail_key: Option<&'a str>,
    /// Its width in pixels, and its height; 1 or more.
    pub size: Option<(i32, i32)>,
}

/// What was noted of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The upload as it is now. Where it was attached, its chat is the one whose members are told.
    pub upload: Upload,
    /// The version of the chat under which its message has it. `None`: it was not attached yet.
    pub version: Option<Version>,
}

/// Why nothing was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessRefused {
    /// There is no such upload: it was given up or removed, or its message was deleted. Copies that were made are to be deleted.
    #[error("there is no such upload")]
    NotFound,
    /// A key is empty or longer than 1,024 characters, or has a NUL in it, or a side has less than a pixel.
    #[error("a key of a copy or the size of the picture is invalid")]
    Invalid,
}

refusals! { ProcessRefused {
    NotFound: NotFound = "upload_not_found",
    Invalid: Invalid = "picture_invalid" if_any "uploads_",
} }

/// Notes the size of a picture and the copies that were made of it, and gives the upload as it is now: where it was
/// attached already, the attachment of the message says the same, under the next version of its chat.
///
/// It is a worker of the service that says so, on nobody's behalf. It may say so again: a copy that another one replaces is put on
/// the list of [unused files](crate::queries::unused_files::list).
///
/// A transaction, or a savepoint of the caller's. It locks the head of the chat, where the picture was attached, and then the
/// upload's row; where it was attached at that very moment, it lets go of the row and begins anew. Indexes: `uploads_pkey`,
/// `chat_heads_pkey`, `attachments_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotFound`](ProcessRefused::NotFound): there is no such upload: it was given up or removed, or its message was deleted.
///   Copies that were made are to be deleted.
/// * [`Invalid`](ProcessRefused::Invalid): a key is empty or longer than 1,024 characters, or has a NUL in it, or a side
///   has less than a pixel.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let anna = messenger_db::doctest::user(conn, "anna");
/// use messenger_db::enums::ImageType;
/// use messenger_db::queries::uploads::{self, NewUpload, Processed};
///
/// let new = NewUpload { storage_key: "pictures/0f8fad5b", mime_type: ImageType::Jpeg, byte_size: 48_000 };
/// uploads::begin(conn, anna, &new)?;
/// let small = Processed { thumbnail_key: Some("small/0f8fad5b"), size: Some((640, 480)), ..Processed::default() };
/// assert_eq!(uploads::process(conn, "pictures/0f8fad5b", &small)?.upload.width, Some(640));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn process(
    conn: &mut PgConnection,
    storage_key: &str,
    processed: &Processed<'_>,
) -> Result<Noted, Error<ProcessRefused>> {
    let Processed { medium_key, thumbnail_key, .. } = *processed;
    if nul_character::in_any([Some(storage_key), medium_key, thumbnail_key]) {
        return Err(Error::Refused(ProcessRefused::Invalid));
    }
    loop {
        let noted = conn.transaction(|conn| {
            let found =
                || uploads::table.find(storage_key).filter(uploads::abandoned_at.is_null()).select(Upload::as_select());
            let Some(seen): Option<Upload> = found().first(conn).optional()? else {
                return Err(Error::Refused(ProcessRefused::NotFound));
            };
            // The head before the upload, as a send locks them.
            if let Some(chat_id) = seen.attached_chat {
                let head = chat_heads::table.find(chat_id).select(chat_heads::chat_id).for_no_key_update();
                head.first::<ChatId>(conn).optional()?;
            }
            let Some(held): Option<Upload> = found().for_no_key_update().first(conn).optional()? else {
                return Err(Error::Refused(ProcessRefused::NotFound));
            };
            // Whoever attached it in between is seen at the next look, without the lock of the row.
            if held.attached_chat != seen.attached_chat {
                return Err(Error::Database(DieselError::RollbackTransaction));
            }
            note(conn, held, processed)
        });
        match noted {
            Err(Error::Database(DieselError::RollbackTransaction)) => {}
            noted => return noted,
        }
    }
}

/// Notes it of an upload whose row is locked, and whose chat's head is where it was attached.
fn note(conn: &mut PgConnection, held: Upload, processed: &Processed<'_>) -> Result<Noted, Error<ProcessRefused>> {
    let Processed { medium_key, thumbnail_key, size } = *processed;
    let (width, height) = size.unzip();
    let upload: Upload = diesel::update(uploads::table.find(&held.storage_key))
        .set((
            uploads::medium_key.eq(medium_key.or(held.medium_key.as_deref())),
            uploads::thumbnail_key.eq(thumbnail_key.or(held.thumbnail_key.as_deref())),
            uploads::width.eq(width.or(held.width)),
            uploads::height.eq(height.or(held.height)),
        ))
        .returning(Upload::as_returning())
        .get_result(conn)?;
    let needed = [Some(upload.storage_key.as_str()), upload.medium_key.as_deref(), upload.thumbnail_key.as_deref()];
    let replaced = [held.medium_key, held.thumbnail_key].into_iter().flatten();
    unused_files::queue(conn, replaced.filter(|old| !needed.contains(&Some(old.as_str()))).collect())?;
    let version = show(conn, &upload)?;
    Ok(Noted { upload, version })
}

/// Says the same in the attachment, if there is one, and gives the version that its message has now.
fn show(conn: &mut PgConnection, upload: &Upload) -> QueryResult<Option<Version>> {
    let place = upload.attached_chat.zip(upload.attached_seq).zip(upload.attached_position);
    let Some(((chat_id, seq), position)) = place else { return Ok(None) };
    let (version, _) = chat_versions::next(conn, chat_id, ChatChangeKind::MessageEdited, Some(seq), None)?;
    let changes = AttachmentChanges {
        medium_key: Some(upload.medium_key.as_deref()),
        thumbnail_key: Some(upload.thumbnail_key.as_deref()),
        width: Some(upload.width),
        height: Some(upload.height),
    };
    diesel::update(attachments::table.find((chat_id, seq, position))).set(changes).execute(conn)?;
    diesel::update(messages::table.find((chat_id, seq))).set(messages::version.eq(version)).execute(conn)?;
    Ok(Some(version))
}
