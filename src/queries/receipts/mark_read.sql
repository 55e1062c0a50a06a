SELECT
    marked.after_seq,
    marked.through_seq,
    marked.delivered_after_seq,
    marked.delivered_through_seq
FROM mark_read($1, $2, $3) AS marked
