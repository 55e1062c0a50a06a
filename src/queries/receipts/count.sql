-- Of each message of a range: to how many it was sent, how many of them received it, and how many read it.
--
-- Receiving and reading go up to a message. So how far somebody got is two numbers, not a row for each message; and
-- most members of a chat stand at the same place as seen from one page, before it or beyond it. They are counted
-- together: a page of 50 messages of a chat of 300 compares each message with a few places instead of 300 members.
WITH page AS MATERIALIZED (
    SELECT
        message.seq,
        message.sender_id
    FROM messages AS message
    WHERE
        message.chat_id = $1
        AND message.seq BETWEEN $3 AND $4
        AND EXISTS (
            SELECT FROM chat_participants AS reader
            WHERE
                reader.chat_id = $1
                AND reader.user_id = $2
                AND reader.left_at IS NULL
                AND message.seq > reader.seen_after_seq
                AND message.seq <> ALL (reader.hidden_seqs)
        )
),

received AS MATERIALIZED (
    SELECT
        member.user_id,
        greatest(member.joined_seq, $3 - 1) AS after_seq,
        NULL::bigint AS left_seq,
        least(position.last_delivered_seq, $4) AS delivered_seq,
        least(position.last_read_seq, $4) AS read_seq
    FROM chat_participants AS member
    INNER JOIN unread_messages AS position ON member.user_id = position.user_id AND position.chat_id = $1
    WHERE member.chat_id = $1 AND member.left_at IS NULL AND member.joined_seq < $4
    UNION ALL
    -- Whoever left has no position any more, but their runs are history.
    SELECT
        member.user_id,
        greatest(member.joined_seq, $3 - 1) AS after_seq,
        member.left_seq,
        coalesce(arrived.through_seq, 0) AS delivered_seq,
        coalesce(finished.through_seq, 0) AS read_seq
    FROM chat_participants AS member
    LEFT JOIN LATERAL (
        SELECT least(run.through_seq, $4) AS through_seq
        FROM message_delivery AS run
        WHERE run.chat_id = $1 AND run.user_id = member.user_id
        ORDER BY run.through_seq DESC
        LIMIT 1
    ) AS arrived ON true
    LEFT JOIN LATERAL (
        SELECT least(run.through_seq, $4) AS through_seq
        FROM message_delivery AS run
        WHERE run.chat_id = $1 AND run.user_id = member.user_id AND run.read_at IS NOT NULL
        ORDER BY run.through_seq DESC
        LIMIT 1
    ) AS finished ON true
    WHERE
        member.chat_id = $1
        AND member.left_at IS NOT NULL
        AND member.left_seq >= $3
        AND member.joined_seq < $4
),

-- What the reader is not shown, nobody has received or read; of who has blocked the reader, what they did since.
hidden AS MATERIALIZED (
    SELECT
        veil.of_user,
        veil.is_hidden,
        veil.blocked_at
    FROM hidden_receipts AS veil
    WHERE veil.from_reader = $2 AND veil.of_user = ANY (ARRAY(SELECT received.user_id FROM received))
),

recipient AS MATERIALIZED (
    SELECT
        received.user_id,
        received.after_seq,
        received.left_seq,
        least(received.delivered_seq, before.delivered_seq) AS delivered_seq,
        CASE WHEN hidden.is_hidden THEN 0 ELSE least(received.read_seq, before.read_seq) END AS read_seq
    FROM received
    LEFT JOIN hidden ON hidden.of_user = received.user_id
    LEFT JOIN LATERAL receipts_at($1, received.user_id, hidden.blocked_at) AS before ON hidden.blocked_at IS NOT NULL
),

place AS MATERIALIZED (
    SELECT
        recipient.after_seq,
        recipient.left_seq,
        recipient.delivered_seq,
        recipient.read_seq,
        count(*) AS members
    FROM recipient
    GROUP BY recipient.after_seq, recipient.left_seq, recipient.delivered_seq, recipient.read_seq
),

-- The sender stands at one of these places too, but is no recipient of the message.
sender AS MATERIALIZED (
    SELECT
        page.seq,
        recipient.after_seq,
        recipient.left_seq,
        recipient.delivered_seq,
        recipient.read_seq,
        -1 AS members
    FROM page
    INNER JOIN recipient ON page.sender_id = recipient.user_id
)

SELECT
    page.seq,
    coalesce(counted.recipients, 0) AS recipients,
    coalesce(counted.delivered, 0) AS delivered,
    coalesce(counted.read, 0) AS read
FROM page
LEFT JOIN LATERAL (
    SELECT
        sum(place.members)::bigint AS recipients,
        sum(place.members) FILTER (WHERE place.delivered_seq >= page.seq)::bigint AS delivered,
        sum(place.members) FILTER (WHERE place.read_seq >= page.seq)::bigint AS read
    FROM (
        SELECT
            place.after_seq,
            place.left_seq,
            place.delivered_seq,
            place.read_seq,
            place.members
        FROM place
        UNION ALL
        SELECT
            sender.after_seq,
            sender.left_seq,
            sender.delivered_seq,
            sender.read_seq,
            sender.members
        FROM sender
        WHERE sender.seq = page.seq
    ) AS place
    WHERE place.after_seq < page.seq AND (place.left_seq IS NULL OR place.left_seq >= page.seq)
) AS counted ON true
ORDER BY page.seq
