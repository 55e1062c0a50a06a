-- One that was attached, and one that waits.
INSERT INTO uploads (storage_key, owner_id, mime_type, byte_size, thumbnail_key, width, height, attached_chat, attached_seq, attached_position)
VALUES
('originals/1', '00000000-0000-7000-8000-00000000000b', 'image/jpeg', 10485760, 'small/1', 4000, 3000, '00000000-0000-7000-8000-0000000000e2', 3, 0),
('originals/9', '00000000-0000-7000-8000-00000000000c', 'image/gif', 1, NULL, NULL, NULL, NULL, NULL, NULL);
