-- The accounts whose usernames lie between two, that the reader finds, as the reader sees them. The names are read in their order
-- until there are enough.
SELECT
    {profile}
    CASE
        WHEN
            users.id = $1
            OR allows(
                users.presence_to,
                EXISTS (
                    SELECT FROM contacts AS friend
                    WHERE friend.user_id = users.id AND friend.contact_id = $1 AND friend.accepted_at IS NOT NULL
                    OFFSET 0
                )
            ) THEN 0
        ELSE 1
    END
FROM (
    SELECT
        account.*,
        lower(account.username) AS place
    FROM users AS account
    WHERE lower(account.username) BETWEEN $2 AND $3
    ORDER BY lower(account.username)
    LIMIT 500
) AS users
LEFT JOIN presence_entries ON presence_entries.user_id = users.id
WHERE
    users.id = $1
    OR (
        allows(
            users.findable_by,
            EXISTS (
                SELECT FROM contacts AS friend
                WHERE friend.user_id = users.id AND friend.contact_id = $1 AND friend.accepted_at IS NOT NULL
                OFFSET 0
            )
        )
        AND NOT (
            EXISTS (SELECT FROM blocks WHERE blocked_id = $1)
            AND EXISTS (
                SELECT FROM blocks AS veil
                WHERE veil.blocker_id = users.id AND veil.blocked_id = $1
                OFFSET 0
            )
        )
    )
ORDER BY users.place
LIMIT 20
