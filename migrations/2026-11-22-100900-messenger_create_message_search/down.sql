-- Drops the indexes of search, its functions and its configuration.

DROP INDEX users_name_words_idx;
DROP INDEX messages_chat_words_idx;
DROP FUNCTION search_names(text);
DROP FUNCTION search_marks(text, text);
DROP FUNCTION search_finds(text, text[], text[], text);
DROP FUNCTION search_query(text);
DROP FUNCTION search_has(text, text);
DROP FUNCTION search_root(text);
DROP FUNCTION chat_query(chat_id, text);
DROP FUNCTION chat_words(chat_id, text[]);
DROP FUNCTION search_words(text);
DROP FUNCTION search_text(text);
DROP TEXT SEARCH CONFIGURATION messenger;
