-- Counts for users that somebody who is no contact of theirs has added them. A day begins with the first time after the last.
UPDATE user_heads AS head
SET
    added_times = CASE WHEN head.added_from_at > clock_timestamp() - interval '1 day' THEN head.added_times + 1 ELSE 1 END,
    added_from_at = CASE
        WHEN head.added_from_at > clock_timestamp() - interval '1 day' THEN head.added_from_at
        ELSE clock_timestamp()
    END
WHERE
    head.user_id = ANY ($2)
    AND head.user_id <> $1
    AND NOT EXISTS (
        SELECT FROM contacts AS friend
        WHERE friend.user_id = head.user_id AND friend.contact_id = $1 AND friend.accepted_at IS NOT NULL
    )
RETURNING head.user_id
