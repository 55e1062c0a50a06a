SELECT
    begun.storage_key,
    begun.owner_id,
    begun.mime_type,
    begun.byte_size,
    begun.medium_key,
    begun.thumbnail_key,
    begun.width,
    begun.height,
    begun.created_at,
    begun.abandoned_at,
    begun.attached_chat,
    begun.attached_seq,
    begun.attached_position
FROM begin_upload($1, $2, $3, $4) AS begun
