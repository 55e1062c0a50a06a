-- Says that full-text search uses the index before.

COMMENT ON INDEX messages_search_idx IS 'Rides: full-text search in the chats of a user.';
COMMENT ON INDEX messages_chat_words_idx IS NULL;
