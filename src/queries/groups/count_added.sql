-- Counts for users that somebody who is no contact of theirs has added them. A day begins with the first time after the last.
UPDATE user_heads AS head
SET
    -- Without CASE, in which Citus allows no clock: a truth is 0 or 1, and the time of a day that is over is none.
    added_times = 1 + head.added_times * ((head.added_from_at > clock() - interval '1 day') IS TRUE)::integer,
    added_from_at = least(
        clock(),
        nullif(head.added_from_at, least(head.added_from_at, clock() - interval '1 day'))
    )
WHERE
    head.user_id = ANY ($2)
    AND head.user_id <> $1
    AND NOT EXISTS (
        SELECT FROM contacts AS friend
        WHERE friend.user_id = head.user_id AND friend.contact_id = $1 AND friend.accepted_at IS NOT NULL
    )
RETURNING head.user_id
