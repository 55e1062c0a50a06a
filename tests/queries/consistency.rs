//! What is true of every database, whatever was done to it: asked with plain SQL after each race.

use crate::support::TestDatabase;

/// What must have no rows, each with what it means if it has.
const FAULTS: &[(&str, &str)] = &[
    (
        "a chat whose numbers have gaps, or whose head is not at the first and the last",
        "SELECT head.chat_id FROM chat_heads AS head LEFT JOIN messages AS message USING (chat_id)
         GROUP BY head.chat_id, head.first_seq, head.last_seq
         HAVING count(message.seq) <> head.last_seq - head.first_seq + 1
            OR coalesce(min(message.seq), head.first_seq) <> head.first_seq
            OR coalesce(max(message.seq), head.last_seq) <> head.last_seq",
    ),
    (
        "a head that does not show the newest message",
        "SELECT head, message FROM chat_heads AS head
         LEFT JOIN messages AS message ON message.chat_id = head.chat_id AND message.seq = head.last_seq
         WHERE (head.last_sender_id, head.last_kind, head.last_preview)
            IS DISTINCT FROM (message.sender_id, message.kind, message_preview(message.content))
            OR (head.first_seq <= head.last_seq AND head.last_message_at IS DISTINCT FROM message.created_at)",
    ),
    (
        "a version beyond the chat's, or one that two changes have",
        "SELECT head.chat_id FROM chat_heads AS head CROSS JOIN LATERAL (
            SELECT version FROM messages WHERE messages.chat_id = head.chat_id AND edited_at IS NULL AND deleted_at IS NULL
            UNION ALL SELECT version FROM chat_changes AS change
            WHERE change.chat_id = head.chat_id AND NOT EXISTS (
                SELECT FROM messages WHERE messages.chat_id = head.chat_id AND messages.version = change.version
            )
         ) AS taken
         GROUP BY head.chat_id, head.version
         HAVING max(taken.version) > head.version OR count(DISTINCT taken.version) < count(*)",
    ),
    (
        "a change whose time lies before that of an earlier one",
        "SELECT chat_id FROM (
            SELECT chat_id, changed_at < lag(changed_at) OVER (PARTITION BY chat_id ORDER BY version) AS is_back
            FROM chat_changes
         ) AS change WHERE is_back",
    ),
    (
        "a message that does not count as unread, after the newest such that the head knows",
        "SELECT chat_id, seq FROM messages INNER JOIN chat_heads AS head USING (chat_id)
         WHERE (sender_id IS NULL OR deleted_at IS NOT NULL) AND seq > head.last_uncounted_seq",
    ),
    (
        "a chat that counts other members than it has",
        "SELECT chat.id FROM chats AS chat
         LEFT JOIN chat_participants AS member ON member.chat_id = chat.id AND member.left_at IS NULL
         GROUP BY chat.id HAVING count(member.user_id) <> chat.member_count",
    ),
    (
        "a group without exactly one owner, or a deleted one with members",
        "SELECT chat.id FROM chats AS chat
         LEFT JOIN chat_participants AS owner
            ON owner.chat_id = chat.id AND owner.left_at IS NULL AND owner.role = 'owner'
         WHERE chat.kind = 'group' GROUP BY chat.id
         HAVING count(owner.user_id) <> CASE WHEN chat.deleted_at IS NULL THEN 1 ELSE 0 END
            OR (chat.deleted_at IS NOT NULL AND chat.member_count > 0)",
    ),
    (
        "a member without a position, or a position without a member",
        "SELECT chat_id, user_id FROM (SELECT chat_id, user_id FROM chat_participants WHERE left_at IS NULL) AS member
         FULL JOIN unread_messages AS position USING (chat_id, user_id)
         WHERE member IS NULL OR position IS NULL",
    ),
    (
        "somebody who left and of whom it is not known when, or was to leave after the newest message",
        "SELECT chat_id, user_id FROM chat_participants AS member INNER JOIN chat_heads AS head USING (chat_id)
         WHERE (left_at IS NULL) <> (left_seq IS NULL) OR left_seq < joined_seq OR left_seq > last_seq",
    ),
    (
        "a position before its member joined, or past the head",
        "SELECT chat_id, user_id FROM unread_messages AS position
         INNER JOIN chat_heads AS head USING (chat_id) INNER JOIN chat_participants AS member USING (chat_id, user_id)
         WHERE last_read_seq < joined_seq OR last_delivered_seq > last_seq OR joined_seq > last_seq",
    ),
    (
        "a receipt that says something else than the position",
        "SELECT receipt.chat_id, receipt.user_id, receipt.message_seq FROM message_receipts AS receipt
         INNER JOIN unread_messages AS position USING (chat_id, user_id)
         WHERE receipt.status <> CASE
            WHEN receipt.message_seq <= position.last_read_seq THEN 'read'
            WHEN receipt.message_seq <= position.last_delivered_seq THEN 'delivered'
            ELSE 'pending'
         END::delivery_status",
    ),
    (
        "an unread message, or one to be received, that is gone",
        "SELECT position.chat_id, user_id FROM unread_messages AS position INNER JOIN chat_heads AS head USING (chat_id)
         WHERE last_read_seq < first_seq - 1",
    ),
    (
        "something in a deleted message",
        "SELECT chat_id, seq FROM messages WHERE deleted_at IS NOT NULL AND (
            (chat_id, seq) IN (SELECT chat_id, message_seq FROM message_edits)
            OR (chat_id, seq) IN (SELECT chat_id, message_seq FROM message_reactions)
            OR (chat_id, seq) IN (SELECT chat_id, message_seq FROM attachments)
            OR (chat_id, seq) IN (SELECT chat_id, message_seq FROM message_mentions)
         )",
    ),
    (
        "versions of a message with gaps",
        "SELECT chat_id, message_seq FROM message_edits GROUP BY chat_id, message_seq HAVING max(version) <> count(*)",
    ),
];

/// Panics with what is wrong.
pub fn assert_consistent(database: &TestDatabase) {
    for (fault, query) in FAULTS {
        let rows = database.execute(query).unwrap_or_else(|error| panic!("{error} in {query}"));
        assert!(rows.is_empty(), "{fault}: {rows:?}");
    }
}
