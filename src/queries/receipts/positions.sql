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
        veil.is_hidden,
        veil.blocked_at
    FROM hidden_receipts AS veil
    WHERE veil.from_reader = $2 AND veil.of_user = ANY (ARRAY(SELECT member.user_id FROM member))
)

SELECT
    member.user_id,
    least(member.last_delivered_seq, before.delivered_seq) AS last_delivered_seq,
    CASE WHEN hidden.is_hidden THEN 0 ELSE least(member.last_read_seq, before.read_seq) END AS last_read_seq
FROM member
LEFT JOIN hidden ON hidden.of_user = member.user_id
-- Who has blocked the reader stands where they stood then.
LEFT JOIN LATERAL receipts_at($1, member.user_id, hidden.blocked_at) AS before ON hidden.blocked_at IS NOT NULL
ORDER BY member.user_id
