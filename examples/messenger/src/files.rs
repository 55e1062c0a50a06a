//! Pictures: uploaded before they are sent, kept on the local disk, and shown to members of their chat.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use messenger_db::enums::ImageType;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::attachments;
use messenger_db::queries::uploads::{self, NewUpload};
use messenger_db::seq::Seq;
use serde_json::{Value, json};
use std::path::PathBuf;
use uuid::Uuid;

use crate::accounts::authenticate;
use crate::failure::Failure;
use crate::server::{App, State as Shared};

/// The largest picture: 10 MiB, as the database has it.
pub const LARGEST: usize = 10 * 1024 * 1024;

/// Keeps a picture, and gives its key for the message that it will belong to.
pub async fn upload(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>, Failure> {
    let (actor, _) = authenticate(&app, &headers).await?;
    let kind =
        kind(&body).ok_or_else(|| Failure::invalid("picture_invalid", "a picture is a JPEG, PNG, GIF or WebP"))?;
    let key = format!("{}.{}", Uuid::now_v7().simple(), extension(kind));
    let path = folder(&app, actor.user_id()).join(&key);
    let written = async {
        tokio::fs::create_dir_all(folder(&app, actor.user_id())).await?;
        tokio::fs::write(&path, &body).await
    };
    written.await.map_err(|error| Failure::internal(&error))?;
    let storage_key = format!("{}/{key}", actor.user_id());
    let byte_size = i32::try_from(body.len()).map_err(|error| Failure::internal(&error))?;
    let begun = app.database.run(move |conn| {
        uploads::begin(conn, actor, &NewUpload { storage_key: &storage_key, mime_type: kind, byte_size })
    });
    begun.await?;
    Ok(Json(json!({ "key": key })))
}

/// Shows a picture of a message, to members of its chat.
pub async fn download(
    State(app): State<App>,
    headers: HeaderMap,
    Path((chat, seq, position)): Path<(ChatId, i64, i16)>,
) -> Result<Response, Failure> {
    let (actor, _) = authenticate(&app, &headers).await?;
    let pictures = app.database.run(move |conn| attachments::all(conn, actor, chat, Seq::new(seq))).await?;
    let gone = || Failure::new(StatusCode::NOT_FOUND, "picture_not_found", "there is no such picture");
    let picture = pictures.into_iter().find(|picture| picture.position == position).ok_or_else(gone)?;
    let bytes = tokio::fs::read(app.options.files.join(safe(&picture.storage_key).ok_or_else(gone)?)).await;
    let bytes = bytes.map_err(|_| gone())?;
    // A picture is never changed; a deleted one is not asked for again.
    let headers = [
        (header::CONTENT_TYPE, picture.mime_type.to_string()),
        (header::CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

/// The storage key of what this user uploaded under a key: whose it is, and that it is attached once, is the database's
/// to say.
pub fn storage_key(user: UserId, key: &str) -> String {
    format!("{user}/{key}")
}

/// Removes pictures that no message has any more.
pub async fn remove(app: &Shared, storage_keys: Vec<String>) {
    for path in storage_keys.iter().filter_map(|key| safe(key)) {
        let _ = tokio::fs::remove_file(app.options.files.join(path)).await;
    }
}

fn folder(app: &Shared, user: UserId) -> PathBuf {
    app.options.files.join(user.to_string())
}

/// A storage key as a path inside the folder, whoever wrote it.
fn safe(key: &str) -> Option<&std::path::Path> {
    let path = std::path::Path::new(key);
    path.components().all(|part| matches!(part, std::path::Component::Normal(_))).then_some(path)
}

const fn extension(kind: ImageType) -> &'static str {
    match kind {
        ImageType::Jpeg => "jpg",
        ImageType::Png => "png",
        ImageType::Gif => "gif",
        ImageType::Webp => "webp",
    }
}

/// What the bytes are, whatever the browser calls them.
fn kind(bytes: &[u8]) -> Option<ImageType> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(ImageType::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(ImageType::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(ImageType::Gif),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageType::Webp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_bytes() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Some(ImageType::Png));
        assert_eq!(kind(b"\xFF\xD8\xFF\xE0"), Some(ImageType::Jpeg));
        assert_eq!(kind(b"GIF89a"), Some(ImageType::Gif));
        assert_eq!(kind(b"RIFF\x01\x02\x03\x04WEBPVP8 "), Some(ImageType::Webp));
        assert_eq!(kind(b"<svg onload=alert(1)>"), None);
        assert_eq!(kind(b""), None);
    }

    #[test]
    fn a_storage_key_does_not_lead_out_of_the_folder() {
        assert!(safe("seed/map.png").is_some());
        assert!(safe("../../etc/passwd").is_none());
        assert!(safe("/etc/passwd").is_none());
        assert!(safe("a/../../b").is_none());
    }
}
