-- Drops positions and receipts: everybody's unread counts are gone.

DROP FUNCTION receipts_at(chat_id, user_id, timestamptz);
DROP FUNCTION said_through(chat_id, user_id, timestamptz, bigint, bigint);
DROP VIEW hidden_receipts;
DROP VIEW message_receipts;
DROP VIEW unread_counts;
DROP TABLE message_delivery;
DROP TABLE unread_messages;
DROP TYPE delivery_status;
