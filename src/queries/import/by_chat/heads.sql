UPDATE chat_heads
SET
    last_seq = message.seq,
    last_uncounted_seq = greatest(chat_heads.last_uncounted_seq, (
        SELECT max(uncounted.seq)
        FROM messages AS uncounted
        WHERE
            uncounted.chat_id = $1
            AND uncounted.seq > $3
            AND uncounted.sender_id IS NULL
    )),
    last_message_at = message.created_at,
    last_sender_id = message.sender_id,
    last_kind = message.kind,
    last_preview = message_preview(message.content),
    version = chat_heads.version + message.seq - chat_heads.last_seq
FROM messages AS message
WHERE chat_heads.chat_id = $1 AND message.chat_id = $1 AND message.seq = $2
