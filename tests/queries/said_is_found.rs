//! Whatever somebody pastes from a message finds that message: generated texts of many languages.

use std::collections::BTreeSet;

use diesel::PgConnection;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::search;
use rand::prelude::*;
use rand::rngs::StdRng;

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// A language, something said in it, and whether its script has spaces between words.
const LANGUAGES: [(&str, &str, bool); 28] = [
    ("English", "the server password rotation is on Monday don't forget Vec<String> rock'n'roll universities", true),
    ("German", "Größe Straße öffnet übermorgen Fußgängerübergang naïve MÜNCHEN weiß ÄÖÜ", true),
    ("French", "où est l'école œuvre français déjà aujourd'hui ÉTÉ garçon cœur", true),
    ("Spanish", "¿dónde está el niño? mañana corazón pingüino ¡hola! AÑO", true),
    ("Portuguese", "amanhã não coração avó avô São Paulo ações", true),
    ("Turkish", "İstanbul ışık Iğdır şöyle güneş çiçek ırmak TÜRKİYE", true),
    ("Polish", "żółć łódź ŁÓDŹ święto dziękuję ściśle następny", true),
    ("Czech", "příliš žluťoučký kůň úpěl ďábelské ódy ŘEKA", true),
    ("Hungarian", "árvíztűrő tükörfúrógép Őszi szőlő", true),
    ("Finnish", "hyvää päivää Äiti yötyö ääliö", true),
    ("Vietnamese", "Tiếng Việt đường phố không được ăn cơm ĐẶNG", true),
    ("Icelandic", "Þórður æðislegt þetta er gott Ísland ð", true),
    ("Greek", "Αθήνα ΟΔΟΣ οδός Ελλάδα τους ΐ καλημέρα σας", true),
    ("Russian", "Встреча в горах ёлка ЙОД съёмка завтра объявление", true),
    ("Ukrainian", "їжак єдність Ґанок п'ять Київ сьогодні", true),
    ("Armenian", "Բարեւ Հայաստան և ՄԵԾ լեռ", true),
    ("Georgian", "გამარჯობა საქართველო მთა", true),
    ("Arabic", "إِسْلَامٌ أحمد القرآن مُدَرِّسة إلى ١٢٣ ـــ سلام", true),
    ("Persian", "می‌خواهم کتاب یک ۱۲۳ گل پیش", true),
    ("Hebrew", "שָׁלוֹם עֲלֵיכֶם בית־ספר ירושלים", true),
    ("Hindi", "हिन्दी में नमस्ते क़लम १२३ पानी", true),
    ("Bengali", "বাংলা ভাষা নমস্কার ১২৩", true),
    ("Tamil", "தமிழ் வணக்கம் மலை", true),
    ("Korean", "기계번역기 한국어 안녕하세요 서울특별시", false),
    ("Chinese", "我家在上海东边我们明天九点见面好吗密码", false),
    ("Japanese", "東京タワーで会いましょうガラスの靴ヴァイオリン", false),
    ("Thai", "สวัสดีครับพรุ่งนี้เจอกันที่ตลาดน้ำ", false),
    ("Khmer", "សួស្តីថ្ងៃស្អែកជួបគ្នានៅភ្នំពេញ", false),
];

const COMPOUNDS: [&str; 22] = [
    "https://www.example.com/watch?v=aB3&list=x#top",
    "www.youtube.com/watch?v=abc",
    "anna.b+tag@example.co.uk",
    "C:\\Users\\anna\\notes_v2.txt",
    "/var/log/nginx/access.log.1",
    "~/.config/app.toml",
    "ABC-123",
    "1,234.56",
    "192.168.0.1",
    "2026-11-26",
    "@anna_b",
    "#summer2026",
    "+49",
    "<script>",
    "a<b",
    "--verbose",
    "-5",
    "12:30",
    "C++",
    "👍🏽",
    "👩🏻‍❤️‍💋‍👨🏿",
    "🇩🇪🇫🇷",
];

const ENDS: [&str; 14] = [".", ",", "!", "?", ";", ":", "…", "\"", ")", "。", "！", "»", "'", "€"];

/// What is said in one message: words, compounds and signs.
fn say(dice: &mut StdRng, language: usize) -> String {
    let (_, sample, has_spaces) = LANGUAGES[language];
    let words: Vec<&str> = sample.split(' ').collect();
    let mut said = String::new();
    for _ in 0..dice.random_range(1..9) {
        let word = match dice.random_range(0..6) {
            0 => (*COMPOUNDS.choose(dice).unwrap()).to_owned(),
            1 => LANGUAGES[dice.random_range(0..LANGUAGES.len())].1.split(' ').next().unwrap().to_owned(),
            _ if has_spaces => (*words.choose(dice).unwrap()).to_owned(),
            _ => {
                let letters: Vec<char> = words.choose(dice).unwrap().chars().collect();
                let start = dice.random_range(0..letters.len());
                let end = dice.random_range(start..letters.len()) + 1;
                letters[start..end].iter().collect()
            }
        };
        let word = match dice.random_range(0..8) {
            0 => word.to_uppercase(),
            1 => word.to_lowercase(),
            2 => format!("({word}"),
            _ => word,
        };
        said.push_str(&word);
        if dice.random_ratio(1, 3) {
            said.push_str(ENDS.choose(dice).unwrap());
        }
        said.push_str([" ", "  ", "\n", " - "][dice.random_range(0..4)]);
    }
    said
}

/// What somebody may paste from it, or type of it.
fn pieces(said: &str, language: usize) -> BTreeSet<String> {
    let mut pieces = BTreeSet::from([said.to_owned(), said.trim().to_owned()]);
    pieces.extend(said.lines().map(str::to_owned));
    for token in said.split_whitespace() {
        pieces.extend([token.to_owned(), token.to_lowercase(), token.to_uppercase()]);
        let inner = token.trim_matches(|character: char| {
            character.is_ascii_punctuation() || ENDS.contains(&&*character.to_string())
        });
        let letters: Vec<char> = inner.chars().collect();
        if LANGUAGES[language].2 && inner.chars().all(char::is_alphabetic) && letters.len() > 3 {
            // Three letters at least, beside their vowel signs.
            pieces.insert(letters[..if inner.is_ascii() { 3 } else { letters.len().min(6) }].iter().collect());
            pieces.insert(letters[..letters.len() - 1].iter().collect());
        }
    }
    if !LANGUAGES[language].2 {
        let letters: Vec<char> = said.chars().collect();
        let is_run = |character: char| character >= '\u{e00}' && LANGUAGES[language].1.contains(character);
        let pairs = letters.windows(2).filter(|pair| is_run(pair[0]) && is_run(pair[1]));
        pieces.extend(pairs.map(|pair| pair.iter().collect::<String>()));
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

fn finds(conn: &mut PgConnection, user: UserId, chat: ChatId, piece: &str) -> Vec<i64> {
    let hits = search::list_in_chat(conn, by(user), chat, piece, None, Limit::MAX)
        .unwrap_or_else(|error| panic!("{piece:?}: {error}"));
    for hit in &hits {
        let content = hit.message.content.as_deref().unwrap();
        assert!(hit.highlight.text.split(" … ").all(|part| content.contains(part)), "{piece:?} in {content:?}");
        assert!(hit.highlight.words().all(|word| content.contains(word)));
    }
    hits.into_iter().map(|hit| hit.message.seq.get()).collect()
}

/// A few texts of each language; with `TEST_DEPTH=all`, fifty times as many.
#[test]
fn whatever_is_pasted_from_a_message_finds_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let dice = &mut StdRng::seed_from_u64(11);
    let rounds = if std::env::var("TEST_DEPTH").is_ok_and(|depth| depth == "all") { 100 } else { 2 };
    let (mut texts, mut tried, mut lost) = (0, 0, Vec::new());
    for _ in 0..rounds {
        for (language, (name, ..)) in LANGUAGES.iter().enumerate() {
            // Few enough for one page.
            let chat = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
            let said: Vec<String> = (0..6).map(|_| say(dice, language)).collect();
            for text in &said {
                let seq = cast::say(conn, chat, alice, [text.as_str()]);
                texts += 1;
                for piece in pieces(text, language) {
                    tried += 1;
                    if !finds(conn, alice, chat, &piece).contains(&seq.get()) {
                        lost.push(format!("{name}: {piece:?} in {text:?}"));
                    }
                }
            }
        }
    }
    eprintln!("{texts} texts of {} languages, {tried} pieces", LANGUAGES.len());
    assert!(lost.is_empty(), "{} of {tried} not found:\n{}", lost.len(), lost[..lost.len().min(20)].join("\n"));
}
