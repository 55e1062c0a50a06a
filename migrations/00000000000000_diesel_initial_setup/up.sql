-- Purpose: Diesel's own initial setup. It gives tables an `updated_at` that nobody has to remember:
--   diesel_set_updated_at() is what a trigger calls, diesel_manage_updated_at() makes such a trigger.
-- Lock: none on any table; two functions are created.
-- Tolerable because: nothing calls them before the migration that creates a trigger.
-- Code deployed before: sees two functions more, and needs neither.

CREATE OR REPLACE FUNCTION diesel_manage_updated_at(_tbl regclass) RETURNS VOID AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER set_updated_at BEFORE UPDATE ON %s
                    FOR EACH ROW EXECUTE PROCEDURE diesel_set_updated_at()', _tbl);
END;
$$ LANGUAGE plpgsql;

COMMENT ON FUNCTION diesel_manage_updated_at(regclass) IS
    'Diesel''s helper: gives a table a trigger that keeps its updated_at.';

CREATE OR REPLACE FUNCTION diesel_set_updated_at() RETURNS trigger AS $$
BEGIN
    IF (
        NEW IS DISTINCT FROM OLD AND
        NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at
    ) THEN
        NEW.updated_at := current_timestamp;
    END IF;
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

COMMENT ON FUNCTION diesel_set_updated_at() IS
    'Diesel''s trigger function: sets updated_at when a row changes and the statement did not set it.';
