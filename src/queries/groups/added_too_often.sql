-- One of the users whom others who are no contacts have added to groups too often within a day, and to whom this one is none
-- either.
SELECT head.user_id
FROM user_heads AS head
WHERE
    head.user_id = ANY ($2)
    AND head.user_id <> $1
    AND head.added_times >= $3
    AND head.added_from_at > clock_timestamp() - interval '1 day'
    AND NOT EXISTS (
        SELECT FROM contacts AS friend
        WHERE friend.user_id = head.user_id AND friend.contact_id = $1 AND friend.accepted_at IS NOT NULL
    )
ORDER BY head.user_id
LIMIT 1
