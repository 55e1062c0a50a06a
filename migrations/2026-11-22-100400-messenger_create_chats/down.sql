-- Drops chats, their heads and who takes part in them.

DROP VIEW local_chats;
DROP TABLE chat_participants;
DROP TABLE chat_heads;
DROP TABLE chats;
DROP TYPE message_kind;
DROP TYPE participant_role;
DROP TYPE chat_kind;
DROP DOMAIN chat_id;
