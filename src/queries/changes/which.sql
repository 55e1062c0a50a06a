-- The chats that are not as the device knows them, in the order of their ids, each beside where the database and the
-- user's own log stand: without a chat, one row. Of all chats, or of those of $7.
--
-- The chats that the device names are as many as the user has; each is compared with its head, by the key.
SELECT
    keeps_inbox() AS is_kept,
    own.origin,
    own.version,
    own.pruned_version,
    chat.chat_id,
    chat.is_member,
    -- Not for the state of now, which has no use for it.
    CASE
        WHEN $6 IS NULL THEN chat.first_seq
        ELSE greatest(chat.first_seq, viewer.seen_after_seq + 1)
    END AS first_seq,
    chat.last_seq,
    chat.version,
    chat.pruned_version,
    chat.last_read_seq,
    chat.last_delivered_seq,
    viewer.hidden_through_seq,
    viewer.unread_from_seq
FROM (
    SELECT
        system.system_identifier # (
            (SELECT oid FROM pg_database WHERE datname = current_database())::bigint << 32
        ) # 'chat_heads'::regclass::oid::bigint AS origin,
        coalesce(head.version, 0) AS version,
        coalesce(head.pruned_version, 0) AS pruned_version
    FROM pg_control_system() AS system
    LEFT JOIN user_heads AS head ON head.user_id = $1
) AS own
LEFT JOIN LATERAL (
    SELECT
        coalesce(position.chat_id, known.chat_id) AS chat_id,
        position.chat_id IS NOT NULL AS is_member,
        head.first_seq,
        head.last_seq,
        head.version,
        head.pruned_version,
        position.last_read_seq,
        position.last_delivered_seq
    FROM (SELECT * FROM unread_messages WHERE user_id = $1 AND ($7 IS NULL OR chat_id = ANY ($7))) AS position
    INNER JOIN chat_heads AS head ON position.chat_id = head.chat_id
    FULL JOIN unnest($2, $3, $4, $5) AS known (chat_id, seq, version, read_seq) ON position.chat_id = known.chat_id
    WHERE
        known.chat_id IS NULL
        OR position.chat_id IS NULL
        OR head.last_seq <> known.seq
        OR head.version <> known.version
        OR position.last_read_seq <> known.read_seq
    ORDER BY 1
    LIMIT $6
) AS chat ON true
LEFT JOIN (
    SELECT
        member.chat_id,
        member.seen_after_seq,
        setting.hidden_through_seq,
        setting.unread_from_seq
    FROM chat_participants AS member
    LEFT JOIN chat_settings AS setting ON member.chat_id = setting.chat_id AND member.user_id = setting.user_id
    WHERE member.user_id = $1
) AS viewer ON chat.chat_id = viewer.chat_id
ORDER BY chat.chat_id
