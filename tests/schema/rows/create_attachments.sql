INSERT INTO attachments (chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key, width, height) VALUES
('00000000-0000-7000-8000-0000000000e2', 3, 0, 'summit.jpg', 'image/jpeg', 10485760, 'originals/1', 4000, 3000),
('00000000-0000-7000-8000-0000000000e2', 3, 4, 'map.webp', 'image/webp', 1, 'originals/2', NULL, NULL);
