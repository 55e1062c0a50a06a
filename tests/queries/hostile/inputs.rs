//! What a hostile member hands over: values at the bounds, beyond them, and of every form that once broke something.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use messenger_db::page::Limit;
use messenger_db::seq::Seq;
use messenger_db::version::Version;
use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const FAMILY: &str = "👨‍👩‍👧‍👦";

/// Texts of messages, drafts, queries and names.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut texts: Vec<String> = [
        "",
        " ",
        "\u{200b}\u{200d}\u{feff}",
        "\0",
        "a\0b",
        "secret",
        "hello world",
        "\u{202e}evil",
        "\r\n\t\u{7}\u{1b}[2J",
        "'; DROP TABLE users; --",
        "$1 $2 %s {} \\",
        "<script>alert(1)</script>",
        "a <-> b & !c | (d) :* \\ ' \"",
        "-zebra",
        "\"",
        "\"\"",
        "- - -",
        "--",
        "* :* ()",
        "%_\\%",
        "\u{10ffff}\u{fffe}\u{fdd0}",
        "\u{301}",
        "\u{e0041}\u{e007f}",
        "no_link-",
        "👍",
        FAMILY,
        "İıſẞ",
        "مرحبا",
        "日本語の文",
        "สวัสดี",
        "1e400",
        "NaN",
        "@user_1 #tag https://a.b/c?d=e&f=(g)",
        ":smile:",
        "\u{1f1e9}",
    ]
    .map(str::to_owned)
    .into();
    let long = |unit: &str, count| unit.repeat(count);
    texts.extend([
        long("x", 50),
        long("x", 51),
        long("x", 100),
        long("x", 101),
        long("x", 255),
        long("x", 256),
        long("x", 500),
        long("x", 501),
        long("x", 1_000),
        long("x", 1_001),
        long("x", 10_000),
        long("x", 10_001),
        long("x", 1_000_000),
        long("é", 10_000),
        long("\u{1f1e9}", 9_999),
        long("日本語", 3_333),
        long("ก็", 5_000),
        long(FAMILY, 1_600),
        long(FAMILY, 1_601),
        long("-", 1_000),
        long("\"", 999),
        long("a ", 5_000),
        long("-a ", 333),
        long("\"a b\" ", 166),
        long("a.b/c@d ", 1_250),
        long("1", 10_000),
        long("\u{202b}", 1_000),
        long("(", 1_000),
        long("👍", 10_000),
        long("\n", 10_000),
        // As many different words as there is room for.
        numbered(1_700),
        numbered(250),
        // One character of people, with as many marks as bytes allow, and one more.
        format!("a{}", long("\u{301}", 19_999)),
        format!("aa{}", long("\u{301}", 20_000)),
    ]);
    texts
});

/// So many different words.
fn numbered(count: usize) -> String {
    (0..count).map(|number| format!("w{number}")).collect::<Vec<_>>().join(" ")
}

static EMOJI: LazyLock<Vec<String>> = LazyLock::new(|| {
    let odd = [
        "",
        "👍👍",
        "x",
        "1",
        "\0",
        ":",
        "::",
        ":a b:",
        ":a",
        "👍\u{fe0f}\u{fe0f}",
        "\u{200d}",
        "❤",
        "❤\u{fe0f}",
        ":\0:",
    ];
    let names = [1, 61, 62, 63, 64, 1_000].map(|length| format!(":{}:", "a".repeat(length)));
    let all = emojis::iter().step_by(40).map(|emoji| emoji.as_str().to_owned());
    odd.map(str::to_owned).into_iter().chain(names).chain(all).collect()
});

static METADATA: LazyLock<Vec<Value>> = LazyLock::new(|| {
    // Not by `json!`, which copies what is inside and so calls itself as often.
    let nested = |depth| {
        (0..depth).fold(json!({}), |inner, _| Value::Object(std::iter::once(("a".to_owned(), inner)).collect()))
    };
    let list = |depth| (0..depth).fold(json!([]), |inner, _| Value::Array(vec![inner]));
    let long = |bytes: usize| json!({ "a": "x".repeat(bytes) });
    vec![
        json!({}),
        json!(null),
        json!([1]),
        json!("text"),
        json!(1),
        json!({ "a\0": 1 }),
        json!({ "a": "\0" }),
        json!({ "a": 1e308 }),
        json!({ "a": -0.0, "b": u64::MAX, "c": i64::MIN, "d": 5e-324 }),
        json!({ "a": "\u{10ffff}\u{202e}" }),
        json!({ "": { "": "" } }),
        nested(98),
        nested(99),
        nested(100),
        nested(101),
        nested(2_000),
        list(99),
        list(2_000),
        long(16_000),
        long(16_374),
        long(16_375),
        long(16_376),
        long(16_384),
        long(1_000_000),
        (0..3_000).map(|number| (number.to_string(), json!(number))).collect::<serde_json::Map<_, _>>().into(),
    ]
});

/// A source of hostile values.
pub struct Dice(pub SmallRng);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    pub fn coin(&mut self) -> bool {
        self.0.random()
    }

    pub fn text(&mut self) -> &'static str {
        TEXTS.choose(&mut self.0).unwrap()
    }

    pub fn emoji(&mut self) -> &'static str {
        EMOJI.choose(&mut self.0).unwrap()
    }

    pub fn metadata(&mut self) -> &'static Value {
        METADATA.choose(&mut self.0).unwrap()
    }

    /// A number at an end of what there is, or a small one, which means something.
    pub fn number(&mut self) -> i64 {
        match self.below(8) {
            0 => *[i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX].choose(&mut self.0).unwrap(),
            _ => self.0.random_range(1..120),
        }
    }

    pub fn seq(&mut self) -> Seq {
        Seq::new(self.number())
    }

    pub fn version(&mut self) -> Version {
        Version::new(self.number())
    }

    pub fn limit(&mut self) -> Limit {
        Limit::new(self.number())
    }

    pub fn time(&mut self) -> DateTime<Utc> {
        let year = |year: i64| DateTime::from_timestamp(year * 31_556_952 - 62_167_219_200, 0).unwrap();
        let times = [
            DateTime::<Utc>::MIN_UTC,
            year(-10),
            year(1),
            year(2020),
            Utc::now(),
            year(9_999),
            year(10_001),
            DateTime::<Utc>::MAX_UTC,
        ];
        *times.choose(&mut self.0).unwrap()
    }

    pub fn duration(&mut self) -> TimeDelta {
        let days = TimeDelta::days;
        *[TimeDelta::MIN, days(-1), TimeDelta::zero(), days(1), days(36_525), days(36_526), TimeDelta::MAX]
            .choose(&mut self.0)
            .unwrap()
    }

    /// The cursor with other places in it, and a checksum that fits: whoever knows the format can make one.
    pub fn forged<C: Display + FromStr>(&mut self, cursor: &C) -> Option<C> {
        let text = cursor.to_string();
        let digits = (0..text.len() / 2).map(|place| u8::from_str_radix(&text[2 * place..2 * place + 2], 16).unwrap());
        let mut bytes: Vec<u8> = digits.collect();
        bytes.truncate(bytes.len() - 4);
        for _ in 0..self.below(4) {
            let place = 2 + self.below(bytes.len() - 2);
            bytes[place] = *[0, 1, 0x7f, 0x80, 0xff].choose(&mut self.0).unwrap();
        }
        let sum = Sha256::digest(&bytes);
        bytes.extend(&sum[..4]);
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.concat().parse().ok()
    }
}
