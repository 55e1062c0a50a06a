INSERT INTO uploads (storage_key, owner_id, mime_type, byte_size)
SELECT
    $2,
    account.id,
    $3,
    $4
FROM users AS account
WHERE account.id = $1 AND account.deleted_at IS NULL
FOR KEY SHARE
RETURNING
    storage_key,
    owner_id,
    mime_type,
    byte_size,
    medium_key,
    thumbnail_key,
    width,
    height,
    created_at,
    abandoned_at,
    attached_chat,
    attached_seq,
    attached_position
