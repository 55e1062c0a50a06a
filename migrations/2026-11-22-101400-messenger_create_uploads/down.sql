-- Drops the uploads: their bytes stay in the object store.

DROP TABLE uploads;
