-- Builds the search index that was there before; reads and writes go on.

CREATE INDEX CONCURRENTLY messages_search_idx ON messages USING gin (chat_id, to_tsvector('messenger', content))
WITH (fastupdate = off)
WHERE content IS NOT NULL;
