SELECT
    recorded.next_version,
    recorded.happened_at
FROM record_chat_change($1, $2, $3, $4) AS recorded
