-- Drops the list of chats by user: what it says is in the other tables.

DROP FUNCTION mark_inbox(chat_id, chat_change_kind, user_id);
DROP FUNCTION keeps_inbox();
DROP TABLE inbox_marks;
DROP TABLE inbox_by_user;
