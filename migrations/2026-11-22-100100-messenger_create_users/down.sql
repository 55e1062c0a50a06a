-- Drops the users, and with them every account.

DROP TABLE users;
DROP TYPE user_status;
DROP DOMAIN user_id;
