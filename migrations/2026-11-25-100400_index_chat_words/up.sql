-- Purpose: the search index that holds the words of each chat by themselves.
-- Lock: SHARE UPDATE EXCLUSIVE on messages while the index is built, about 20 seconds for 250,000 messages: reads and writes
--   go on. The build waits for every transaction that began before it.
-- Tolerable because: only another migration and VACUUM wait.
-- Code deployed before: sends a little more slowly, and searches by the index before.

-- fastupdate off: a pending list makes the insert that must empty it wait for all the others.
CREATE INDEX CONCURRENTLY messages_chat_words_idx ON messages USING gin (
    chat_id, chat_words(chat_id, to_tsvector('messenger', content))
)
WITH (fastupdate = off)
WHERE content IS NOT NULL;
