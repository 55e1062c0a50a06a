SELECT taken.rows
FROM take_inbox_marks($1, $2, $3::uuid [], $4) AS taken (rows)
