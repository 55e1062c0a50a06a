-- Purpose: says which index full-text search uses now.
-- Lock: SHARE UPDATE EXCLUSIVE on the two indexes, for a moment.
-- Tolerable because: reads and writes go on.
-- Code deployed before: does what it did.

COMMENT ON INDEX messages_chat_words_idx IS 'Rides: full-text search in the chats of a user.';
COMMENT ON INDEX messages_search_idx IS NULL;
