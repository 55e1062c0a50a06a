-- Drops the search index that holds the words of each chat by themselves; reads and writes go on.

DROP INDEX CONCURRENTLY messages_chat_words_idx;
