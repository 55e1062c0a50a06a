-- Purpose: full-text search in messages, ignoring accents and endings, through an index that starts from the
--   chat, so that its cost follows the reader's chats and not everyone's messages.
-- Lock: SHARE on messages while the index is built: writers wait, readers do not.
-- Tolerable because: messages was created by a migration of the same release, and is empty. On a table that
--   is not, an index is built CONCURRENTLY.
-- Code deployed before: sends as it did; each message now costs one index entry per word.
--
-- Another language is one more migration: ALTER TEXT SEARCH CONFIGURATION messenger, then REINDEX INDEX
-- CONCURRENTLY messages_search_idx.

CREATE TEXT SEARCH CONFIGURATION messenger (COPY = english);

ALTER TEXT SEARCH CONFIGURATION messenger
ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;

COMMENT ON TEXT SEARCH CONFIGURATION messenger IS
    'How messages are searched: accents ignored, English words by their stems, other words as they are.';

-- fastupdate off: a pending list makes the insert that must empty it wait for all the others.
-- squawk-ignore require-concurrent-index-creation -- the table is of the same release, and empty
CREATE INDEX messages_search_idx ON messages USING gin (chat_id, to_tsvector('messenger', content))
WITH (fastupdate = off)
WHERE content IS NOT NULL;

COMMENT ON INDEX messages_search_idx IS 'Rides: full-text search in the chats of a user.';
