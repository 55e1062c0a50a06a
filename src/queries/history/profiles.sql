-- Goes on where extras.sql ends: with the profiles of these users, and of who sent what is answered.
    , ARRAY(
        SELECT
            row(
                {profile}
                CASE
                    WHEN
                        EXISTS (SELECT FROM blocks WHERE blocked_id = $2)
                        AND EXISTS (
                            SELECT FROM blocks AS veil
                            WHERE veil.blocker_id = users.id AND veil.blocked_id = $2
                            OFFSET 0
                        ) THEN 2
                    WHEN
                        users.id = $2
                        OR allows(
                            users.presence_to,
                            EXISTS (
                                SELECT FROM contacts AS friend
                                WHERE
                                    friend.user_id = users.id
                                    AND friend.contact_id = $2
                                    AND friend.accepted_at IS NOT NULL
                                OFFSET 0
                            )
                        ) THEN 0
                    ELSE 1
                END
            )::page_profile
        FROM users
        LEFT JOIN presence_entries ON presence_entries.user_id = users.id
        WHERE users.id = any($7 || ARRAY(SELECT sender_id FROM answered))
    )
