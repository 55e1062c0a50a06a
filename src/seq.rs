//! A position in a chat: a type of its own, so that it is not mixed with a limit or a count.

use crate::number::number;

number! {
    /// The position of a message in its chat. The first message has 1, and each next one has one more, without a gap.
    ///
    /// It is also what a member has read or received: everything up to a position. There [`ZERO`](Self::ZERO) means
    /// nothing yet.
    ///
    /// Any `i64` can be made a `Seq`, so that what a client asks for needs no check: no message stands at 0, at a negative
    /// position or beyond the newest, and each operation says what it does with those.
    ///
    /// ```
    /// use messenger_db::seq::Seq;
    ///
    /// let seq: Seq = "42".parse()?;
    /// assert_eq!(seq, Seq::new(42));
    /// assert!(Seq::ZERO < Seq::FIRST && Seq::FIRST < seq && seq < Seq::MAX);
    /// assert_eq!(seq.to_string(), "42");
    /// assert_eq!(seq.since(Seq::new(40)), 2);
    /// # Ok::<(), std::num::ParseIntError>(())
    /// ```
    Seq,
    /// The position of that number.
    new,
    /// The number of the position.
    get
}

impl Seq {
    /// Before the first message: the head of a chat without messages, and a member who has read nothing.
    pub const ZERO: Self = Self(0);

    /// The first message of a chat.
    pub const FIRST: Self = Self(1);

    /// Beyond every message: "everything there is" where an operation goes up to a position.
    pub const MAX: Self = Self(i64::MAX);

    /// The position after this one; of the last, itself.
    #[must_use]
    pub const fn next(self) -> Self {
        self.forward(1)
    }

    /// The position before this one; of the first possible, itself.
    #[must_use]
    pub const fn previous(self) -> Self {
        self.back(1)
    }

    /// How many messages come after the other position, up to this one; negative when the other is the later.
    #[must_use]
    pub const fn since(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }

    /// So many positions later, at most the last.
    #[must_use]
    pub const fn forward(self, messages: i64) -> Self {
        Self(self.0.saturating_add(messages))
    }

    /// So many positions earlier, at least the first possible.
    #[must_use]
    pub const fn back(self, messages: i64) -> Self {
        Self(self.0.saturating_sub(messages))
    }
}
