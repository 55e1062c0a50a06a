-- Drops the functions.

DROP FUNCTION is_bounded(jsonb);
DROP FUNCTION is_name(text);
DROP FUNCTION is_blank(text);
DROP FUNCTION clock();
