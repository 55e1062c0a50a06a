-- Drops contacts and blocks.

DROP TABLE blocks;
DROP TABLE contacts;
DROP TYPE contact_status;
