-- Drops the sessions: everybody is signed out.

DROP FUNCTION disconnect_server(text);
DROP FUNCTION disconnect_session(user_id, session_id, text, text);
DROP FUNCTION connect_session(user_id, session_id, text, text);
DROP FUNCTION session_is_active(timestamptz, timestamptz, timestamptz, interval);
DROP FUNCTION open_session(user_id, session_id, bytea, text, device_type, text, inet, text, interval, interval);
DROP VIEW local_user_sessions;
DROP TABLE user_sessions;
DROP TYPE device_type;
DROP DOMAIN session_id;
