-- Drops the settings: every chat is as if nobody had set anything.

DROP FUNCTION change_chat_settings(
    chat_id, user_id, boolean, timestamptz, boolean, smallint, boolean, boolean, boolean, boolean, text
);
DROP TABLE chat_settings;
