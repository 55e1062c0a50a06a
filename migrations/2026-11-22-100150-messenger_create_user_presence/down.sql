-- Drops who is there and when they were last seen; devices report it anew.

DROP TABLE user_presence;
DROP TYPE user_status;
