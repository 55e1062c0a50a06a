//! Begins an upload: whose it is, what it is, and under which key.

use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use crate::actor::Actor;
use crate::enums::ImageType;
use crate::error::{Error, refusals};
use crate::ids::{UserId, sql_types};
use crate::models::Upload;
use crate::queries::statement::{Columns, statement};
use crate::queries::{atomic, nul_character};
use crate::schema::sql_types::ImageType as ImageTypeSql;

statement! {
    /// The upload; nothing: there is no such account.
    Begin {
        owner: UserId as sql_types::UserId,
        storage_key: String as Text,
        mime_type: ImageType as ImageTypeSql,
        byte_size: i32 as Integer,
    } -> (Columns<Upload>,) = "begin.sql"
}

/// A picture that is about to be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUpload<'a> {
    /// Its key in the object store, 1 to 1,024 bytes. The service makes it, of random bits, and of nothing that the
    /// client sent: who knows a key may be able to read the picture.
    pub storage_key: &'a str,
    /// What kind of picture it is.
    pub mime_type: ImageType,
    /// How large it is, 1 byte to 10 MiB. The object store is to be told, so that it takes no more.
    pub byte_size: i32,
}

/// Why an upload was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginRefused {
    /// There is no such account, or it is closed.
    #[error("there is no such account")]
    NoSuchAccount,
    /// There is an upload of this key already.
    #[error("there is an upload of this key already")]
    KeyTaken,
    /// The key is empty, longer than 1,024 bytes, or has a NUL in it.
    #[error("a key has 1 to 1,024 bytes, and no NUL")]
    KeyInvalid,
    /// It is empty, or larger than 10 MiB.
    #[error("a picture has 1 byte to 10 MiB")]
    SizeInvalid,
}

refusals! { BeginRefused {
    NoSuchAccount: NotFound = "account_not_found",
    KeyTaken: Conflict = "upload_key_taken" if "uploads_pkey",
    KeyInvalid: Invalid = "upload_key_invalid" if "uploads_storage_key_check",
    SizeInvalid: Invalid = "upload_size_invalid" if "uploads_byte_size_check",
} }

/// Begins an upload of the actor's: from now on they, and nobody else, may attach the picture of this key, once.
///
/// One statement; holds the account's row `FOR KEY SHARE` until it commits. Indexes: `users_pkey`, `uploads_pkey`.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NoSuchAccount`](BeginRefused::NoSuchAccount): there is no such account, or it is closed.
/// * [`KeyTaken`](BeginRefused::KeyTaken): there is an upload of this key already.
/// * [`KeyInvalid`](BeginRefused::KeyInvalid): the key is empty, longer than 1,024 bytes, or has a NUL in it.
/// * [`SizeInvalid`](BeginRefused::SizeInvalid): it is empty, or larger than 10 MiB.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, _, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::enums::ImageType;
/// use messenger_db::queries::messages::{self, Draft, Picture};
/// use messenger_db::queries::uploads::{self, NewUpload};
///
/// let new = NewUpload { storage_key: "pictures/0f8fad5b", mime_type: ImageType::Jpeg, byte_size: 48_000 };
/// uploads::begin(conn, anna, &new)?;
/// // Now the client puts the bytes into the object store, and then:
/// let pictures = [Picture::new("summit.jpg", "pictures/0f8fad5b")];
/// messages::send(conn, anna, chat, &Draft::image(&pictures))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn begin(conn: &mut PgConnection, actor: Actor, new: &NewUpload<'_>) -> Result<Upload, Error<BeginRefused>> {
    if nul_character::in_any([Some(new.storage_key)]) {
        return Err(Error::Refused(BeginRefused::KeyInvalid));
    }
    let beginning = Begin {
        owner: actor.user_id(),
        storage_key: new.storage_key.to_owned(),
        mime_type: new.mime_type,
        byte_size: new.byte_size,
    };
    let begun: Option<(Upload,)> =
        atomic::statement(conn, |conn| beginning.get_result(conn).optional().map_err(Error::from))?;
    begun.map(|(upload,)| upload).ok_or(Error::Refused(BeginRefused::NoSuchAccount))
}
