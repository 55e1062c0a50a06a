-- The parts of the chats that have marks.
SELECT DISTINCT get_byte(uuid_send(mark.chat_id), 15) % $1 AS part
FROM inbox_marks AS mark
