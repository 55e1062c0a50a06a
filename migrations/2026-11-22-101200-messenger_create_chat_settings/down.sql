-- Drops the settings: every chat is as if nobody had set anything.

DROP TABLE chat_settings;
