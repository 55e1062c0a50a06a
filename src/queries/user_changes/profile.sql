SELECT record_profile_change($1) IS NULL
