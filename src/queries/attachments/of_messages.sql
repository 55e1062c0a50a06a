SELECT
    attachment.chat_id,
    attachment.message_seq,
    attachment.position,
    attachment.file_name,
    attachment.mime_type,
    attachment.byte_size,
    attachment.storage_key,
    attachment.medium_key,
    attachment.thumbnail_key,
    attachment.width,
    attachment.height,
    attachment.created_at
FROM unnest($1::uuid [], $2::bigint []) AS message (chat_id, seq)
INNER JOIN attachments AS attachment
    ON message.chat_id = attachment.chat_id AND message.seq = attachment.message_seq
ORDER BY attachment.chat_id, attachment.message_seq, attachment.position
