//! The size of a page: 50 by default, 100 at most, never nothing.

/// How many rows a page holds at most.
///
/// ```
/// use messenger_db::page::Limit;
///
/// assert_eq!(Limit::default().get(), 50);
/// assert_eq!(Limit::new(20).get(), 20);
/// assert_eq!(Limit::new(1_000_000), Limit::MAX);
/// assert_eq!(Limit::new(0).get(), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit(i64);

impl Limit {
    /// The largest page: 100 rows.
    pub const MAX: Self = Self(100);

    /// A page of that many rows, or of the nearest number that is allowed: what a client asks for needs no check.
    #[must_use]
    pub const fn new(rows: i64) -> Self {
        match rows {
            ..=1 => Self(1),
            2..=100 => Self(rows),
            _ => Self::MAX,
        }
    }

    /// How many rows.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}
