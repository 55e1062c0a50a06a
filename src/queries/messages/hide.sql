SELECT hidden.outcome
FROM hide_message($1, $2, $3) AS hidden (outcome)
