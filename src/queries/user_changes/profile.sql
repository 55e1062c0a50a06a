SELECT record_profile_change($1, $2) IS NULL
