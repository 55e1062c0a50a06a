SELECT
    of_user,
    was_last
FROM disconnect_server($1)
