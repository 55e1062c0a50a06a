//! The version of a chat, or of a user's own things: a type of its own, so that it is not mixed with a position.

use crate::number::number;

number! {
    /// How many changes there were. Each change of a chat that a member can see takes the chat's next version: messages,
    /// edits, deletions, reactions, members, roles, profile. Each change of a user's own things takes the user's next one.
    ///
    /// Of two events about one thing, the one with the larger version is the later, in whatever order they arrive. Versions
    /// are committed in their order: whoever sees one sees all before it. [`changes`](crate::queries::changes) tells what
    /// happened since a version.
    ///
    /// ```
    /// use messenger_db::version::Version;
    ///
    /// let version: Version = "42".parse()?;
    /// assert!(Version::ZERO < version);
    /// assert_eq!(version, Version::new(42));
    /// assert_eq!(version.to_string(), "42");
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    Version,
    /// The version of that number.
    new,
    /// The number of the version.
    get
}

impl Version {
    /// Before the first change.
    pub const ZERO: Self = Self(0);
}
