-- Drops the logs of changes.

DROP TABLE user_changes;
DROP TABLE user_heads;
DROP TABLE chat_changes;
DROP TYPE user_change_kind;
DROP TYPE chat_change_kind;
