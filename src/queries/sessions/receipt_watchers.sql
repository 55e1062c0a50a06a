SELECT
    session.user_id,
    session.id,
    session.server_id,
    session.connection_id
FROM users AS own
CROSS JOIN chat_participants AS member
INNER JOIN users AS other ON other.id = member.user_id
INNER JOIN user_sessions AS session ON session.user_id = member.user_id
LEFT JOIN contacts AS contact ON contact.user_id = $2 AND contact.contact_id = other.id AND contact.accepted_at IS NOT NULL
WHERE
    own.id = $2
    AND member.chat_id = $1
    AND member.left_at IS NULL
    AND EXISTS (
        SELECT FROM chat_participants AS membership
        WHERE membership.chat_id = $1 AND membership.user_id = $2 AND membership.left_at IS NULL
    )
    AND session.connection_id IS NOT NULL
    AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
    AND (
        other.id = $2
        OR (
            allows(own.receipts_to, contact.user_id IS NOT NULL)
            AND allows(other.receipts_to, contact.user_id IS NOT NULL)
            AND NOT EXISTS (
                SELECT FROM blocks AS block
                WHERE block.blocker_id = $2 AND block.blocked_id = other.id
                OFFSET 0
            )
        )
    )
ORDER BY session.server_id, session.user_id, session.id
