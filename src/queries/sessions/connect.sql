SELECT
    is_first,
    former_server,
    former_connection
FROM connect_session($1, $2, $3, $4)
