SELECT removed.runs
FROM remove_old_receipts($1, $2, $3) AS removed (runs)
