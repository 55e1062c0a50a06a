-- A row where the sessions of the database work on one shard after the other.
SELECT setdatabase
FROM pg_db_role_setting
INNER JOIN pg_database ON pg_database.oid = pg_db_role_setting.setdatabase
WHERE
    pg_database.datname = current_database()
    AND pg_db_role_setting.setrole = 0
    AND 'citus.multi_shard_modify_mode=sequential' = ANY (pg_db_role_setting.setconfig)
