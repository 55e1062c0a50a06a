-- What the user is, said and did in a chat: a kind and a line each.
SELECT
    'chat' AS kind,
    jsonb_build_object(
        'kind', 'chat', 'chat_id', chat.id, 'chat_kind', chat.kind, 'name', chat.name,
        'with_user_id', CASE WHEN chat.direct_low = $1 THEN chat.direct_high ELSE chat.direct_low END,
        'role', member.role, 'joined_at', member.joined_at, 'left_at', member.left_at,
        'last_read_seq', position.last_read_seq, 'last_delivered_seq', position.last_delivered_seq,
        'muted_until_at', setting.muted_until_at, 'pin_rank', setting.pin_rank, 'is_archived', setting.is_archived,
        'hidden_through_seq', setting.hidden_through_seq, 'unread_from_seq', setting.unread_from_seq,
        'draft', setting.draft, 'seen_after_seq', member.seen_after_seq, 'hidden_seqs', member.hidden_seqs
    )::text AS line
FROM chat_participants AS member
INNER JOIN chats AS chat ON chat.id = $2
LEFT JOIN unread_messages AS position ON position.chat_id = $2 AND position.user_id = $1
LEFT JOIN chat_settings AS setting ON setting.chat_id = $2 AND setting.user_id = $1
WHERE member.chat_id = $2 AND member.user_id = $1
UNION ALL
SELECT
    'message',
    jsonb_build_object(
        'kind', 'message', 'chat_id', message.chat_id, 'seq', message.seq, 'id', message.id,
        'message_kind', message.kind, 'content', message.content, 'metadata', message.metadata,
        'reply_to_seq', message.reply_to_seq, 'created_at', message.created_at, 'edited_at', message.edited_at,
        'deleted_at', message.deleted_at,
        'attachments', coalesce(
            (
                SELECT
                    jsonb_agg(
                        jsonb_build_object(
                            'file_name', picture.file_name, 'mime_type', picture.mime_type,
                            'byte_size', picture.byte_size, 'storage_key', picture.storage_key,
                            'medium_key', picture.medium_key, 'thumbnail_key', picture.thumbnail_key,
                            'width', picture.width, 'height', picture.height, 'created_at', picture.created_at
                        )
                        ORDER BY picture.position
                    )
                FROM attachments AS picture
                WHERE picture.chat_id = $2 AND picture.message_seq = message.seq
            ), '[]'
        ),
        'edits', coalesce(
            (
                SELECT
                    jsonb_agg(
                        jsonb_build_object('content', edit.content, 'edited_at', edit.edited_at)
                        ORDER BY edit.version
                    )
                FROM message_edits AS edit
                WHERE edit.chat_id = $2 AND edit.message_seq = message.seq
            ), '[]'
        ),
        'mentions', coalesce(
            (
                SELECT jsonb_agg(mention.user_id ORDER BY mention.user_id)
                FROM message_mentions AS mention
                WHERE mention.chat_id = $2 AND mention.message_seq = message.seq
            ), '[]'
        )
    )::text
FROM messages AS message
WHERE message.chat_id = $2 AND message.sender_id = $1
UNION ALL
SELECT
    'reaction',
    jsonb_build_object(
        'kind', 'reaction', 'chat_id', reaction.chat_id, 'seq', reaction.message_seq, 'emoji', reaction.emoji,
        'created_at', reaction.created_at
    )::text
FROM message_reactions AS reaction
WHERE reaction.chat_id = $2 AND reaction.user_id = $1
UNION ALL
SELECT
    'mention',
    jsonb_build_object('kind', 'mention', 'chat_id', mention.chat_id, 'seq', mention.message_seq)::text
FROM message_mentions AS mention
WHERE mention.chat_id = $2 AND mention.user_id = $1
UNION ALL
SELECT
    'receipt',
    jsonb_build_object(
        'kind', 'receipt', 'chat_id', run.chat_id, 'through_seq', run.through_seq, 'delivered_at', run.delivered_at,
        'read_at', run.read_at
    )::text
FROM message_delivery AS run
WHERE run.chat_id = $2 AND run.user_id = $1
