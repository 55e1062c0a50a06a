-- Drops the mentions: messages name nobody.

DROP TABLE message_mentions;
