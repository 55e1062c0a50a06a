SELECT
    recorded.of_user,
    recorded.next_version
FROM record_user_change($1, $2, $3, $4, $5) AS recorded
