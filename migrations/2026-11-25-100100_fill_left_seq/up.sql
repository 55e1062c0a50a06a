-- Purpose: fills left_seq for those who left before there was one, and lets message_receipts go by it.
-- Lock: on chat_participants SHARE UPDATE EXCLUSIVE, for the constraint, and the rows of those who left; on the view
--   ACCESS EXCLUSIVE, for a moment.
-- Tolerable because: readers and writers of the table go on; who would rejoin waits.
-- Code deployed before: reads the view as it did. Who leaves through it from here on has no left_seq, and is no recipient
--   of anything; receipts of their time there show the others only.

-- A group has written down when somebody left. A direct chat has not: what was said there after the account was closed,
-- was. History that was imported later bears earlier times, but has higher numbers.
UPDATE chat_participants AS gone
SET left_seq = coalesce(
    (
        SELECT max(event.seq) - 1
        FROM messages AS event
        WHERE
            event.chat_id = gone.chat_id
            AND event.kind = 'system'
            AND event.seq > gone.joined_seq
            AND (
                event.metadata @> '{"event": "group_deleted"}'
                OR event.metadata @> jsonb_build_object('event', 'member_left', 'actor', gone.user_id::text)
                OR event.metadata @> jsonb_build_object('event', 'member_removed', 'target', gone.user_id::text)
            )
    ),
    (
        SELECT later.seq - 1
        FROM messages AS later
        WHERE later.chat_id = gone.chat_id AND later.seq > gone.joined_seq AND later.created_at >= gone.left_at
        ORDER BY later.seq
        LIMIT 1
    ),
    head.last_seq
)
FROM chat_heads AS head
WHERE gone.chat_id = head.chat_id AND gone.left_at IS NOT NULL AND gone.left_seq IS NULL;

ALTER TABLE chat_participants
VALIDATE CONSTRAINT chat_participants_left_seq_check;

CREATE OR REPLACE VIEW message_receipts WITH (security_invoker = true) AS
SELECT
    message.chat_id,
    message.seq AS message_seq,
    recipient.user_id,
    CASE
        WHEN run.read_at IS NOT NULL THEN 'read'::delivery_status
        WHEN run.delivered_at IS NOT NULL THEN 'delivered'::delivery_status
        ELSE 'pending'::delivery_status
    END AS status,
    run.delivered_at,
    run.read_at
FROM messages AS message
INNER JOIN chat_participants AS recipient
    ON
        message.chat_id = recipient.chat_id
        AND message.seq > recipient.joined_seq
        AND recipient.user_id IS DISTINCT FROM message.sender_id
        AND (recipient.left_at IS NULL OR message.seq <= recipient.left_seq)
LEFT JOIN LATERAL (
    SELECT
        delivery.delivered_at,
        delivery.read_at
    FROM message_delivery AS delivery
    WHERE
        delivery.chat_id = message.chat_id
        AND delivery.user_id = recipient.user_id
        AND delivery.through_seq >= message.seq
    ORDER BY delivery.through_seq
    LIMIT 1
) AS run ON true;
