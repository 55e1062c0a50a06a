//! What people say: words as frequent as words are (Zipf), the most frequent ones of real English.

use rand::RngExt as _;
use rand::rngs::SmallRng;
use rand_distr::{Distribution as _, Geometric, Zipf};

/// The most frequent words, which a search ignores.
const FREQUENT: &str = "the to and a of i in you is it that for on my with be this have are not at me was so but we \
     do just what your if all from out up they can will as or he about when there an no how by more get";

const SYLLABLES: [&str; 32] = [
    "ba", "lo", "mi", "ter", "ka", "ri", "son", "ve", "du", "pal", "no", "shi", "gar", "te", "lum", "cro", "fe", "hin",
    "jo", "qua", "sta", "wen", "zi", "bro", "cle", "dra", "fu", "gli", "pre", "mon", "tu", "vak",
];

const ENDINGS: [&str; 8] = ["", "", "", "s", "ing", "ed", "er", "ly"];

/// How many words there are.
const VOCABULARY: usize = 20_000;

/// A vocabulary.
pub struct Words {
    by_rank: Vec<String>,
    frequency: Zipf<f64>,
    length: Geometric,
}

impl Words {
    /// The vocabulary of everybody.
    pub fn new() -> Self {
        let frequent = FREQUENT.split_whitespace().map(str::to_owned);
        let by_rank = frequent.chain((0..).map(invent)).take(VOCABULARY).collect();
        // 1 + 8 words on average: about 50 characters, as people write on telephones.
        let length = Geometric::new(1.0 / 9.0).unwrap();
        Self { by_rank, frequency: Zipf::new(20_000.0, 1.0).unwrap(), length }
    }

    /// What somebody says.
    pub fn say(&self, dice: &mut SmallRng) -> String {
        let length = 1 + self.length.sample(dice).min(120);
        let mut said = String::with_capacity(64);
        for number in 0..length {
            if number > 0 {
                said.push(' ');
            }
            let rank = self.frequency.sample(dice) as usize;
            said.push_str(&self.by_rank[rank.clamp(1, VOCABULARY) - 1]);
        }
        said
    }

    /// A word that somebody searches: neither one of the most frequent nor one that nobody uses.
    pub fn sought(&self, dice: &mut SmallRng) -> &str {
        &self.by_rank[dice.random_range(60..200)]
    }
}

/// A word that no other number gives.
fn invent(number: usize) -> String {
    let count = SYLLABLES.len();
    let mut word = String::from(SYLLABLES[number % count]);
    let mut rest = number / count;
    loop {
        word.push_str(SYLLABLES[(rest + number) % count]);
        rest /= count;
        if rest == 0 {
            break;
        }
    }
    // Told apart whatever the stemmer does to the ending.
    word.push_str(["x", "b", "k", "m"][number / 7 % 4]);
    word.push_str(ENDINGS[number % ENDINGS.len()]);
    word
}
