SELECT
    message.chat_id,
    message.id,
    message.seq
FROM unnest($1, $2) AS wanted (chat_id, id)
INNER JOIN messages AS message ON wanted.chat_id = message.chat_id AND wanted.id = message.id
