-- What is shown with the messages of a page, in one row: their pictures, each reaction to them (at most so many), and the
-- messages they answer that are not on the page.
WITH answered AS (
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
        AND seq <> ALL ((
            SELECT hidden_seqs FROM chat_participants
            WHERE chat_participants.chat_id = $1 AND chat_participants.user_id = $2
        )::bigint [])
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
        SELECT row(message_seq, emoji, created_at, 1, user_id = $2)::page_reaction
        FROM message_reactions
        WHERE message_reactions.chat_id = $1 AND message_seq BETWEEN $3 AND $4
        LIMIT $6
    ),
    ARRAY(SELECT row(seq, id, sender_id, kind, preview, is_deleted)::page_reply FROM answered)
