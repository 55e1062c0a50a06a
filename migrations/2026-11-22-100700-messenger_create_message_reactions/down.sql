-- Drops the reactions.

DROP TABLE message_reactions;
DROP FUNCTION is_emoji(text);
