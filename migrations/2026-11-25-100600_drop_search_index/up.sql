-- Purpose: drops the search index whose cost followed everyone's messages.
-- Lock: SHARE UPDATE EXCLUSIVE on messages: reads and writes go on. It waits for every transaction that may still use the
--   index.
-- Tolerable because: only another migration and VACUUM wait.
-- Code deployed before: sends a little faster, and searches by reading its chats from end to end, which is right and slow.

DROP INDEX CONCURRENTLY messages_search_idx;
