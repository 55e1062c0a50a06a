-- One message in ten has a reaction, one in fifty two.
INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji)
SELECT
    message.chat_id,
    message.seq,
    message.sender_id,
    given.emoji
FROM messages AS message
CROSS JOIN (VALUES ('👍', 10), ('🎉', 50)) AS given (emoji, one_in)
WHERE message.seq % given.one_in = 0
