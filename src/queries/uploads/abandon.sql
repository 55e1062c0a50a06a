-- Gives up uploads that nobody attached, the oldest first; those given up before and not yet removed, too.
UPDATE uploads
SET abandoned_at = least(abandoned_at, now())
WHERE storage_key IN (
    SELECT old.storage_key
    FROM uploads AS old
    WHERE old.attached_chat IS NULL AND old.created_at <= now() - $1
    ORDER BY old.created_at, old.storage_key
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
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
