-- Undoes Diesel's initial setup.

DROP FUNCTION diesel_manage_updated_at(regclass);
DROP FUNCTION diesel_set_updated_at();
