SELECT
    edit.outcome,
    (edit.edited).chat_id,
    (edit.edited).seq,
    (edit.edited).id,
    (edit.edited).sender_id,
    (edit.edited).kind,
    (edit.edited).content,
    (edit.edited).metadata,
    (edit.edited).reply_to_seq,
    (edit.edited).created_at,
    (edit.edited).edited_at,
    (edit.edited).deleted_at,
    (edit.edited).version
FROM edit_message($1, $2, $3, $4) AS edit
