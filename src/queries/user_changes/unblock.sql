SELECT record_unblock($1, $2) IS NULL
