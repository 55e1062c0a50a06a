-- Drops every message and every edit.

DROP TABLE message_edits;
DROP TABLE messages;
DROP DOMAIN message_id;
