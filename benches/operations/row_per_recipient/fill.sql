-- What was said in our tables, one message in 60 of each chat, and how far it got.
INSERT INTO sent_messages (client_id, chat_id, sender_id, kind, content, created_at)
SELECT
    id,
    chat_id,
    sender_id,
    kind,
    content,
    created_at
FROM messages
WHERE seq % 60 = 0
ORDER BY created_at;

INSERT INTO recipients (message_id, user_id, delivered_at, read_at)
SELECT
    sent.id,
    position.user_id,
    CASE WHEN message.seq <= position.last_delivered_seq THEN now() END,
    CASE WHEN message.seq <= position.last_read_seq THEN now() END
FROM sent_messages AS sent
INNER JOIN messages AS message ON sent.chat_id = message.chat_id AND sent.client_id = message.id
INNER JOIN unread_messages AS position ON sent.chat_id = position.chat_id AND sent.sender_id <> position.user_id
ORDER BY sent.id;

INSERT INTO unread (user_id, chat_id, message_id)
SELECT
    recipient.user_id,
    sent.chat_id,
    recipient.message_id
FROM recipients AS recipient
INNER JOIN sent_messages AS sent ON recipient.message_id = sent.id
WHERE recipient.read_at IS NULL;
