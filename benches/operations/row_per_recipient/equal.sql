-- What the lean tables lack to do what ours do.

-- Made when the rows are there, as compact as can be: sending twice is refused, text is searched, and a device that
-- comes back finds what it has not received.
CREATE UNIQUE INDEX sent_messages_client_key ON sent_messages (chat_id, client_id);
CREATE INDEX sent_messages_search_idx ON sent_messages USING gin (chat_id, to_tsvector('english', content))
WITH (fastupdate = off)
WHERE content IS NOT NULL;
CREATE INDEX recipients_pending_idx ON recipients (user_id, message_id)
WHERE delivered_at IS NULL;

-- A sender is a participant, and nothing is left of a message that is purged.
ALTER TABLE sent_messages
ADD FOREIGN KEY (chat_id, sender_id) REFERENCES chat_participants (chat_id, user_id);
ALTER TABLE recipients
ADD FOREIGN KEY (message_id) REFERENCES sent_messages (id) ON DELETE CASCADE;
ALTER TABLE unread
ADD FOREIGN KEY (message_id) REFERENCES sent_messages (id) ON DELETE CASCADE;
