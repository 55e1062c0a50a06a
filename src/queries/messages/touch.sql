SELECT
    touch.outcome,
    touch.next_version
FROM touch_message($1, $2, $3) AS touch
