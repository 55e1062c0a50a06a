//! Names and sentences of the test data: plain English that can be searched.

use fastrand::Rng;

const FIRST: &[&str] = &[
    "Ada", "Amir", "Anna", "Ben", "Carla", "Chen", "Clara", "David", "Elif", "Emma", "Farid", "Finn", "Grace", "Hana",
    "Hugo", "Ines", "Ivan", "Jonas", "Julia", "Kofi", "Lena", "Leo", "Lucia", "Malik", "Maria", "Mei", "Mila", "Nora",
    "Oscar", "Paula", "Priya", "Rosa", "Samir", "Sofia", "Tariq", "Tomas", "Uma", "Vera", "Yuki", "Zoe",
];

const LAST: &[&str] = &[
    "Adler", "Baker", "Berg", "Brook", "Castro", "Costa", "Diaz", "Evans", "Fisher", "Fuchs", "Garcia", "Haas", "Hill",
    "Ito", "Jansen", "Khan", "Klein", "Kumar", "Lang", "Lopez", "Martin", "Meyer", "Moreau", "Novak", "Okafor",
    "Olsen", "Park", "Patel", "Reyes", "Rossi", "Sato", "Silva", "Singh", "Stone", "Suzuki", "Vogel", "Weber", "Wolf",
    "Wood", "Young",
];

const GROUPS: &[&str] = &[
    "Book club",
    "Choir",
    "Climbing",
    "Cooking",
    "Cyclists",
    "Family",
    "Film night",
    "Flatmates",
    "Football",
    "Gardeners",
    "Hikers",
    "Neighbours",
    "Parents",
    "Photographers",
    "Release team",
    "Running",
    "School trip",
    "Students",
    "Support",
    "Travellers",
];

/// Each `{}` is one of the things.
const SENTENCES: &[&str] = &[
    "Are you bringing the {} or shall I?",
    "Can somebody send me the address of the {}?",
    "Did anyone find my {}? I think I left it at the {}.",
    "Does the {} open before nine tomorrow?",
    "Don't forget the {}!",
    "Good morning everyone, the {} starts in ten minutes.",
    "Happy birthday! There is a {} waiting for you.",
    "How was the {} yesterday?",
    "I booked the {} for Saturday evening.",
    "I can't find the {} anywhere, it must be behind the {}.",
    "I'll be late, the {} has broken down again.",
    "I'm at the {}, where are you?",
    "It is raining, so let's meet inside the {}.",
    "Just saw a {} next to the {}, you would love it.",
    "Let's talk about the {} at the next meeting.",
    "My sister says the new {} is much better than the {}.",
    "No idea, ask whoever has the {}.",
    "Ok",
    "On my way",
    "Please read the notes about the {} before Monday.",
    "Thanks!",
    "Thanks for the {}, that was very kind of you",
    "That sounds great, count me in",
    "The {} is on the kitchen table.",
    "The {} is sold out, but there are tickets for the {}.",
    "The photos of the {} are wonderful",
    "We need another {} and two of the {}.",
    "What time does the {} leave?",
    "Who has the key of the {}?",
    "Why is the {} so expensive this year?",
    "Yes, see you at the {}",
    "You should try the {} with the {}, it works surprisingly well.",
];

const THINGS: &[&str] = &[
    "airport",
    "bakery",
    "band",
    "beach",
    "bicycle",
    "bridge",
    "bus",
    "cake",
    "camera",
    "campsite",
    "car",
    "castle",
    "cinema",
    "coffee",
    "concert",
    "contract",
    "deadline",
    "dinner",
    "doctor",
    "draft",
    "exam",
    "exhibition",
    "ferry",
    "festival",
    "film",
    "garden",
    "guitar",
    "harbour",
    "hotel",
    "invoice",
    "keyboard",
    "ladder",
    "lake",
    "laptop",
    "lecture",
    "library",
    "lighthouse",
    "map",
    "market",
    "meeting",
    "mountain",
    "museum",
    "novel",
    "office",
    "orchestra",
    "parcel",
    "party",
    "passport",
    "piano",
    "picnic",
    "plan",
    "playground",
    "presentation",
    "printer",
    "prototype",
    "puppy",
    "recipe",
    "report",
    "restaurant",
    "river",
    "sandwich",
    "school",
    "server",
    "soup",
    "stadium",
    "station",
    "suitcase",
    "sunset",
    "telescope",
    "tent",
    "theatre",
    "ticket",
    "train",
    "tunnel",
    "umbrella",
    "vegetables",
    "visa",
    "waterfall",
    "workshop",
    "zoo",
];

fn one(rng: &mut Rng, of: &'static [&'static str]) -> &'static str {
    rng.choice(of).copied().unwrap_or_default()
}

/// A first and a last name, neither with anything but letters.
pub(super) fn name(rng: &mut Rng) -> (&'static str, &'static str) {
    (one(rng, FIRST), one(rng, LAST))
}

/// What a group is called.
pub(super) fn group(rng: &mut Rng) -> &'static str {
    one(rng, GROUPS)
}

/// What somebody says: one to three sentences.
pub(super) fn said(rng: &mut Rng) -> String {
    let sentences: Vec<_> = (0..*rng.choice(&[1, 1, 1, 2, 3]).unwrap_or(&1)).map(|_| sentence(rng)).collect();
    sentences.join(" ")
}

fn sentence(rng: &mut Rng) -> String {
    let mut parts = one(rng, SENTENCES).split("{}");
    let mut sentence = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        sentence.push_str(one(rng, THINGS));
        sentence.push_str(part);
    }
    sentence
}
