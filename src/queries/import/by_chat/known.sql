SELECT
    message.id,
    message.seq
FROM messages AS message
WHERE message.chat_id = $1 AND message.id = ANY($2)
