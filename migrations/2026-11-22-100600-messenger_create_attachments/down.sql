-- Drops the attachments; the object store keeps its bytes.

DROP TABLE attachments;
DROP TYPE image_type;
