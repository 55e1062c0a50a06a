-- How far each member has received and read a chat, as far as the reader is shown it. Nothing: the reader is not a member.
WITH member AS MATERIALIZED (
    SELECT
        position.user_id,
        position.last_delivered_seq,
        position.last_read_seq
    FROM chat_participants AS participant
    INNER JOIN unread_messages AS position ON position.user_id = participant.user_id AND position.chat_id = $1
    WHERE
        participant.chat_id = $1
        AND participant.left_at IS NULL
        AND EXISTS (SELECT FROM unread_messages AS own WHERE own.user_id = $2 AND own.chat_id = $1)
),

hidden AS MATERIALIZED (
    SELECT
        veil.of_user,
        veil.is_blocked
    FROM hidden_receipts($2, ARRAY(SELECT member.user_id FROM member)) AS veil
)

SELECT
    member.user_id,
    CASE WHEN hidden.is_blocked THEN 0 ELSE member.last_delivered_seq END AS last_delivered_seq,
    CASE WHEN hidden.of_user IS NULL THEN member.last_read_seq ELSE 0 END AS last_read_seq
FROM member
LEFT JOIN hidden ON hidden.of_user = member.user_id
ORDER BY member.user_id
