-- Purpose: search in messages: what a word is, what a query asks for, and the index that holds the words of each chat.
-- Lock: SHARE on messages and users while the indexes are built: writers wait, readers do not.
-- Tolerable because: the tables were created by a migration of the same release, and are empty. On a table that is not, an
--   index is built CONCURRENTLY.
-- Code deployed before: sends as it did; each message costs one index entry for each of its words.
--
-- The functions whose names begin with search_ are the one definition of words: the index, the query and the highlight call
-- them, and plain SQL may call them, too. The three functions that the index uses name nothing outside pg_catalog, because
-- a restore builds the index without a search path.
--
-- Another language is one more migration, which rebuilds nothing: ALTER TEXT SEARCH CONFIGURATION messenger
-- ALTER MAPPING REPLACE english_stem WITH german_stem. The index holds the words as they are.

CREATE TEXT SEARCH CONFIGURATION messenger (COPY = english);

COMMENT ON TEXT SEARCH CONFIGURATION messenger IS
    'The language of stems, by which a search for meeting finds meet. A word without a stem in it is found as it is.';

CREATE FUNCTION search_text(said text) RETURNS text
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    -- What is dropped: accents, vowel signs, nuktas, joiners, variants and tones of emoji.
    hidden CONSTANT text :=
        E'\\u00AD\\u0300-\\u036F\\u0483-\\u0487\\u0591-\\u05BD\\u05BF\\u05C1\\u05C2\\u05C4\\u05C5\\u05C7\\u0610-\\u061A\\u061C\\u0640'
        || E'\\u064B-\\u065F\\u0670\\u06D6-\\u06DC\\u06DF-\\u06E8\\u06EA-\\u06ED\\u08CA-\\u08FF\\u180B-\\u180F\\u1AB0-\\u1AFF\\u1DC0-\\u1DFF'
        || E'\\u093C\\u09BC\\u0A3C\\u0ABC\\u0B3C\\u0CBC\\u1C37'
        || E'\\u200C-\\u200F\\u202A-\\u202E\\u2060-\\u206F\\u20D0-\\u20FF\\u302A-\\u302F\\uFE00-\\uFE0F\\uFE20-\\uFE2F\\uFEFF'
        || E'\\U0001F3FB-\\U0001F3FF\\U000E0000-\\U000E0FFF';
    -- What ends a word.
    signs CONSTANT text :=
        E'\\u0001-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u00A1\\u00A7\\u00A8\\u00AB\\u00B4\\u00B6-\\u00B8\\u00BB\\u00BF'
        || E'\\u02C2-\\u02C5\\u02D2-\\u02DF\\u02E5-\\u02EB\\u02ED\\u02EF-\\u02FF\\u0375\\u037E\\u0387\\u055A-\\u055F\\u0589\\u058A\\u05BE'
        || E'\\u05C0\\u05C3\\u05C6\\u05F3\\u05F4\\u0600-\\u0605\\u0609\\u060A\\u060C\\u060D\\u061B\\u061D-\\u061F\\u066A-\\u066D\\u06D4'
        || E'\\u0700-\\u070F\\u07F7-\\u07F9\\u0964\\u0965\\u0970\\u0DF4\\u0E3F\\u0E4F\\u0E5A\\u0E5B\\u0F04-\\u0F12\\u0F14\\u0F3A-\\u0F3D\\u0F85'
        || E'\\u104A-\\u104F\\u10FB\\u1360-\\u1368\\u1400\\u166E\\u1680\\u16EB-\\u16ED\\u17D4-\\u17DB\\u1800-\\u180A\\u2000-\\u205F'
        || E'\\u2308-\\u230B\\u2329\\u232A\\u2768-\\u2775\\u27C5\\u27C6\\u27E6-\\u27EF\\u2983-\\u2998\\u29FC\\u29FD\\u2CF9-\\u2CFF\\u2D70'
        || E'\\u2E00-\\u2E7F\\u3000-\\u3003\\u3008-\\u3011\\u3014-\\u301F\\u3030\\u303D\\u30A0\\u30FB\\uA4FE\\uA4FF\\uA60D-\\uA60F\\uA673'
        || E'\\uA67E\\uA874-\\uA877\\uA8CE\\uA8CF\\uA92E\\uA92F\\uA95F\\uA9C1-\\uA9CD\\uA9DE\\uA9DF\\uAA5C-\\uAA5F\\uABEB\\uE000-\\uF8FF'
        || E'\\uFBB2-\\uFBC2\\uFD3E\\uFD3F\\uFFF9-\\uFFFB';
    -- What is a word by itself.
    symbols CONSTANT text :=
        E'\\u00A2-\\u00A6\\u00A9\\u00AC\\u00AE-\\u00B1\\u00D7\\u00F7\\u20A0-\\u20CF\\u2100-\\u2307\\u230C-\\u2328\\u232B-\\u2767'
        || E'\\u2794-\\u27C4\\u27C7-\\u27E5\\u27F0-\\u2982\\u2999-\\u29FB\\u29FE-\\u2BFF\\u3004\\u3012\\u3013\\u3020\\u4DC0-\\u4DFF\\uFFFC'
        || E'\\uFFFD\\U0001F000-\\U0001F1E5\\U0001F200-\\U0001FBFF';
    -- Two of them are a flag, counted from the beginning of the run.
    flags CONSTANT text := E'\\U0001F1E6-\\U0001F1FF';
    -- Scripts without spaces.
    spaceless CONSTANT text :=
        E'\\u0E01-\\u0E3A\\u0E40-\\u0E4E\\u0E81-\\u0ECD\\u1000-\\u103F\\u1050-\\u109D\\u1100-\\u11FF\\u1780-\\u17D3\\u1950-\\u19DF'
        || E'\\u1A20-\\u1A9F\\u1B00-\\u1B4B\\u2E80-\\u2FDF\\u3005-\\u3007\\u3041-\\u309F\\u30A1-\\u30FA\\u30FC-\\u9FFF\\uA000-\\uA48C'
        || E'\\uA960-\\uA97C\\uA980-\\uA9C0\\uA9E0-\\uA9FE\\uAA60-\\uAADF\\uAC00-\\uD7FB\\uF900-\\uFAFF\\U0001B000-\\U0001B2FF'
        || E'\\U00020000-\\U0003FFFF';
    folded text := lower(said COLLATE "C");
BEGIN
    IF octet_length(folded) = char_length(folded) THEN
        folded := ' ' || btrim(regexp_replace(folded, '[^a-z0-9]+', ' ', 'g')) || ' ';
        -- Where a number begins after letters, as in v1.2.3, a word begins, whatever follows: so the beginning of a word is the
        -- beginning of the same words.
        IF folded ~ '[a-z][0-9]' THEN
            folded := regexp_replace(folded, '(?<=[a-z])(?=[0-9])', ' ', 'g');
        END IF;
        RETURN folded;
    END IF;

    -- Two signs that stand for a sentence each would become up to eighteen times as long. They are symbols, by numbers that no
    -- other has.
    folded := normalize(translate(folded, E'\uFDFA\uFDFB', E'\U0001F0F6\U0001F0F7'), NFKD);
    IF folded ~ ('[' || hidden || ']') THEN
        folded := regexp_replace(folded, '[' || hidden || ']+', '', 'g');
    END IF;
    folded := lower(lower(normalize(folded, NFKC) COLLATE "C") COLLATE "default");

    -- What still has case: the locale knows that of ASCII only.
    IF folded ~ E'[Α-ΩЀ-ЯҐ-ӨԱ-ՖÆÐØÞĐĦŁŊŒŦẞ\\u1C90-\\u1CBA]' THEN
        folded := translate(
            folded,
            'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏҐҒҖҚҢҮҰҲҺӘӨԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖÆÐØÞĐĦŁŊŒŦẞᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺ',
            'αβγδεζηθικλμνξοπρστυφχψωабвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџґғҗқңүұҳһәөաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆæðøþđħłŋœŧßაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺ'
        );
    END IF;
    -- Letters that are written in two ways, the dotless i among them.
    IF folded ~ '[ßæœþıøłđðħŧŋ]' THEN
        folded := replace(replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
        folded := replace(replace(replace(replace(folded, 'ı', 'i'), 'ø', 'o'), 'ł', 'l'), 'đ', 'd');
        folded := replace(replace(replace(replace(folded, 'ð', 'd'), 'ħ', 'h'), 'ŧ', 't'), 'ŋ', 'n');
    END IF;
    -- The final sigma, Arabic and Persian letters of one sound, digits.
    IF folded ~ E'[ς\\u0629\\u0649\\u0660-\\u0669\\u0671\\u06A9\\u06BE-\\u06CC\\u06F0-\\u06F9\\u0966-\\u096F\\u09E6-\\u09EF]' THEN
        folded := translate(
            folded,
            'ςةىٱکھہی٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९০১২৩৪৫৬৭৮৯',
            'σهياكههي0123456789012345678901234567890123456789'
        );
    END IF;

    folded := regexp_replace(folded, '[' || signs || ']+', ' ', 'g');
    IF folded ~ '[^0-9 ][0-9]' THEN
        folded := regexp_replace(folded, '(?<=[^0-9 ])(?=[0-9])', ' ', 'g');
    END IF;
    IF folded ~ ('[' || symbols || flags || spaceless || ']') THEN
        folded := regexp_replace(folded, '([' || symbols || ']|[' || flags || ']{2})', E' \\1 ', 'g');
        folded := regexp_replace(folded, '([' || spaceless || ']+)', E' ^\\1 ', 'g');
        folded := regexp_replace(folded, ' +', ' ', 'g');
    END IF;

    RETURN ' ' || btrim(folded) || ' ';
END
$$;

CREATE FUNCTION search_words(spaced text) RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    runs text;
BEGIN
    IF strpos(spaced, '^') > 0 THEN
        -- The pairs that begin at the first, third, fifth character, then those between. One of the two ends with the last
        -- character alone.
        runs := replace(regexp_replace(spaced, ' [^ ^][^ ]*', ' ', 'g'), '^', '');
        spaced := regexp_replace(spaced, E' \\^[^ ]*', ' ', 'g')
            || regexp_replace(runs, '([^ ][^ ])', E'\\1 ', 'g')
            || regexp_replace(regexp_replace(runs, ' [^ ]', ' ', 'g'), '([^ ][^ ])', E'\\1 ', 'g');
    END IF;
    IF octet_length(spaced) > 66 THEN
        spaced := regexp_replace(spaced, '([^ ]{64})[^ ]+', E'\\1', 'g');
    END IF;

    RETURN array_remove(string_to_array(spaced, ' '), '');
END
$$;

-- Its cost is high. Otherwise PostgreSQL, which assumes a chat of average length, would compute it for each message of the
-- chat instead of using the index.
CREATE FUNCTION chat_words(chat chat_id, words text[]) RETURNS tsvector
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
COST 10000
AS $$
DECLARE
    mark text := encode(substring(uuid_send(chat) FROM 14), 'base64');
    -- Words that half of the messages have would be half of the index, and would narrow no search.
    rare text[] := tsvector_to_array(ts_delete(
        array_to_tsvector(words),
        ARRAY[
            'a', 'about', 'all', 'an', 'and', 'are', 'as', 'at', 'be', 'but', 'by', 'can', 'do', 'for', 'from', 'get', 'have',
            'he', 'how', 'i', 'if', 'in', 'is', 'it', 'just', 'me', 'more', 'my', 'no', 'not', 'of', 'on', 'or', 'out', 'so',
            'that', 'the', 'there', 'they', 'this', 'to', 'up', 'was', 'we', 'what', 'when', 'will', 'with', 'you', 'your'
        ]
    ));
BEGIN
    IF rare = '{}' THEN
        RETURN '';
    END IF;

    RETURN array_to_tsvector(string_to_array(mark || array_to_string(rare, ' ' || mark), ' '));
END
$$;

CREATE FUNCTION chat_query(chat chat_id, pattern text) RETURNS tsquery
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RETURN replace(pattern, chr(1), encode(substring(uuid_send(chat) FROM 14), 'base64'))::tsquery;
END
$$;

CREATE FUNCTION search_root(word text) RETURNS text
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    stems text[];
    size integer;
BEGIN
    IF word ~ '[0-9]' OR char_length(word) NOT BETWEEN 3 AND 64 THEN
        RETURN NULL;
    END IF;

    stems := tsvector_to_array(to_tsvector('messenger', word));
    IF cardinality(stems) <> 1 THEN
        RETURN NULL;
    END IF;
    size := least(char_length(stems[1]), char_length(word));

    WHILE size >= 3 LOOP
        IF left(word, size) = left(stems[1], size) THEN
            RETURN left(word, size);
        END IF;
        size := size - 1;
    END LOOP;

    RETURN NULL;
END
$$;

CREATE FUNCTION search_has(spaced text, part text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    sought text := substr(part, 2);
    root text;
BEGIN
    IF part !~ '^[~*]' THEN
        RETURN strpos(spaced, part) > 0;
    ELSIF strpos(spaced, ' ' || sought || CASE WHEN part ~ '^~' THEN ' ' ELSE '' END) > 0 THEN
        RETURN true;
    END IF;

    root := search_root(sought);
    IF strpos(spaced, ' ' || root) = 0 THEN
        RETURN false;
    END IF;

    RETURN EXISTS (
        SELECT
        FROM (
            -- Each form once, and no more forms than a word has: a text may repeat one two thousand times.
            SELECT DISTINCT said.word
            FROM unnest(string_to_array(spaced, ' ')) AS said (word)
            WHERE starts_with(said.word, root)
            LIMIT 100
        ) AS form
        WHERE to_tsvector('messenger', form.word) = to_tsvector('messenger', sought)
    );
END
$$;

CREATE FUNCTION search_query(
    typed text,
    OUT pattern text,
    OUT parts text[],
    OUT excluded text[],
    OUT literal text,
    OUT marked text,
    OUT is_exact boolean
)
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    nobody CONSTANT chat_id := '00000000-0000-0000-0000-000000000000';
    -- How many words, or quoted ones, count. Those that every other message has do not count, and need not be there.
    most CONSTANT integer := 20;
    counted integer := 0;
    common text[] := '{}';
    keys text[] := '{}';
    unit record;
    spaced text;
    words text[];
    word text;
    root text;
    is_frequent boolean;
BEGIN
    parts := '{}';
    excluded := '{}';
    literal := '';
    is_exact := true;

    FOR unit IN
        SELECT
            coalesce(found.token[2], found.token[4]) AS said,
            found.token[4] IS NULL AS is_quoted,
            coalesce(found.token[1] = '-', false) AS is_negated,
            found.place = max(found.place) OVER () AND coalesce(found.token[3], '') = '' AS is_last
        FROM regexp_matches(
            translate(typed, '“”„', '"""'), E'(-?)"([^"]*)("|$)|([^\\s"]+)', 'g'
        ) WITH ORDINALITY AS found (token, place)
        ORDER BY found.place
    LOOP
        -- A minus directly before a word excludes the word. A minus before another minus, a sign or a blank means nothing.
        IF unit.said ~ '^-[^-]' AND NOT unit.is_quoted AND btrim(search_text(substr(unit.said, 2, 1))) <> '' THEN
            unit.is_negated := true;
        END IF;
        spaced := search_text(unit.said);
        words := string_to_array(btrim(spaced), ' ');
        CONTINUE WHEN words = '{}';

        is_frequent := cardinality(words) = 1 AND chat_words(nobody, ARRAY[left(words[1], 64)]) = '';
        IF unit.is_negated OR NOT is_frequent THEN
            counted := counted + 1;
            EXIT WHEN counted > most;
        END IF;

        IF unit.is_negated THEN
            IF cardinality(words) = 1 AND NOT unit.is_quoted AND search_root(words[1]) IS NOT NULL THEN
                excluded := excluded || ('~' || words[1]);
            ELSE
                excluded := excluded || regexp_replace(
                    regexp_replace(spaced, E'^ \\^', ''), CASE WHEN words[cardinality(words)] ~ E'^\\^' THEN ' $' ELSE '' END, ''
                );
            END IF;
            CONTINUE;
        END IF;

        IF cardinality(words) = 1 AND NOT unit.is_quoted AND words[1] !~ E'^\\^' THEN
            word := words[1];
            unit.is_last := unit.is_last AND char_length(word) >= 3;
            IF is_frequent THEN
                common := common || CASE WHEN unit.is_last THEN rtrim(spaced) ELSE spaced END;
                CONTINUE;
            END IF;
            root := search_root(word);
            IF root IS NULL THEN
                parts := parts || CASE WHEN unit.is_last THEN rtrim(spaced) ELSE spaced END;
            ELSE
                parts := parts || (CASE WHEN unit.is_last THEN '*' ELSE '~' END || word);
            END IF;
            is_exact := is_exact AND char_length(word) <= 64 AND (root IS NULL OR (unit.is_last AND root = word));
            keys := keys || (
                '''' || chr(1) || left(coalesce(root, word), 64) || ''''
                || CASE WHEN unit.is_last OR root IS NOT NULL THEN ':*' ELSE '' END
            );
            CONTINUE;
        END IF;

        -- Several words in this order, or a piece of a run.
        parts := parts || regexp_replace(
            regexp_replace(spaced, E'^ \\^', ''),
            CASE WHEN unit.is_last OR words[cardinality(words)] ~ E'^\\^' THEN ' $' ELSE '' END,
            ''
        );
        is_exact := is_exact AND cardinality(words) = 1 AND char_length(words[1]) <= CASE WHEN words[1] ~ E'^\\^' THEN 3 ELSE 64 END;
        FOR place IN 1 .. cardinality(words) LOOP
            word := words[place];
            IF word ~ E'^\\^.$' THEN
                keys := keys || ('''' || chr(1) || substr(word, 2) || ''':*');
            ELSIF word ~ E'^\\^' THEN
                keys := keys || ARRAY(
                    SELECT DISTINCT '''' || chr(1) || pair || ''''
                    FROM unnest(search_words(' ' || word || ' ')) AS pair
                    WHERE char_length(pair) = 2
                );
            ELSIF chat_words(nobody, ARRAY[left(word, 64)]) = '' THEN
                CONTINUE;
            ELSIF place < cardinality(words) OR NOT unit.is_last THEN
                keys := keys || ('''' || chr(1) || left(word, 64) || '''');
            ELSIF char_length(word) >= 3 OR word ~ '^[0-9]+$' THEN
                keys := keys || ('''' || chr(1) || left(word, 64) || ''':*');
            END IF;
        END LOOP;
    END LOOP;

    IF parts = '{}' THEN
        parts := common;
    END IF;
    parts := ARRAY(SELECT DISTINCT part FROM unnest(parts) AS part);
    excluded := ARRAY(SELECT DISTINCT part FROM unnest(excluded) AS part);
    -- The index is asked for the eight longest words. The other words are looked for in the few messages that are left.
    keys := ARRAY(SELECT key FROM (SELECT DISTINCT key FROM unnest(keys) AS key) AS each ORDER BY char_length(key) DESC, key);
    is_exact := is_exact AND cardinality(keys) <= 8;
    pattern := nullif(array_to_string(keys[:8], ' & '), '');
    IF excluded <> '{}' OR parts = '{}' THEN
        literal := lower(btrim(typed, E' \t\n\r'));
        IF excluded = '{}' THEN
            -- Signs in quotes are these signs. Quotes alone are themselves.
            literal := coalesce(nullif(btrim(literal, E' \t\n\r"“”„'), ''), literal);
        END IF;
    END IF;
    is_exact := is_exact AND excluded = '{}' AND pattern IS NOT NULL;
    -- A word has a space before it. A piece of a run has not.
    marked := (
        SELECT
            '(' || string_agg(mark, '|') || ')'
        FROM (
            SELECT DISTINCT
                CASE
                    WHEN part ~ '^[~*]' THEN ' ' || coalesce(search_root(substr(term, 2)), substr(term, 2)) || '[^ ]*'
                    WHEN term ~ E'^\\^' THEN substr(term, 2)
                    WHEN place = 1 AND part !~ '^ ' THEN term
                    WHEN place < terms.count OR part ~ ' $' THEN ' ' || term || '(?= )'
                    ELSE ' ' || term || '[^ ]*'
                END AS mark
            FROM (
                SELECT
                    part,
                    string_to_array(btrim(part), ' ') AS said,
                    cardinality(string_to_array(btrim(part), ' ')) AS count
                FROM unnest(parts) AS part
            ) AS terms
            CROSS JOIN LATERAL unnest(terms.said) WITH ORDINALITY AS one (term, place)
            WHERE place <= most
            LIMIT most
        ) AS marks
    );
END
$$;

CREATE FUNCTION search_finds(said text, parts text[], excluded text[], literal text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
COST 10000
AS $$
DECLARE
    spaced text;
    part text;
BEGIN
    IF literal <> '' AND strpos(lower(said), literal) > 0 THEN
        RETURN true;
    ELSIF parts = '{}' AND excluded = '{}' THEN
        RETURN false;
    END IF;

    spaced := search_text(said);
    FOREACH part IN ARRAY parts LOOP
        IF NOT search_has(spaced, part) THEN
            RETURN false;
        END IF;
    END LOOP;
    FOREACH part IN ARRAY excluded LOOP
        IF search_has(spaced, part) THEN
            RETURN false;
        END IF;
    END LOOP;

    RETURN true;
END
$$;

CREATE FUNCTION search_marks(said text, marked text) RETURNS text[]
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
COST 10000
AS $$
DECLARE
    -- Of a long message, a part that has one of the words: to fold all of it, word by word, would take longer than to find it.
    part_length CONSTANT integer := 1000;
    around CONSTANT integer := 200;
    is_ascii CONSTANT boolean := octet_length(said) = char_length(said);
    place integer;
BEGIN
    IF char_length(said) > 2 * part_length AND NOT is_ascii THEN
        -- Where it probably is, because it was written as it was typed; otherwise part by part.
        place := regexp_instr(lower(said), regexp_replace(marked, E' |\\(\\?= \\)|\\[\\^ \\]\\*', '', 'g'));
        IF place > 0 AND search_text(substr(said, greatest(place - around, 1), part_length)) ~ marked THEN
            said := substr(said, greatest(place - around, 1), part_length + 2 * around);
        ELSE
            place := 1;
            WHILE
                place < char_length(said)
                AND search_text(substr(said, greatest(place - around, 1), part_length + around)) !~ marked
            LOOP
                place := place + part_length;
            END LOOP;
            said := substr(said, greatest(place - around, 1), part_length + 2 * around);
        END IF;
    END IF;

    IF is_ascii THEN
        RETURN ARRAY(
            SELECT DISTINCT ltrim(word[1])
            FROM regexp_matches(search_text(said), marked, 'g') AS word
            LIMIT 32
        );
    END IF;

    RETURN ARRAY(
        SELECT DISTINCT coalesce((regexp_match(chunk.piece, marked))[1], chunk.piece)
        FROM (
            SELECT DISTINCT piece
            FROM regexp_split_to_table(
                said, E'[\\s!-/:-@[-`{-~¡«»¿\\u2000-\\u200B\\u2010-\\u2029\\u2030-\\u205F\\u3000-\\u3003\\u3008-\\u301F。、，！？：；（）]+'
            ) AS piece
            WHERE search_text(piece) ~ marked
            LIMIT 32
        ) AS chunk
    );
END
$$;

CREATE FUNCTION search_names(typed text) RETURNS tsquery
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    spaced text := search_text(typed);
    words text[] := search_words(spaced);
    -- The one that is being typed.
    last_word text := CASE WHEN cardinality(words) > 1 THEN substring(spaced FROM '([^ ]+) $') ELSE '' END;
BEGIN
    RETURN (
        SELECT
            string_agg(
                '''' || word || CASE WHEN word ~ '^[a-z0-9]{1,2}$' AND word <> last_word THEN '''' ELSE ''':*' END, ' & '
            )::tsquery
        FROM unnest(words) AS word
    );
END
$$;

-- fastupdate off: a pending list makes the insert that must empty it wait for all the others.
-- squawk-ignore require-concurrent-index-creation -- the table is of the same release, and empty
CREATE INDEX messages_chat_words_idx ON messages USING gin (chat_words(chat_id, search_words(search_text(content))))
WITH (fastupdate = off)
WHERE content IS NOT NULL;

-- squawk-ignore require-concurrent-index-creation -- the table is of the same release, and empty
CREATE INDEX users_name_words_idx ON users USING gin (array_to_tsvector(search_words(search_text(display_name))))
WITH (fastupdate = off)
WHERE display_name IS NOT NULL;

COMMENT ON FUNCTION search_text(text) IS
    'A text as search sees it: case, accents, width and composed forms folded, words apart by one space, a space at each end; a run of a script without spaces begins with ^.';
COMMENT ON FUNCTION search_words(text) IS
    'The words of what search_text gives: a run of a script without spaces is each pair of its characters and the last one; of a longer word, the first 64 characters.';
COMMENT ON FUNCTION chat_words(chat_id, text[]) IS
    'The words of a message as the search index has them, without the most frequent ones: each behind a mark of its chat (the last three bytes of its id), so that words of different chats are different keys, and those of one chat lie together.';
COMMENT ON FUNCTION chat_query(chat_id, text) IS
    'The pattern of search_query with the chat''s mark, as the index has the words of one chat.';
COMMENT ON FUNCTION search_root(text) IS
    'The beginning that all words with the stem of this one have, at least three letters. Null: the word is found as it is.';
COMMENT ON FUNCTION search_has(text, text) IS
    'Whether what search_text gives has a part of a query: ~word or another form of it, *word or what begins with it, else the part as it is.';
COMMENT ON FUNCTION search_query(text) IS
    'What somebody typed: pattern, what the index is asked (null: no word that the index has); parts, what must be there; excluded, what must not; literal, what is found as it stands; marked, a regular expression for highlights; is_exact, whether the index alone decides.';
COMMENT ON FUNCTION search_finds(text, text[], text[], text) IS
    'Whether a message matches a query: parts, excluded and literal are those of search_query.';
COMMENT ON FUNCTION search_marks(text, text) IS
    'The words of a message that match a query, as they are written in it, 32 at most, and of a long message those of a part; in a message of ASCII only, in lower case.';
COMMENT ON FUNCTION search_names(text) IS
    'What somebody typed to find a name: each word is a prefix, from three Latin letters on, and the last of several from one on. Null: no word.';
COMMENT ON INDEX messages_chat_words_idx IS 'Used by: search in the chats of a user.';
COMMENT ON INDEX users_name_words_idx IS 'Used by: finding people by a word of their display name.';
