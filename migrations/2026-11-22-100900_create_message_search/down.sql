-- Drops the search index and its configuration.

DROP INDEX messages_search_idx;
DROP TEXT SEARCH CONFIGURATION messenger;
