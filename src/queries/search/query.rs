//! What is searched: the words that somebody typed, and filters.

use chrono::{DateTime, Utc};

use super::SearchRefused;
use crate::error::Error;
use crate::ids::UserId;

/// How many characters a query may have: 1,000.
pub const MAX_QUERY: usize = 1_000;

/// What is searched: what a person typed into a search box, and filters. A text alone is a query without filters.
///
/// All words have to be there. The last one is a prefix, from three characters on. `"Quotes"` mean that order; so does
/// what is typed without a space, such as a link, a path or `ABC-123`. A minus directly before a word or a quote
/// excludes it, also other forms of the word. Nothing else is syntax, and no text is an error. A message that has the
/// whole text in it as it was typed is found, whatever the minus means.
///
/// Case, accents, width and the endings of the deployment's language do not matter. A word in a script without spaces
/// is found wherever it stands. Very frequent words (`the`, `to`) do not have to be there beside others.
///
/// The first 20 words or quotes of a text count; very frequent words are not counted.
///
/// The index finds the messages that have the words. Of those, the newest 5,000, or 1 MB, are looked at for the order of words,
/// their endings and what is excluded; where none of so many is what was asked, older ones are not found.
///
/// A text without a word that the index has (very frequent words, exclusions or signs alone) is looked for in the
/// newest messages only: 400 of one chat, or the newest 40 of each of the ten chats where something was said last.
/// A text of blanks finds nothing.
///
/// ```
/// use messenger_db::ids::UserId;
/// use messenger_db::queries::search::Query;
///
/// let query = Query::new("holiday -lake").from_sender(UserId::new()).with_pictures();
/// assert_eq!(query.text, "holiday -lake");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Query<'a> {
    /// What was typed, at most [`MAX_QUERY`] characters.
    pub text: &'a str,
    /// Only messages of this sender.
    pub sender_id: Option<UserId>,
    /// Only messages sent at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only messages sent before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only messages with pictures.
    pub has_pictures: bool,
    /// Only the messages that name the actor.
    pub mentions_actor: bool,
}

impl<'a> Query<'a> {
    /// A query without filters.
    pub const fn new(text: &'a str) -> Self {
        Self { text, sender_id: None, since: None, until: None, has_pictures: false, mentions_actor: false }
    }

    /// The same query for messages of one sender.
    pub const fn from_sender(mut self, sender_id: UserId) -> Self {
        self.sender_id = Some(sender_id);
        self
    }

    /// The same query for messages sent at this time or later.
    pub const fn since(mut self, time: DateTime<Utc>) -> Self {
        self.since = Some(time);
        self
    }

    /// The same query for messages sent before this time.
    pub const fn until(mut self, time: DateTime<Utc>) -> Self {
        self.until = Some(time);
        self
    }

    /// The same query for messages with pictures.
    pub const fn with_pictures(mut self) -> Self {
        self.has_pictures = true;
        self
    }

    /// Only the messages that name the actor.
    pub const fn mentioning_actor(mut self) -> Self {
        self.mentions_actor = true;
        self
    }
}

impl<'a> From<&'a str> for Query<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

impl<'a> From<&'a String> for Query<'a> {
    fn from(text: &'a String) -> Self {
        Self::new(text)
    }
}

/// The text as the database takes it: it has no NUL, which would be the database's error.
pub(super) fn check(text: &str) -> Result<String, Error<SearchRefused>> {
    if text.chars().nth(MAX_QUERY).is_some() {
        return Err(Error::Refused(SearchRefused::QueryTooLong));
    }
    Ok(text.replace('\0', " "))
}
