-- Purpose: user_presence: whether a user is there; apart from users, because it is written all the time.
-- Lock: SHARE ROW EXCLUSIVE on users, for the foreign key, for a moment: the new table is empty.
-- Tolerable because: readers of users go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

CREATE TYPE user_status AS ENUM ('online', 'offline', 'away');

COMMENT ON TYPE user_status IS 'Whether a user is there, as the user''s devices last reported it.';

CREATE TABLE user_presence (
    user_id user_id NOT NULL,
    status user_status NOT NULL DEFAULT 'offline',
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_presence_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_presence_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT user_presence_times_check CHECK (
        last_seen_at >= '0001-01-01 00:00:00+00' AND last_seen_at <= '9999-12-31 23:59:59.999999+00'
    )
)
-- Half of each page is kept free, and no column is indexed but the key, so that each change is a HOT update.
WITH (fillfactor = 50);

COMMENT ON TABLE user_presence IS
    'Whether a user is there. One narrow row, made when a device of the user is first heard of; without it, the user has not been there since the account was registered. It goes when the account is closed.';
COMMENT ON COLUMN user_presence.user_id IS 'Who.';
COMMENT ON COLUMN user_presence.status IS 'Presence. Not indexed, so that changing it stays a HOT update.';
COMMENT ON COLUMN user_presence.last_seen_at IS
    'When a device of the user was last heard of. Not indexed, so that changing it stays a HOT update.';
