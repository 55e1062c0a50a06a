-- Drops the users, and with them every account.

DROP VIEW local_users;
DROP TABLE reserved_usernames;
DROP TABLE users;
DROP FUNCTION allows(visibility, boolean);
DROP TYPE visibility;
DROP DOMAIN user_id;
