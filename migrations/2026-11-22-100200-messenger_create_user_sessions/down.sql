-- Drops the sessions: everybody is signed out.

DROP TABLE user_sessions;
DROP TYPE device_type;
DROP DOMAIN session_id;
