-- Drops the search index, its functions and its configuration.

DROP INDEX messages_chat_words_idx;
DROP FUNCTION chat_query_pattern(tsquery);
DROP FUNCTION chat_query_decides(tsquery);
DROP FUNCTION chat_query(chat_id, text);
DROP FUNCTION chat_words(chat_id, tsvector);
DROP TEXT SEARCH CONFIGURATION messenger;
