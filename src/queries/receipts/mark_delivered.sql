SELECT
    marked.after_seq,
    marked.through_seq
FROM mark_delivered($1, $2, $3) AS marked
