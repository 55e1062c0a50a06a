-- Drops the uploads: their bytes stay in the object store.

DROP FUNCTION begin_upload(user_id, text, image_type, integer);
DROP TABLE uploads;
