-- Drops the reactions.

DROP TABLE message_reactions;
