SELECT
    oldest.outcome,
    oldest.removed,
    oldest.begins_seq,
    oldest.next_version,
    oldest.file_keys
FROM remove_oldest_messages($1, $2, $3) AS oldest
