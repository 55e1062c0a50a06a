-- Purpose: what a text is to those who see it: is_blank and is_name, which the checks of later tables ask.
-- Lock: none on any table; two functions are created.
-- Tolerable because: nobody can be calling a function that did not exist.
-- Code deployed before: does not know the functions.
--
-- plpgsql, because a function in SQL is put into the check, and parsed, at every statement.

CREATE FUNCTION clock() RETURNS timestamptz
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN clock_timestamp();
END
$$;

CREATE FUNCTION is_blank(words text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    -- By Unicode's properties: separators (Z), controls and formats (Cc, Cf) but for signs that are put before others, and what
    -- may be ignored (Default_Ignorable_Code_Point). And what is drawn as nothing: the empty pattern of Braille, the filler of the
    -- Khitan script, the blanks of hieroglyphs and the note without a head.
    RETURN words !~ E'[^\\u0001-\\u0020\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\U00013430-\\U0001343F\\U00013441\\U00013442\\U00016FE4\\U0001BCA0-\\U0001BCA3\\U0001D159\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF]';
END
$$;

CREATE FUNCTION is_name(words text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    -- At least one character that is_blank does not ignore. is_blank itself is not called, because pg_restore finds no
    -- function that is named without its schema. No controls, line separators, or characters that change the direction of
    -- the text around them.
    RETURN words ~ E'[^\\u0001-\\u0020\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\U00013430-\\U0001343F\\U00013441\\U00013442\\U00016FE4\\U0001BCA0-\\U0001BCA3\\U0001D159\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF]'
        AND words !~ E'[\\u0001-\\u001F\\u007F-\\u009F\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069\\uFFF9-\\uFFFB]';
END
$$;

CREATE FUNCTION is_bounded(facts jsonb) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    -- What programs cannot read again: serde_json takes 127 levels, and no number beyond those of 64 bits.
    RETURN octet_length(facts::text) <= 16384
        AND NOT jsonb_path_exists(facts, 'strict $.**{100} ? (@.type() == "object" || @.type() == "array")')
        AND NOT jsonb_path_exists(
            facts,
            'strict $.** ? (@.type() == "number" && (@ > 1.7976931348623157e308 || @ < -1.7976931348623157e308))'
        );
END
$$;

COMMENT ON FUNCTION clock() IS
    'What the clock says now, also in the middle of a transaction. In an UPDATE: clock_timestamp() may not stand there where Citus distributes the table. PostgreSQL calls it for each row, and again after a wait for the row''s lock.';
COMMENT ON FUNCTION is_blank(text) IS
    'Whether the text has no visible character: it is empty, or white space, zero-width and other invisible characters only.';
COMMENT ON FUNCTION is_bounded(jsonb) IS
    'Whether JSON is small enough to be kept and read: 16 KiB as text, 100 levels, and numbers as large as a double precision.';
COMMENT ON FUNCTION is_name(text) IS
    'Whether a text may name a person or a group: something of it is seen, and it has neither control characters nor what changes the direction of the text around it.';
