-- Attaches uploads of the sender's to a message, each once; none that was attached or given up before. They are locked in the
-- order of their keys: another message may have the same in another order.
WITH picture AS (
    SELECT
        one.storage_key,
        one.file_name,
        one.number
    FROM unnest($3::text [], $4::text []) WITH ORDINALITY AS one (storage_key, file_name, number)
),

held AS MATERIALIZED (
    SELECT storage_key FROM uploads
    WHERE storage_key = ANY ($3::text []) AND owner_id = $5 AND attached_chat IS NULL AND abandoned_at IS NULL
    ORDER BY storage_key
    FOR NO KEY UPDATE
),

attached AS (
    UPDATE uploads
    SET attached_chat = $1, attached_seq = $2, attached_position = picture.number - 1
    FROM picture
    INNER JOIN held ON held.storage_key = picture.storage_key
    WHERE
        uploads.storage_key = picture.storage_key
        AND uploads.owner_id = $5
        AND uploads.attached_chat IS NULL
        AND uploads.abandoned_at IS NULL
    RETURNING
        uploads.*,
        picture.file_name
)

INSERT INTO attachments (
    chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key, medium_key, thumbnail_key, width, height,
    created_at
)
SELECT
    $1,
    $2,
    attached.attached_position,
    attached.file_name,
    attached.mime_type,
    attached.byte_size,
    attached.storage_key,
    attached.medium_key,
    attached.thumbnail_key,
    attached.width,
    attached.height,
    $6
FROM attached
RETURNING position
