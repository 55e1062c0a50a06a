-- Drops the push tokens: devices register them anew.

DROP FUNCTION end_sessions(user_id, session_id, session_id);
DROP FUNCTION register_push_token(user_id, session_id, push_service, text, bytea, bytea);
DROP TABLE push_tokens;
DROP TYPE push_service;
