SELECT
    setting.outcome,
    (setting.changed).chat_id,
    (setting.changed).seq,
    (setting.changed).id,
    (setting.changed).sender_id,
    (setting.changed).kind,
    (setting.changed).content,
    (setting.changed).metadata,
    (setting.changed).reply_to_seq,
    (setting.changed).created_at,
    (setting.changed).edited_at,
    (setting.changed).deleted_at,
    (setting.changed).version
FROM set_message_metadata($1, $2, $3, $4, $5) AS setting
