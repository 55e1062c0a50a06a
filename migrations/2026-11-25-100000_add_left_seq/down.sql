-- Drops left_seq: left_at stays, and is what receipts go by again.

ALTER TABLE chat_participants
DROP COLUMN left_seq;
