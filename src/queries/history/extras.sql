-- What is shown with the messages of a page, in one row: their pictures, their reactions, the messages they answer that
-- are not on the page, and the profiles of everybody who sent any of these and is not known.
WITH viewer AS MATERIALIZED (
    SELECT
        seen_after_seq,
        hidden_seqs
    FROM chat_participants
    WHERE chat_participants.chat_id = $1 AND chat_participants.user_id = $2
),

answered AS MATERIALIZED (
    SELECT
        seq,
        id,
        sender_id,
        kind,
        message_preview(content) AS preview,
        deleted_at IS NOT NULL AS is_deleted
    FROM messages
    WHERE
        messages.chat_id = $1
        AND seq = any($5)
        -- No bound of the index, which would be taken instead of the seqs.
        AND seq + 0 > (SELECT seen_after_seq FROM viewer)
        AND seq <> ALL ((SELECT hidden_seqs FROM viewer)::bigint [])
)

SELECT
    ARRAY(
        SELECT
            row(
                chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key, medium_key, thumbnail_key,
                width, height, created_at
            )::page_picture
        FROM attachments
        WHERE attachments.chat_id = $1 AND message_seq BETWEEN $3 AND $4
        ORDER BY message_seq, position
    ),
    ARRAY(
        SELECT row(given.message_seq, given.emoji, given.first_at, given.times, given.is_mine)::page_reaction
        FROM (
            SELECT
                message_seq,
                emoji,
                min(created_at) AS first_at,
                count(*) AS times,
                bool_or(user_id = $2) AS is_mine,
                row_number() OVER (PARTITION BY message_seq ORDER BY count(*) DESC, min(created_at), emoji) AS place
            FROM message_reactions
            WHERE message_reactions.chat_id = $1 AND message_seq BETWEEN $3 AND $4
            GROUP BY message_seq, emoji
        ) AS given
        WHERE given.place <= 20
    ),
    ARRAY(SELECT row(seq, id, sender_id, kind, preview, is_deleted)::page_reply FROM answered),
    ARRAY(
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
        WHERE users.id = any($6 || ARRAY(SELECT sender_id FROM answered WHERE sender_id <> ALL ($7)))
    )
