-- Purpose: chat_participants.left_seq: up to which message somebody was a member. The clock, left_at, cannot tell: history
--   that is imported later was written before it, and now() is when a transaction began.
-- Lock: ACCESS EXCLUSIVE on chat_participants, for a moment: no row is read or written.
-- Tolerable because: it is as short as a change of the catalog; the migration after this one fills the column.
-- Code deployed before: does not know the column, and leaves it null.

ALTER TABLE chat_participants
ADD COLUMN left_seq bigint,
ADD CONSTRAINT chat_participants_left_seq_check CHECK (left_seq >= 0) NOT VALID;

COMMENT ON COLUMN chat_participants.left_seq IS
    'The chat''s last_seq when the user left: nothing after it was sent to them. Null: is a member now.';
