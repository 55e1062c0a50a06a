-- As if the database kept the list of chats by user: bob's, who has two messages of the group to read, and a mark for all.
INSERT INTO inbox_by_user (
    user_id, about_chat_id, last_seq, last_message_at, last_sender_id, last_kind, last_preview, last_state, last_read_seq, unread_count,
    mention_count, shown_in, draft
) VALUES (
    '00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-0000000000e2', 4, now(),
    '00000000-0000-7000-8000-00000000000b', 'text', 'Hello', 0, 2, 2, 0, 0, 'Shall'
);

INSERT INTO inbox_marks (chat_id) VALUES
('00000000-0000-7000-8000-0000000000e2');
