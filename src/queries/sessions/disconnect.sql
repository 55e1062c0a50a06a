SELECT
    was_open,
    was_last
FROM disconnect_session($1, $2, $3, $4)
