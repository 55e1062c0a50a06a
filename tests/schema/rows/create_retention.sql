-- A picture of a message that is gone.
INSERT INTO unused_files (file_key) VALUES ('originals/0');
