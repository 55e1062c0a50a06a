SELECT queue_unused_files($1) IS NULL AS is_queued
