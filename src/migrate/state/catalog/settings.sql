-- The settings that the text of the catalog depends on, for its query alone. Names are printed without their schema where
-- the search_path leads to them: to the current schema first, then to those of the extensions, whoever asks.
SELECT
    set_config(
        'search_path',
        coalesce(
            (
                SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname = current_schema() DESC, nspname) || ', pg_temp'
                FROM pg_namespace
                WHERE
                    nspname = current_schema()
                    OR (current_schema() IS NOT NULL AND nspname <> 'pg_catalog' AND oid IN (SELECT extnamespace FROM pg_extension))
            ),
            ''
        ),
        true
    ),
    set_config('quote_all_identifiers', 'off', true),
    set_config('standard_conforming_strings', 'on', true),
    set_config('DateStyle', 'ISO, YMD', true),
    set_config('IntervalStyle', 'postgres', true),
    set_config('TimeZone', 'UTC', true),
    set_config('bytea_output', 'hex', true),
    set_config('extra_float_digits', '1', true),
    set_config('lc_monetary', 'C', true),
    -- Compiling this query takes ten times as long as carrying it out.
    set_config('jit', 'off', true)
