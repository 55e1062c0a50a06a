-- Drops the list of unused files, which are then known to the object store only, and the functions that remove messages.

DROP FUNCTION purge_deleted_chat(timestamptz, bigint);
DROP FUNCTION remove_old_receipts(chat_id, bigint, bigint);
DROP FUNCTION remove_oldest_messages(chat_id, timestamptz, bigint);
DROP FUNCTION discard_uploads(interval, bigint);
DROP FUNCTION remove_uploads(text []);
DROP FUNCTION queue_unused_files(text []);
DROP TABLE unused_files;
