-- Drops contacts and blocks.

DROP VIEW local_contacts;
DROP TABLE blocks;
DROP TABLE declined_requests;
DROP TABLE contacts;
DROP TYPE contact_status;
