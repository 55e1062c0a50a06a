-- The tables and functions of Citus that `distribute` and `verify` use, on a plain server: nothing is moved, but what the real
-- ones refuse is refused, what they lose is lost, and what they note is noted.
CREATE SCHEMA citus_stand_in;

SET search_path = public, citus_stand_in;

CREATE TABLE citus_stand_in.pg_dist_partition (
    logicalrelid regclass PRIMARY KEY,
    partmethod "char" NOT NULL,
    partkey text,
    colocationid integer NOT NULL,
    repmodel "char" NOT NULL
);

CREATE TABLE citus_stand_in.pg_dist_node (groupid integer, noderole text, shouldhaveshards boolean);

INSERT INTO citus_stand_in.pg_dist_node VALUES (0, 'primary', false), (1, 'primary', true), (2, 'secondary', true);

CREATE TABLE citus_stand_in.pg_dist_object (classid oid, objid oid, distribution_argument_index integer);

CREATE FUNCTION citus_stand_in.column_to_column_name(regclass, text) RETURNS text LANGUAGE sql AS 'SELECT $2';

CREATE FUNCTION citus_stand_in.prepare(moved regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('citus.multi_shard_modify_mode', true) IS DISTINCT FROM 'sequential' THEN
        RAISE EXCEPTION 'cannot execute parallel DDL on relation % after a reference table was modified', moved;
    ELSIF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = moved AND NOT tgisinternal) THEN
        RAISE EXCEPTION 'cannot distribute % because it has triggers', moved;
    ELSIF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND (conrelid = moved OR confrelid = moved)) THEN
        RAISE EXCEPTION 'foreign keys from reference tables and local tables to distributed tables not supported';
    END IF;
    DELETE FROM pg_description
    WHERE
        (classoid = 'pg_class'::regclass AND (objoid = moved OR objoid IN (SELECT indexrelid FROM pg_index WHERE indrelid = moved)))
        OR (classoid = 'pg_constraint'::regclass AND objoid IN (SELECT oid FROM pg_constraint WHERE conrelid = moved));
END
$$;

CREATE FUNCTION citus_stand_in.create_reference_table(moved regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM prepare(moved);
    INSERT INTO pg_dist_partition VALUES (moved, 'n', NULL, 1, 't');
END
$$;

CREATE FUNCTION citus_stand_in.create_distributed_table(moved regclass, key text, colocate_with text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    number smallint;
BEGIN
    PERFORM prepare(moved);
    SELECT attnum INTO STRICT number FROM pg_attribute WHERE attrelid = moved AND attname = key;
    IF EXISTS (SELECT FROM pg_index WHERE indrelid = moved AND indisunique AND NOT number = ANY (indkey::smallint [])) THEN
        RAISE EXCEPTION 'cannot create constraint on "%"', moved
        USING DETAIL = 'Distributed relations cannot have UNIQUE constraints that do not include the partition column.';
    END IF;
    INSERT INTO pg_dist_partition VALUES (
        moved,
        'h',
        key,
        CASE colocate_with
            WHEN 'none' THEN (SELECT count(*) + 2 FROM pg_dist_partition)
            ELSE (SELECT colocationid FROM pg_dist_partition WHERE logicalrelid = colocate_with::regclass)
        END,
        's'
    );
END
$$;

CREATE FUNCTION citus_stand_in.create_distributed_function(
    taken regprocedure, argument text DEFAULT NULL, colocate_with text DEFAULT 'default'
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pg_dist_object
    VALUES ('pg_proc'::regclass, taken, CASE WHEN argument = '$1' AND to_regclass(colocate_with) IS NOT NULL THEN 0 END)
$$;

-- A type is taken to each server when it is made.
CREATE FUNCTION citus_stand_in.take_types() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO citus_stand_in.pg_dist_object SELECT classid, objid, NULL FROM pg_event_trigger_ddl_commands();
END
$$;

CREATE EVENT TRIGGER take_types ON ddl_command_end WHEN TAG IN ('CREATE TYPE') EXECUTE FUNCTION citus_stand_in.take_types();

-- The copy of a reference table is a table beside it, which the views read then.
CREATE TABLE citus_stand_in.pg_dist_shard (logicalrelid regclass, shardid bigint);

INSERT INTO citus_stand_in.pg_dist_shard
SELECT oid, 102000 + row_number() OVER (ORDER BY relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relname IN ('chats', 'contacts', 'user_sessions', 'users');

CREATE FUNCTION citus_stand_in.shard_name(logical regclass, shard bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE citus_stand_in.%I AS SELECT * FROM %s', logical || '_' || shard, logical);
    RETURN format('citus_stand_in.%I', logical || '_' || shard);
END
$$;

-- One other server, which has what this one has, but for what it is told to lack, and another body of what it is told.
CREATE TABLE citus_stand_in.lacking (name text);
CREATE TABLE citus_stand_in.changed (name text);

CREATE FUNCTION citus_stand_in.run_command_on_workers(command text)
RETURNS TABLE (nodename text, nodeport integer, success boolean, result text) LANGUAGE plpgsql AS $$
DECLARE
    changed record;
BEGIN
    FOR changed IN SELECT md5(prosrc) AS sum FROM pg_proc INNER JOIN citus_stand_in.changed ON name::regprocedure = oid LOOP
        command := replace(command, changed.sum, 'another');
    END LOOP;
    EXECUTE command INTO result;
    SELECT concat_ws('; ', nullif(result, ''), 'lacks ' || string_agg(name, ', ')) INTO result FROM citus_stand_in.lacking
    WHERE command LIKE '%' || name || '%';
    RETURN QUERY SELECT 'worker', 5432, true, result;
END
$$;
