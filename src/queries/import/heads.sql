UPDATE chat_heads
SET
    last_seq = newest.seq,
    last_uncounted_seq = greatest(chat_heads.last_uncounted_seq, (
        SELECT max(uncounted.seq)
        FROM messages AS uncounted
        WHERE
            uncounted.chat_id = newest.chat_id
            AND uncounted.seq > chat_heads.last_seq
            AND uncounted.sender_id IS NULL
    )),
    last_message_at = message.created_at,
    last_sender_id = message.sender_id,
    last_kind = message.kind,
    last_preview = message_preview(message.content),
    version = chat_heads.version + newest.seq - chat_heads.last_seq
FROM unnest($1, $2) AS newest (chat_id, seq)
INNER JOIN messages AS message ON newest.chat_id = message.chat_id AND newest.seq = message.seq
WHERE chat_heads.chat_id = newest.chat_id
RETURNING chat_heads.last_seq
