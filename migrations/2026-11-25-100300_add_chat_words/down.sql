-- Drops the functions of the search index.

DROP FUNCTION chat_query_pattern(tsquery);
DROP FUNCTION chat_query_decides(tsquery);
DROP FUNCTION chat_query(chat_id, text);
DROP FUNCTION chat_words(chat_id, tsvector);
