-- Purpose: how far each member has received and read each chat: `unread_messages` for the badge,
--   `message_delivery` for who received what and when, both as positions, never as a row per message and
--   recipient; and two views that show them the way people ask.
-- Lock: SHARE ROW EXCLUSIVE on chat_participants, for the foreign keys, for a moment: the new tables are empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the tables.

CREATE TYPE delivery_status AS ENUM ('pending', 'delivered', 'read');

COMMENT ON TYPE delivery_status IS 'How far a message got with one of its recipients.';

CREATE TABLE unread_messages (
    user_id user_id NOT NULL,
    chat_id chat_id NOT NULL,
    last_read_seq bigint NOT NULL DEFAULT 0,
    last_delivered_seq bigint NOT NULL DEFAULT 0,
    CONSTRAINT unread_messages_pkey PRIMARY KEY (user_id, chat_id),
    CONSTRAINT unread_messages_user_is_participant_fkey FOREIGN KEY (chat_id, user_id)
        REFERENCES chat_participants (chat_id, user_id) ON DELETE CASCADE,
    CONSTRAINT unread_messages_read_check CHECK (last_read_seq BETWEEN 0 AND last_delivered_seq)
)
-- Reading and receiving update a row in place, always HOT: pages have free space, and only the key is indexed.
WITH (fillfactor = 70);

CREATE TABLE message_delivery (
    chat_id chat_id NOT NULL,
    user_id user_id NOT NULL,
    through_seq bigint NOT NULL,
    delivered_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    CONSTRAINT message_delivery_pkey PRIMARY KEY (chat_id, user_id, through_seq),
    CONSTRAINT message_delivery_user_is_participant_fkey FOREIGN KEY (chat_id, user_id)
        REFERENCES chat_participants (chat_id, user_id) ON DELETE CASCADE,
    CONSTRAINT message_delivery_through_seq_check CHECK (through_seq >= 1),
    CONSTRAINT message_delivery_times_check CHECK (
        least(delivered_at, read_at) >= '0001-01-01 00:00:00+00'
        AND greatest(delivered_at, read_at) <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE VIEW unread_counts WITH (security_invoker = true) AS
SELECT
    position.user_id,
    position.chat_id,
    head.last_seq - position.last_read_seq - (
        SELECT count(*)
        FROM messages AS uncounted
        WHERE
            uncounted.chat_id = position.chat_id
            AND uncounted.seq > position.last_read_seq
            AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
    ) AS unread_count
FROM unread_messages AS position
INNER JOIN chat_heads AS head ON position.chat_id = head.chat_id;

CREATE VIEW message_receipts WITH (security_invoker = true) AS
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

CREATE VIEW hidden_receipts WITH (security_invoker = true) AS
SELECT
    own.id AS from_reader,
    other.id AS of_user,
    NOT allows(other.receipts_to, contact.user_id IS NOT NULL) OR NOT allows(own.receipts_to, contact.user_id IS NOT NULL) AS is_hidden,
    block.created_at AS blocked_at
FROM users AS own
CROSS JOIN users AS other
LEFT JOIN blocks AS block ON block.blocker_id = other.id AND block.blocked_id = own.id
LEFT JOIN contacts AS contact ON contact.user_id = other.id AND contact.contact_id = own.id AND contact.accepted_at IS NOT NULL
WHERE
    other.id <> own.id
    AND (
        block.blocker_id IS NOT NULL
        OR NOT allows(other.receipts_to, contact.user_id IS NOT NULL)
        OR NOT allows(own.receipts_to, contact.user_id IS NOT NULL)
    );

CREATE FUNCTION said_through(
    in_chat chat_id,
    of_user user_id,
    moment timestamptz,
    after_seq bigint,
    newest_seq bigint
) RETURNS bigint
LANGUAGE plpgsql
STABLE STRICT
AS $$
BEGIN
    RETURN coalesce(
        (
            SELECT other.seq - 1
            FROM messages AS other
            WHERE
                other.chat_id = in_chat
                AND other.seq > after_seq
                AND (other.sender_id IS DISTINCT FROM of_user OR other.created_at > moment)
            ORDER BY other.seq
            LIMIT 1
        ),
        newest_seq
    );
END
$$;

-- Along the runs of a member, times do not run backwards: so the last one before a time is found by halves, not by reading them.
CREATE FUNCTION receipts_at(
    in_chat chat_id,
    of_user user_id,
    moment timestamptz,
    OUT delivered_seq bigint,
    OUT read_seq bigint
)
LANGUAGE plpgsql
STABLE STRICT
AS $$
DECLARE
    begins_seq bigint;
    beyond_seq bigint;
    newest_seq bigint;
    middle_seq bigint;
    run record;
BEGIN
    SELECT greatest(member.joined_seq, head.first_seq - 1), greatest(member.joined_seq, head.last_seq)
    INTO begins_seq, newest_seq
    FROM chat_participants AS member
    INNER JOIN chat_heads AS head ON head.chat_id = in_chat
    WHERE member.chat_id = in_chat AND member.user_id = of_user;

    delivered_seq := begins_seq;
    beyond_seq := newest_seq;
    WHILE delivered_seq < beyond_seq LOOP
        middle_seq := (delivered_seq + beyond_seq + 1) / 2;
        SELECT delivery.through_seq, delivery.delivered_at
        INTO run
        FROM message_delivery AS delivery
        WHERE delivery.chat_id = in_chat AND delivery.user_id = of_user AND delivery.through_seq >= middle_seq
        ORDER BY delivery.through_seq
        LIMIT 1;

        IF run.delivered_at <= moment THEN
            delivered_seq := least(run.through_seq, newest_seq);
        ELSE
            beyond_seq := middle_seq - 1;
        END IF;
    END LOOP;

    read_seq := begins_seq;
    beyond_seq := delivered_seq;
    WHILE read_seq < beyond_seq LOOP
        middle_seq := (read_seq + beyond_seq + 1) / 2;
        SELECT delivery.through_seq, delivery.read_at
        INTO run
        FROM message_delivery AS delivery
        WHERE delivery.chat_id = in_chat AND delivery.user_id = of_user AND delivery.through_seq >= middle_seq
        ORDER BY delivery.through_seq
        LIMIT 1;

        IF run.read_at <= moment THEN
            read_seq := run.through_seq;
        ELSE
            beyond_seq := middle_seq - 1;
        END IF;
    END LOOP;

    -- A member's own messages have no run, and count as read.
    delivered_seq := said_through(in_chat, of_user, moment, delivered_seq, newest_seq);
    read_seq := said_through(in_chat, of_user, moment, read_seq, newest_seq);
END
$$;

COMMENT ON FUNCTION said_through(chat_id, user_id, timestamptz, bigint, bigint) IS
    'Through which message all that follows a message was sent by one user before a time.';
COMMENT ON FUNCTION receipts_at(chat_id, user_id, timestamptz) IS
    'How far a member had received and read a chat at a time: never less than where they joined, or where history begins.';
COMMENT ON TABLE unread_messages IS
    'How far each member has read and received each chat: one row per active membership, where inbox and badge start.';
COMMENT ON COLUMN unread_messages.user_id IS 'Whose position.';
COMMENT ON COLUMN unread_messages.chat_id IS 'In which chat.';
COMMENT ON COLUMN unread_messages.last_read_seq IS
    'Read up to this seq. Unread are the messages up to chat_heads.last_seq, but for those of the system and deleted ones.';
COMMENT ON COLUMN unread_messages.last_delivered_seq IS 'Received up to this seq; never less than last_read_seq.';
COMMENT ON CONSTRAINT unread_messages_read_check ON unread_messages IS 'Nobody has read what they have not received.';
COMMENT ON TABLE message_delivery IS
    'What each recipient has acknowledged, in runs: a run is the messages in a row that were received at one time and read at one time. The state of message s for user u is the row of u with the smallest through_seq >= s; none means pending.';
COMMENT ON COLUMN message_delivery.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_delivery.user_id IS 'Who received.';
COMMENT ON COLUMN message_delivery.through_seq IS
    'The last message of the run; the first is the one after the user''s row before it.';
COMMENT ON COLUMN message_delivery.delivered_at IS 'When the run was received.';
COMMENT ON COLUMN message_delivery.read_at IS 'When it was read. Null: not yet.';
COMMENT ON VIEW unread_counts IS 'How many messages of each chat each member has not read.';
COMMENT ON COLUMN unread_counts.user_id IS 'Whose.';
COMMENT ON COLUMN unread_counts.chat_id IS 'In which chat.';
COMMENT ON COLUMN unread_counts.unread_count IS 'How many messages are newer than what was read, but for those of the system and deleted ones.';
COMMENT ON VIEW message_receipts IS
    'Each message and each of its recipients, and how far it got: the sender excluded, members only from the message they joined at until they left.';
COMMENT ON COLUMN message_receipts.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_receipts.message_seq IS 'Which message.';
COMMENT ON COLUMN message_receipts.user_id IS 'Which recipient.';
COMMENT ON COLUMN message_receipts.status IS 'How far it got.';
COMMENT ON COLUMN message_receipts.delivered_at IS 'When it was received. Null: pending.';
COMMENT ON COLUMN message_receipts.read_at IS 'When it was read. Null: not yet.';
COMMENT ON VIEW hidden_receipts IS
    'Who does not show a reader what they have read: because they or the reader have chosen so (is_hidden), or because they have blocked the reader since a time (blocked_at), who does not learn either what they have received since. To be asked for one reader and some users, not for all.';
COMMENT ON COLUMN hidden_receipts.from_reader IS 'To whom.';
COMMENT ON COLUMN hidden_receipts.of_user IS 'Whose.';
COMMENT ON COLUMN hidden_receipts.is_hidden IS 'Whether one of the two has chosen so.';
COMMENT ON COLUMN hidden_receipts.blocked_at IS 'Since when the other has blocked the reader. Null: they have not.';
