-- Changes the settings of a chat for one member. What is hidden, or marked as unread, is so from where the chat and the
-- member are now.
INSERT INTO chat_settings AS setting (
    user_id, chat_id, muted_until_at, pin_rank, is_archived, hidden_through_seq, unread_from_seq, draft, changed_at
)
SELECT
    position.user_id,
    position.chat_id,
    $4,
    $6,
    coalesce($7, false),
    CASE WHEN $8 THEN head.last_seq END,
    CASE WHEN $9 THEN position.last_read_seq END,
    $11,
    clock_timestamp()
FROM unread_messages AS position
INNER JOIN chat_heads AS head ON head.chat_id = position.chat_id
WHERE position.user_id = $1 AND position.chat_id = $2
ON CONFLICT (user_id, chat_id) DO UPDATE
SET
    muted_until_at = CASE WHEN $3 THEN excluded.muted_until_at ELSE setting.muted_until_at END,
    pin_rank = CASE WHEN $5 THEN excluded.pin_rank ELSE setting.pin_rank END,
    is_archived = CASE WHEN $7 IS NULL THEN setting.is_archived ELSE excluded.is_archived END,
    hidden_through_seq = CASE WHEN $8 IS NULL THEN setting.hidden_through_seq ELSE excluded.hidden_through_seq END,
    unread_from_seq = CASE WHEN $9 IS NULL THEN setting.unread_from_seq ELSE excluded.unread_from_seq END,
    draft = CASE WHEN $10 THEN excluded.draft ELSE setting.draft END,
    changed_at = excluded.changed_at
RETURNING
    (SELECT head.last_seq FROM chat_heads AS head WHERE head.chat_id = $2),
    (SELECT own.last_read_seq FROM unread_messages AS own WHERE own.user_id = $1 AND own.chat_id = $2),
    setting.muted_until_at,
    setting.pin_rank,
    setting.is_archived,
    setting.hidden_through_seq,
    setting.unread_from_seq,
    setting.draft
