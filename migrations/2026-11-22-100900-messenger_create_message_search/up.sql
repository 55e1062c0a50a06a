-- Purpose: full-text search in messages, ignoring accents and endings. The index holds the words of each chat by themselves,
--   each behind a mark of its chat, so that the cost of a search follows the reader's chats and not everyone's messages.
-- Lock: SHARE on messages while the index is built: writers wait, readers do not.
-- Tolerable because: messages was created by a migration of the same release, and is empty. On a table that
--   is not, an index is built CONCURRENTLY.
-- Code deployed before: sends as it did; each message now costs one index entry per word.
--
-- Another language is one more migration: ALTER TEXT SEARCH CONFIGURATION messenger, then REINDEX INDEX
-- CONCURRENTLY messages_chat_words_idx.

CREATE TEXT SEARCH CONFIGURATION messenger (COPY = english);

ALTER TEXT SEARCH CONFIGURATION messenger
ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;

COMMENT ON TEXT SEARCH CONFIGURATION messenger IS
    'How messages are searched: accents ignored, English words by their stems, other words as they are.';

-- Its cost is high so that PostgreSQL does not compute it for each message of a chat instead of asking the index, because
-- it takes the chat for one of average length.
CREATE FUNCTION chat_words(chat chat_id, words tsvector) RETURNS tsvector
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
COST 10000
AS $$
DECLARE
    mark text := encode(substring(uuid_send(chat) FROM 14), 'base64');
    marked text := mark || array_to_string(tsvector_to_array(words), chr(1) || mark);
BEGIN
    IF words = '' THEN
        RETURN words;
    ELSIF octet_length(marked) > 2000 THEN
        -- A word has 2,046 bytes at most: one that the mark might make longer is left out, and not found.
        RETURN array_to_tsvector(
            ARRAY(SELECT mark || word FROM unnest(tsvector_to_array(words)) AS word WHERE octet_length(word) <= 2000)
        );
    END IF;

    RETURN array_to_tsvector(string_to_array(marked, chr(1)));
END
$$;

CREATE FUNCTION chat_query(chat chat_id, pattern text) RETURNS tsquery
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RETURN replace(pattern, chr(1), encode(substring(uuid_send(chat) FROM 14), 'base64'))::tsquery;
END
$$;

CREATE FUNCTION chat_query_decides(sought tsquery) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RETURN sought::text !~ '<(-|[0-9]+)>';
END
$$;

CREATE FUNCTION chat_query_pattern(sought tsquery) RETURNS text
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    pattern text := sought::text;
    long_word text;
BEGIN
    IF NOT chat_query_decides(sought) THEN
        pattern := regexp_replace(querytree(sought), '<(-|[0-9]+)>', '&', 'g');
        IF pattern IN ('', 'T') THEN
            -- Nothing must be there: whatever lacks a word that nobody can write.
            RETURN '!' || quote_literal(chr(1));
        END IF;
    END IF;

    IF octet_length(pattern) > 2000 THEN
        FOR long_word IN
            SELECT word[1]
            FROM regexp_matches(pattern, '(''(?:''''|[^''])*'')', 'g') AS word
            WHERE octet_length(word[1]) > 2000
        LOOP
            pattern := replace(pattern, long_word, quote_literal(chr(2)));
        END LOOP;
    END IF;

    RETURN regexp_replace(pattern, '''((?:''''|[^''])*)''', '''' || chr(1) || E'\\1''', 'g');
END
$$;

COMMENT ON FUNCTION chat_words(chat_id, tsvector) IS
    'The words of a message as the search index has them: each behind a mark of its chat (the last three bytes of its id), so that words of different chats are different keys, and those of one chat lie together.';
COMMENT ON FUNCTION chat_query(chat_id, text) IS
    'What is searched, as the index has it for one chat: the pattern, with the chat''s mark.';
COMMENT ON FUNCTION chat_query_decides(tsquery) IS
    'Whether what the index finds is what is searched. The index knows no order of words: with a phrase in it, the query itself has to be asked of what the index finds.';
COMMENT ON FUNCTION chat_query_pattern(tsquery) IS
    'What is searched, with a place for a chat''s mark before each word. With a phrase in it: what must be there at least, its words in any order.';

-- fastupdate off: a pending list makes the insert that must empty it wait for all the others.
-- squawk-ignore require-concurrent-index-creation -- the table is of the same release, and empty
CREATE INDEX messages_chat_words_idx ON messages USING gin (
    chat_id, chat_words(chat_id, to_tsvector('messenger', content))
)
WITH (fastupdate = off)
WHERE content IS NOT NULL;

COMMENT ON INDEX messages_chat_words_idx IS 'Used by: full-text search in the chats of a user.';
