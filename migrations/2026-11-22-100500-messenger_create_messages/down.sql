-- Drops every message and every edit.

DROP FUNCTION message_preview(text);
DROP TABLE message_edits;
DROP TABLE messages;
DROP DOMAIN message_id;
