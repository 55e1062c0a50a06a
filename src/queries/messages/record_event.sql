SELECT
    recorded.next_seq,
    recorded.next_version,
    recorded.happened_at
FROM record_event($1, $2, $3, $4, $5) AS recorded
