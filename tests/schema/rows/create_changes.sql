-- Bob edited a message of the group, and alice has a new contact.
INSERT INTO chat_changes (chat_id, version, kind, message_seq, user_id) VALUES
('00000000-0000-7000-8000-0000000000e2', 1, 'message_edited', 1, '00000000-0000-7000-8000-00000000000b');

INSERT INTO user_heads (user_id, version) VALUES ('00000000-0000-7000-8000-00000000000a', 1);

INSERT INTO user_changes (user_id, version, kind, about_user_id) VALUES
('00000000-0000-7000-8000-00000000000a', 1, 'contact_changed', '00000000-0000-7000-8000-00000000000b');
