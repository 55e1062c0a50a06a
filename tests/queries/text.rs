//! What a text is to those who see it: the database and the crate say the same.

use messenger_db::error::Error::Refused;
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::history;
use messenger_db::queries::messages::{self, Draft, SendRefused};

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use regex_syntax::hir::{Class, HirKind};
use unicode_segmentation::UnicodeSegmentation as _;

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// All characters that are not seen, as the database has them: so many as the crate has, and blank to the crate together.
#[test]
fn the_database_and_the_crate_agree_on_what_is_seen() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let blank = "FROM (SELECT generate_series(1, 55295) UNION ALL SELECT generate_series(57344, 131071)
         UNION ALL SELECT generate_series(917504, 921599)) AS one (number) WHERE is_blank(chr(number))";
    assert_eq!(database.value(&format!("SELECT count(*) {blank}")), "4281");
    let all = database.value(&format!("SELECT string_agg(chr(number), '') {blank}"));
    let previews = database.column(&format!(
        "SELECT DISTINCT message_preview(repeat(chr(number), 200) || 'seen') {blank}
         UNION SELECT message_preview($text${all}$text$ || 'seen')"
    ));
    assert_eq!(previews, ["seen"]);
    let (chat, [alice, ..]) = cast::group(conn);
    assert_eq!(messages::send(conn, by(alice), chat, &Draft::text(&all)), Err(Refused(SendRefused::Empty)));
}

/// Of all code points, so that a character of a Unicode to come is not forgotten.
#[test]
fn the_properties_of_unicode_say_what_is_invisible() {
    let database = TestDatabase::migrated();
    let properties = r"[[\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]--\p{Prepended_Concatenation_Mark}]";
    let parsed = regex_syntax::parse(properties).unwrap();
    let HirKind::Class(Class::Unicode(class)) = parsed.kind() else { panic!("{parsed:?}") };
    // Drawn as nothing, which Unicode has no property for.
    let drawn_as_nothing = ['\u{2800}', '\u{13441}', '\u{13442}', '\u{16FE4}', '\u{1D159}'];
    let mut expected: Vec<u32> = class
        .ranges()
        .iter()
        .flat_map(|range| range.start()..=range.end())
        .chain(drawn_as_nothing)
        .map(u32::from)
        .filter(|number| *number > 0)
        .collect();
    expected.sort_unstable();
    let blank = "SELECT string_agg(number::text, ' ' ORDER BY number)
         FROM (SELECT generate_series(1, 55295) UNION ALL SELECT generate_series(57344, 131071)
             UNION ALL SELECT generate_series(917504, 1114111, 1)) AS one (number) WHERE is_blank(chr(number))";
    let blank: Vec<u32> = database.value(blank).split(' ').map(|number| number.parse().unwrap()).collect();
    assert_eq!(blank, expected);
}

#[test]
fn a_text_has_10_000_characters_as_people_count_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let name = "👨‍👩‍👧‍👦".repeat(30);
    let group = groups::create(conn, by(alice), &NewGroup::new(&name, &[])).unwrap();
    assert_eq!(group.name.as_deref(), Some(name.as_str()));
    let words = "e\u{301}".repeat(10_000);
    let sent = messages::send(conn, by(alice), group.id, &Draft::text(&words)).unwrap().message;
    assert_eq!(sent.content.as_deref(), Some(words.as_str()));
}

/// All characters that belong to the one before them, in the database as in the crate.
#[test]
fn the_database_and_the_crate_agree_on_what_joins_a_character() {
    let database = TestDatabase::migrated();
    let joined = database.value(
        "SELECT string_agg(chr(number), '' ORDER BY number)
         FROM (SELECT generate_series(128, 55295) UNION ALL SELECT generate_series(57344, 131071)
             UNION ALL SELECT generate_series(917504, 921599)) AS one (number)
         WHERE message_preview(repeat('x', 99) || 'e' || chr(number) || 'zz') <> repeat('x', 99) || 'e'",
    );
    let expected: String = (128..0x2_0000)
        .chain(0xE_0000..0xE_1000)
        .filter_map(char::from_u32)
        .filter(|character| format!("e{character}").graphemes(true).count() == 1)
        .collect();
    let lost: Vec<_> = expected.chars().filter(|character| !joined.contains(*character)).collect();
    assert_eq!(lost, [' '; 0], "cut from what they belong to");
    // Vowels and finals of Hangul, and vowels of Kirat Rai, join what is before them, whatever it is; others are of a Unicode to
    // come, and no letters.
    let more: Vec<_> = joined.chars().filter(|character| !expected.contains(*character)).collect();
    let letters = more.iter().filter(|character| character.is_alphanumeric());
    let letters: Vec<_> = letters
        .filter(|it| !matches!(it, '\u{1160}'..='\u{11ff}' | '\u{d7b0}'..='\u{d7fb}' | '\u{16d63}'..='\u{16d6a}'))
        .collect();
    assert!(letters.is_empty(), "{letters:?}");
}

/// What people write, in pieces: letters with their signs, conjuncts, syllables, flags, families.
const PIECES: &[&str] = &[
    "a",
    "é",
    "e\u{301}",
    "ß",
    " ",
    "\n",
    "\r\n",
    "7",
    "ж",
    "й",
    "λ",
    "ש\u{5b8}",
    "م\u{64e}\u{651}",
    "\u{600}5",
    "न",
    "म",
    "स्ते",
    "क्ष",
    "क्\u{200d}ष",
    "কি",
    "গ্র",
    "த",
    "மி",
    "ழ்",
    "తె",
    "ക്ഷ",
    "ನ್ನ",
    "සි",
    "ที่",
    "ำ",
    "ນ້ຳ",
    "မြန်",
    "ខ្មែ",
    "བོད",
    "한",
    "\u{1112}\u{1161}\u{11ab}",
    "日",
    "が",
    "か\u{3099}",
    "葛\u{e0100}",
    "👍",
    "👍🏽",
    "❤\u{fe0f}",
    "👨‍👩‍👧‍👦",
    "👩🏻‍❤️‍💋‍👨🏿",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "🇩🇪",
    "🇫🇷",
    "1\u{fe0f}\u{20e3}",
    "z\u{351}\u{34b}\u{35c}\u{329}",
];

/// What is left of white space in a preview. The last mark of a run, which joins the space, is nobody's.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for piece in text.trim_start_matches([' ', '\n', '\r']).split_inclusive([' ', '\n', '\r']) {
        let words = piece.trim_end_matches([' ', '\n', '\r']);
        if words.is_empty() && line.ends_with(' ') {
            continue;
        }
        line.push_str(words);
        if words.len() < piece.len() {
            line.push(' ');
        }
    }
    line
}

#[test]
fn the_database_and_the_crate_make_the_same_line_of_white_space() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let mut dice = SmallRng::seed_from_u64(5);
    let pieces =
        ["a", "é", "👨‍👩‍👧‍👦", " ", "  ", "\n", "\r\n", "\t", "\u{a0}", "\u{3000}", "\u{2028}", "\u{200b}", "\u{2060}"];
    for _ in 0..60 {
        let length = dice.random_range(1..80);
        let words: String = (0..length).map(|_| *pieces.choose(&mut dice).unwrap()).chain(["x"]).collect();
        let sent = messages::send(conn, by(alice), chat, &Draft::text(&words)).unwrap().message;
        messages::send(conn, by(alice), chat, &Draft::text("An answer").in_reply_to(sent.seq)).unwrap();
        let page = history::latest(conn, by(alice), chat, Limit::new(1)).unwrap();
        let quoted = page.entries[0].reply_to.as_ref().unwrap().preview.clone();
        let shown = database.value(&format!("SELECT message_preview(content) FROM messages WHERE id = '{}'", sent.id));
        assert_eq!(quoted.as_deref(), Some(shown.as_str()), "{words:?}");
        assert!(!shown.contains(['\n', '\t']) && !shown.contains("  "), "{shown:?}");
    }
}

#[test]
fn a_name_has_no_marks_of_direction() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    for mark in ['\u{61C}', '\u{200E}', '\u{200F}', '\u{202E}', '\u{2066}', '\u{85}'] {
        let refused = groups::create(conn, by(alice), &NewGroup::new(&format!("Hi{mark}kers"), &[]));
        assert_eq!(refused.unwrap_err().code(), "name_invalid", "{mark:?}");
    }
    groups::create(conn, by(alice), &NewGroup::new("می\u{200C}خواهم", &[])).unwrap();
}

#[test]
fn a_preview_has_a_character_that_ends_at_the_300th_code_point() {
    let database = TestDatabase::migrated();
    // Syllables of three parts: a hundred of them, 99 after a letter, and where the 300th is the last code point of all.
    let syllable = "\u{1100}\u{1161}\u{11A8}";
    let man = "👨\u{200D}\u{1F9B0}";
    for (text, code_points) in [
        (syllable.repeat(150), 300),
        (syllable.repeat(100), 300),
        (format!("a{}", syllable.repeat(150)), 298),
        (format!("{}xy", man.repeat(100)), 300),
        (format!("{}e\u{301}\u{301}", man.repeat(99)), 300),
        (format!("{}e\u{301}\u{301}\u{301}", man.repeat(99)), 297),
        (format!("e{}x", "\u{301}".repeat(299)), 300),
    ] {
        let shown = database.value(&format!("SELECT message_preview($text${text}$text$)"));
        assert_eq!((text.starts_with(&shown), shown.chars().count()), (true, code_points), "{text:?}");
    }
}

#[test]
fn a_preview_is_a_hundred_characters_and_cuts_none() {
    let database = TestDatabase::migrated();
    let mut dice = SmallRng::seed_from_u64(7);
    let mut texts: Vec<String> = Vec::new();
    for number in 0..2_000 {
        // Of everything, or mostly of one kind.
        let kind = PIECES.choose(&mut dice).unwrap();
        let length = dice.random_range(1..200);
        let piece = |dice: &mut SmallRng| {
            if number % 2 == 0 || dice.random_range(0..4) == 0 { PIECES.choose(dice).unwrap() } else { kind }
        };
        texts.push((0..length).map(|_| *piece(&mut dice)).collect());
    }
    let literals: Vec<_> = texts.iter().map(|text| format!("$text${text}$text$")).collect();
    let previews = database.column(&format!(
        "SELECT message_preview(words) FROM unnest(ARRAY[{}]) WITH ORDINALITY AS text (words, number) ORDER BY number",
        literals.join(",")
    ));
    for (text, preview) in texts.iter().map(|text| one_line(text)).zip(&previews) {
        let rest = text.strip_prefix(preview.as_str()).unwrap_or_else(|| panic!("{preview:?} does not begin {text:?}"));
        let (shown, code_points) = (preview.graphemes(true).count(), preview.chars().count());
        // What joins more in the database than to Unicode: a joiner, or a linker, and what belongs to another script after it.
        assert!(shown <= 110 && code_points <= 300, "{shown} of {code_points} in {preview:?}");
        if rest.is_empty() {
            continue;
        }
        assert_eq!(text.graphemes(true).take(shown).collect::<String>(), *preview, "cut within a character");
        let next = text.graphemes(true).nth(shown).unwrap().chars().count();
        assert!(shown >= 80 || code_points + next > 290, "{shown} of {code_points} in {preview:?}, and {next} more");
    }
}
