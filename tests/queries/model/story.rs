//! Stories: acts by chance, one after the other, and who looks at what they did.

use std::fmt;

use messenger_db::enums::UserStatus;
use proptest::prelude::*;

use super::act::{ADMIN, Act, Back, MEMBER, NAMES, OUTSIDER, OWNER, SENDER, WORDS, Where, Who, Words};
use super::chat_settings::CHANGES;
use super::group_changes::CHANGES as GROUP_CHANGES;
use super::privacy::CHOICES;
use super::uploads::PROCESSED;

/// An act, and how it is looked at.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// Whether within a transaction of the caller's.
    pub nested: bool,
    /// Who looks at everything afterwards.
    pub reader: Who,
    /// What places the pages and the search that they ask for.
    pub place: i64,
}

/// What happens in one case, from its beginning.
#[derive(Clone)]
pub struct Story(pub Vec<Step>);

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Step { act, nested, reader, place }) in self.0.iter().enumerate() {
            let nested = if *nested { " (in a transaction)" } else { "" };
            write!(f, "\n{number:>4}. {act}{nested}; then {} looks ({place})", NAMES[*reader])?;
        }
        Ok(())
    }
}

/// What happens before every story: without it, most of what is tried would be refused.
pub fn beginning() -> Vec<Step> {
    let acts = [
        Act::Request(0, 1),
        Act::Accept(1, 0),
        Act::Found(0, vec![1, 2, 3]),
        Act::OpenDirect(0, 1),
        Act::Found(1, vec![0, 4]),
    ];
    steps(acts)
}

/// What succeeds too seldom by chance.
pub fn seldom() -> Story {
    Story(steps([
        Act::Request(5, 4),
        Act::Decline(4, 5),
        Act::Request(3, 4),
        Act::Accept(4, 3),
        Act::Part(3, 4),
        Act::Upload(1, 0),
        Act::Process(0, 0),
        Act::Attach(1, 0, 0),
        Act::Process(0, 1),
        Act::Upload(2, 0),
        Act::Abandon(false),
        Act::Attach(2, 0, 0),
        Act::Abandon(true),
        Act::Register(2, 1),
        Act::Say(0, 0, Words(vec![0])),
        Act::Unregister(2),
        Act::Expel(3),
        Act::Change(0, 0, GROUP_CHANGES.len() - 1),
        Act::Disband(1, 2),
    ]))
}

fn steps(acts: impl IntoIterator<Item = Act>) -> Vec<Step> {
    acts.into_iter().map(|act| Step { act, nested: false, reader: 0, place: 0 }).collect()
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![2 => Just(0_usize), 4 => 1..3_usize, 3 => 3..NAMES.len()]
}

fn member() -> impl Strategy<Value = Who> {
    prop_oneof![6 => MEMBER..MEMBER + 3, 1 => who()]
}

fn sender() -> impl Strategy<Value = Who> {
    prop_oneof![5 => Just(SENDER), 1 => Just(OWNER), 1 => Just(ADMIN), 1 => who()]
}

fn boss() -> impl Strategy<Value = Who> {
    prop_oneof![4 => Just(OWNER), 2 => Just(ADMIN), 1 => who()]
}

fn stranger() -> impl Strategy<Value = Who> {
    prop_oneof![4 => Just(OUTSIDER), 1 => who()]
}

fn place() -> impl Strategy<Value = Where> {
    prop_oneof![9 => Just(0_usize), 3 => Just(1_usize), 2 => 2..5_usize]
}

fn back() -> impl Strategy<Value = Back> {
    prop_oneof![8 => Just(0_i64), 8 => 1..4_i64, 3 => 4..12_i64, 1 => Just(-1_i64)]
}

/// A device receives what there is; a person reads a part of it.
fn received() -> impl Strategy<Value = Back> {
    prop_oneof![5 => Just(0_i64), 1 => back()]
}

fn read() -> impl Strategy<Value = Back> {
    prop_oneof![2 => Just(0_i64), 5 => 1..5_i64, 1 => back()]
}

fn words() -> impl Strategy<Value = Words> {
    let some = prop::collection::vec(0..WORDS.len(), 1..4);
    // More than an inbox shows.
    let many = prop::collection::vec(0..WORDS.len(), 25..30);
    prop_oneof![9 => some, 1 => many].prop_map(Words)
}

fn wording() -> impl Strategy<Value = Words> {
    prop_oneof![5 => words(), 1 => Just(Words(Vec::new()))]
}

fn emoji() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0..2_usize, 1 => Just(2_usize)]
}

fn status() -> impl Strategy<Value = UserStatus> {
    prop_oneof![Just(UserStatus::Online), Just(UserStatus::Away), Just(UserStatus::Offline)]
}

fn act() -> impl Strategy<Value = Act> {
    let people = prop_oneof![
        3 => (who(), who()).prop_map(|(a, b)| Act::Request(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Act::Accept(a, b)),
        1 => (who(), who()).prop_map(|(a, b)| Act::Decline(a, b)),
        1 => (who(), who()).prop_map(|(a, b)| Act::Part(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Act::Block(a, b)),
        // Two who are contacts from the beginning.
        2 => prop_oneof![Just(Act::Block(0, 1)), Just(Act::Request(0, 1)), Just(Act::Request(1, 0))],
        3 => (who(), who()).prop_map(|(a, b)| Act::Unblock(a, b)),
        2 => (who(), status()).prop_map(|(a, status)| Act::Presence(a, status)),
        1 => (who(), prop::option::of(0..2_usize)).prop_map(|(a, name)| Act::Call(a, name)),
        2 => (who(), who()).prop_map(|(a, b)| Act::OpenDirect(a, b)),
    ]
    .boxed();
    let groups = prop_oneof![
        1 => (who(), prop::collection::vec(who(), 0..5)).prop_map(|(a, others)| Act::Found(a, others)),
        4 => (boss(), place(), 0..GROUP_CHANGES.len()).prop_map(|(a, chat, change)| Act::Change(a, chat, change)),
        7 => (boss(), place(), stranger()).prop_map(|(a, chat, b)| Act::Add(a, chat, b)),
        4 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Remove(a, chat, b)),
        3 => (member(), place()).prop_map(|(a, chat)| Act::Leave(a, chat)),
        3 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Promote(a, chat, b)),
        2 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Demote(a, chat, b)),
        2 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Transfer(a, chat, b)),
    ]
    .boxed();
    let messages = prop_oneof![
        10 => (member(), place(), words()).prop_map(|(a, chat, words)| Act::Say(a, chat, words)),
        3 => (member(), place(), back(), words()).prop_map(|(a, chat, back, words)| Act::Answer(a, chat, back, words)),
        3 => (member(), place(), 0..7_usize, wording()).prop_map(|(a, chat, count, words)| Act::Show(a, chat, count, words)),
        2 => (sender(), place(), back()).prop_map(|(a, chat, back)| Act::SayAgain(a, chat, back)),
        4 => (sender(), place(), back(), wording()).prop_map(|(a, chat, back, words)| Act::Edit(a, chat, back, words)),
        5 => (sender(), place(), back()).prop_map(|(a, chat, back)| Act::Delete(a, chat, back)),
        7 => (member(), place(), back(), emoji()).prop_map(|(a, chat, back, emoji)| Act::React(a, chat, back, emoji)),
        2 => (member(), place(), back(), emoji()).prop_map(|(a, chat, back, emoji)| Act::Unreact(a, chat, back, emoji)),
        2 => (place(), any::<bool>(), prop::collection::vec((member(), words()), 1..4))
            .prop_map(|(chat, read, batch)| Act::Import(chat, read, batch)),
    ]
    .boxed();
    let own = prop_oneof![
        3 => (member(), place(), 0..CHANGES.len()).prop_map(|(a, chat, change)| Act::Set(a, chat, change)),
        1 => (who(), 0..CHOICES.len()).prop_map(|(a, choice)| Act::Choose(a, choice)),
        2 => (member(), place(), back()).prop_map(|(a, chat, back)| Act::Hide(a, chat, back)),
        1 => (member(), place(), read()).prop_map(|(a, chat, back)| Act::Clear(a, chat, back)),
        2 => (member(), place(), member(), words()).prop_map(|(a, chat, b, words)| Act::Name(a, chat, b, words)),
    ]
    .boxed();
    let files = prop_oneof![
        3 => (who(), prop_oneof![5 => Just(0), 1 => Just(1)]).prop_map(|(a, size)| Act::Upload(a, size)),
        4 => (prop_oneof![6 => Just(SENDER), 1 => who()], place(), 0..3_usize)
            .prop_map(|(a, chat, back)| Act::Attach(a, chat, back)),
        3 => (0..4_usize, 0..PROCESSED.len()).prop_map(|(back, what)| Act::Process(back, what)),
        1 => any::<bool>().prop_map(Act::Abandon),
        3 => (who(), 0..NAMES.len()).prop_map(|(a, token)| Act::Register(a, token)),
        1 => who().prop_map(Act::Unregister),
        1 => (0..NAMES.len()).prop_map(Act::Expel),
    ]
    .boxed();
    let receipts = prop_oneof![
        (member(), place(), received()).prop_map(|(a, chat, back)| Act::Receive(a, chat, back)),
        (member(), place(), read()).prop_map(|(a, chat, back)| Act::Read(a, chat, back)),
    ]
    .boxed();
    let ends = prop_oneof![who().prop_map(Act::Close), (boss(), place()).prop_map(|(a, chat)| Act::Disband(a, chat)),];
    prop_oneof![14 => people, 19 => groups, 42 => messages, 24 => receipts, 14 => own, 12 => files, 1 => ends]
}

fn step() -> impl Strategy<Value = Step> {
    (act(), any::<bool>(), who(), 0..1000_i64).prop_map(|(act, nested, reader, place)| Step {
        act,
        nested,
        reader,
        place,
    })
}

/// Stories of up to so many acts.
pub fn stories(length: usize) -> impl Strategy<Value = Story> {
    prop::collection::vec(step(), 1..=length).prop_map(Story)
}
