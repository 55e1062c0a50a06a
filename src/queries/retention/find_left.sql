-- The chats, of some that follow each other, in which a run that was interrupted has left runs of receipts from before the
-- beginning of history.
SELECT DISTINCT head.chat_id
FROM chat_heads AS head
INNER JOIN chat_participants AS member ON head.chat_id = member.chat_id
WHERE
    head.chat_id > $1
    AND head.chat_id <= $2
    AND head.first_seq > 1
    -- In a CASE, each member's oldest run is asked for by the key. As a semi-join, all of a member's runs would be read.
    AND CASE
        WHEN head.first_seq > 1 THEN EXISTS (
            SELECT
            FROM message_delivery AS run
            WHERE run.chat_id = member.chat_id AND run.user_id = member.user_id AND run.through_seq < head.first_seq
        )
    END
