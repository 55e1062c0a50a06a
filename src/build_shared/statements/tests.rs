//! Tests of the splitter: examples and generated input.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say so at once"
)]

use super::{keywords, line_and_column, offset_of_position, split, unclosed};

fn texts(sql: &str) -> Vec<&str> {
    split(sql).iter().map(|statement| statement.text).collect()
}

/// Each of these is one statement: followed by a semicolon and another one, it is found whole.
fn stays_whole(statement: &str) {
    let file = format!("-- A comment; of two parts.\n  {statement} ;\nSELECT 'next'");
    assert_eq!(texts(&file), [statement, "SELECT 'next'"], "in {file}");
}

#[test]
fn semicolons_split_and_the_last_one_may_be_missing() {
    assert_eq!(texts("SELECT 1; SELECT 2;\nSELECT 3"), ["SELECT 1", "SELECT 2", "SELECT 3"]);
}

#[test]
fn statements_of_nothing_are_dropped() {
    for sql in ["", " \t\r\n\x0b\x0c", ";", " ;; ;", "-- only this", "-- a\n;/* b */;", "/* /* a */ ; */"] {
        assert_eq!(texts(sql), [""; 0], "in {sql:?}");
    }
}

#[test]
fn a_statement_is_without_what_surrounds_it_and_knows_where_it_began() {
    let sql = "/* é */ SELECT -- kept;\n 1 -- dropped\n ; x";
    let found: Vec<_> = split(sql).iter().map(|found| (found.start, found.text)).collect();
    assert_eq!(found, [(9, "SELECT -- kept;\n 1"), (sql.len() - 1, "x")]);
}

#[test]
fn comments_hide_semicolons_quotes_and_parentheses() {
    stays_whole("SELECT 1 -- it's; (\n + 1");
    stays_whole("SELECT 1 --\r + 1");
    stays_whole("SELECT 1 /* it's; ( /* nested; */ ; */ + 1");
    stays_whole("SELECT 1 /* -- */ + /*/ ; */ 2 /***/ + /* //* */ ; */ 3");
    stays_whole("SELECT 1 +-- a comment; though an operator is before it\n 2");
}

#[test]
fn strings_hide_semicolons_comments_and_each_other() {
    stays_whole("SELECT 'a;b', 'it''s;', '''', ''");
    stays_whole("SELECT '-- ;', '/* ;', '$$;', '\";', '(;'");
    stays_whole(r"SELECT 'a backslash is a backslash\', ';'");
    stays_whole(r"SELECT U&'d\0061t;a\', u&';', N'n;\', b'1;', X'f;\'");
}

#[test]
fn only_escape_strings_have_backslashes() {
    stays_whole(r"SELECT E'it\'s; ', e'\\', ';'");
    stays_whole(r"SELECT E'it''s\'; ', 1");
    stays_whole(r"SELECT some_e';\', 1");
    stays_whole("SELECT E'é\\é;\\'', ';'");
}

#[test]
fn an_escape_string_goes_on_behind_a_line_break() {
    stays_whole("SELECT E'a' -- it's;\n  -- ;\n  'b\\'; c'");
    assert_eq!(texts("SELECT E'a' 'b\\'; c"), ["SELECT E'a' 'b\\'", "c"]);
    assert_eq!(texts("SELECT 'a'\n'b\\'; c"), ["SELECT 'a'\n'b\\'", "c"]);
    assert_eq!(texts("SELECT E'a'\n/**/'b\\'; c"), ["SELECT E'a'\n/**/'b\\'", "c"]);
}

#[test]
fn quoted_identifiers_hide_semicolons() {
    stays_whole("SELECT \"a\"\n'b;\"'");
    stays_whole(r#"SELECT "a;b", "say ""hi;""", U&"d\0061t;a\", "it's;""#);
}

#[test]
fn dollar_quotes_end_with_their_own_tag_only() {
    stays_whole("DO $$ BEGIN PERFORM 1; END $$");
    stays_whole("DO $a$ x; $$ ; $b$ ; $A$ ; $a1$ ; $b$a$");
    stays_whole("DO $été_1$ ; $été$ ; $été_1$");
    stays_whole("DO $$it's /* \" ( $1; $$");
    stays_whole("SELECT $1$$;$$");
}

#[test]
fn parameters_and_names_with_dollars_quote_nothing() {
    assert_eq!(texts("SELECT $1; SELECT $2"), ["SELECT $1", "SELECT $2"]);
    assert_eq!(texts("SELECT a$b$; c$b$"), ["SELECT a$b$", "c$b$"]);
    assert_eq!(texts("SELECT é$$; $$"), ["SELECT é$$", "$$"]);
    assert_eq!(texts("SELECT $1a$; $ $b;"), ["SELECT $1a$", "$ $b"]);
    assert_eq!(texts("SELECT 1e5$a$; SELECT 1$$;$$"), ["SELECT 1e5$a$", "SELECT 1$$;$$"]);
}

#[test]
fn semicolons_in_parentheses_do_not_split() {
    stays_whole("CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT (1); DELETE FROM u)");
    assert_eq!(texts("SELECT 1); b; ("), ["SELECT 1)", "b", "("]);
}

#[test]
fn sql_bodies_are_part_of_their_function() {
    stays_whole("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END");
    stays_whole("create or replace procedure p() begin /* ; */ atomic insert into t values (1); end");
    stays_whole(
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC
           SELECT CASE WHEN a > 0 THEN CASE a WHEN 1 THEN 2 END ELSE (CASE WHEN true THEN 3 END) END;
           SELECT 1 AS end, t . end FROM t;
           SELECT 'END', \"end\"; END",
    );
    stays_whole("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.case FROM t; END");
}

#[test]
fn other_begins_and_cases_open_no_body() {
    assert_eq!(texts("BEGIN; SELECT 1; END; x"), ["BEGIN", "SELECT 1", "END", "x"]);
    assert_eq!(texts("SELECT CASE WHEN a THEN b END; x"), ["SELECT CASE WHEN a THEN b END", "x"]);
    assert_eq!(texts("CREATE FUNCTION begin() AS ''; x"), ["CREATE FUNCTION begin() AS ''", "x"]);
    assert_eq!(texts("CREATE FUNCTION f(begin atomic) AS ''; x"), ["CREATE FUNCTION f(begin atomic) AS ''", "x"]);
    assert_eq!(texts("CREATE TABLE atomic (); x"), ["CREATE TABLE atomic ()", "x"]);
    assert_eq!(texts("BEGIN ATOMIC; x"), ["BEGIN ATOMIC", "x"]);
    stays_whole("CREATE VIEW v AS SELECT CASE WHEN a THEN b END AS c");
}

#[test]
fn a_command_of_psql_is_a_statement_by_itself() {
    let sql = "\\set a 'it''s\r\nSELECT 1 \\gx\nBEGIN;\n\\.";
    assert_eq!(texts(sql), ["\\set a 'it''s", "SELECT 1", "\\gx", "BEGIN", "\\."]);
}

#[test]
fn keywords_are_in_upper_case_and_never_from_quotes_or_comments() {
    let sql = "create /* drop */ INDEX \"concurrently\" on t$1 (é1) -- drop\n WHERE a = E'vacuum' + $$end$$ + 1e5 + N'n' + x'f' + b'1' + U&'u'";
    let found: Vec<_> = keywords(sql).collect();
    assert_eq!(found, ["CREATE", "INDEX", "ON", "T$1", "é1", "WHERE", "A"]);
}

#[test]
fn what_never_closes_is_found_where_it_opens() {
    for closed in ["", "'a'", "E'\\''", "$a$ $a$", "/* /* */ */", "\"'\"", "-- '", "$a", "U&'a'"] {
        assert_eq!(unclosed(closed), None, "in {closed}");
    }
    for open in ["'", "'a''", "E'\\'", "$a$ $$", "/* /* */", "\"'", "U&\"", "/*/", "E'a'\n'"] {
        assert_eq!(unclosed(&format!("SELECT é; {open}")), Some(11), "in {open}");
        assert_eq!(texts(&format!("SELECT é; {open}")), ["SELECT é", open]);
    }
}

#[test]
fn lines_and_columns_count_from_one_and_in_characters() {
    let sql = "aé\r\n日本x\n";
    let places = [(0, (1, 1)), (1, (1, 2)), (2, (1, 2)), (3, (1, 3)), (4, (1, 4)), (5, (2, 1))];
    for (offset, place) in places {
        assert_eq!(line_and_column(sql, offset), place, "at {offset}");
    }
    assert_eq!(line_and_column(sql, 11), (2, 3));
    assert_eq!(line_and_column(sql, 13), (3, 1));
    assert_eq!(line_and_column(sql, usize::MAX), (3, 1));
    assert_eq!(line_and_column("", 0), (1, 1));
}

#[test]
fn a_position_of_postgresql_counts_characters_from_one() {
    let sql = "é日x";
    let offsets = [0, 1, 2, 3, 4, usize::MAX].map(|position| offset_of_position(sql, position));
    assert_eq!(offsets, [0, 0, 2, 5, 6, 6]);
    assert_eq!(offset_of_position("", 1), 0);
}

#[test]
fn a_megabyte_of_anything_takes_no_time() {
    let pieces = [
        "(",
        ")",
        "'",
        "\"",
        "$",
        "$$",
        "$a",
        "$a$",
        "E'",
        "E'' ",
        "E''\n",
        "E''--\n",
        "/*",
        "*/",
        "/",
        "-",
        "\\",
        "\\\n",
        ";",
        "a;",
        "a",
        "1",
        "é",
        "\0",
        "CREATE BEGIN ATOMIC ",
        "CASE ",
        "END ",
        "U&",
        "$1",
    ];
    let started = std::time::Instant::now();
    for piece in pieces {
        let sql = piece.repeat(1_000_000 / piece.len());
        assert!(split(&sql).len() <= sql.len());
        assert!(keywords(&sql).count() <= sql.len());
        assert!(unclosed(&sql) < Some(sql.len()));
    }
    // Quadratic time would be hours; this is some two seconds in a debug build on a busy machine.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn statements_are_in_order_and_nothing_significant_lies_between_them() {
    let pieces = [
        "'", "\"", "$$", "$a$", "$", "E'", "U&'", "/*", "*/", "--", "\n", "\r", ";", ";", "(", ")", "\\", " ", "a",
        "é", "1", "日", "CREATE ", "BEGIN ", "ATOMIC ", "CASE ", "END ", "AS ", ".", "\0", "\u{feff}", "\u{a0}",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..50_000 {
        let mut sql = String::new();
        for _ in 0..24 {
            // Xorshift: the same inputs on every run.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let chosen = usize::try_from(state % pieces.len() as u64).unwrap();
            sql.push_str(pieces[chosen]);
        }
        let mut end = 0;
        for statement in split(&sql) {
            assert_blank(&sql[end..statement.start], &sql);
            end = statement.start + statement.text.len();
            assert_eq!(&sql[statement.start..end], statement.text);
            assert!(!statement.text.is_empty(), "in {sql:?}");
        }
        assert_blank(&sql[end..], &sql);
    }
}

/// Judges without the lexer under test: taking away comments and white space must leave semicolons only.
fn assert_blank(between: &str, sql: &str) {
    let mut rest = between.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = match rest {
            [b'-', b'-', ..] => &rest[rest.iter().position(|b| b"\r\n".contains(b)).unwrap_or(rest.len())..],
            [b'/', b'*', inside @ ..] => after_comment(inside),
            _ => {
                assert!(b" \r\n;".contains(byte), "{between:?} is between statements of {sql:?}");
                after
            }
        };
    }
}

fn after_comment(mut inside: &[u8]) -> &[u8] {
    loop {
        inside = match inside {
            [b'*', b'/', after @ ..] => return after,
            [b'/', b'*', nested @ ..] => after_comment(nested),
            [_, after @ ..] => after,
            [] => panic!("a comment that never ends is between statements"),
        };
    }
}
