//! What an interrupted attempt at a migration has left.

/// What an earlier attempt has left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interrupted {
    /// Nothing, as far as can be told.
    Nothing,
    /// All that the statement would do: it is not carried out again.
    Done,
    /// This index, half built, named as in SQL: it is dropped and built anew.
    Invalid(String),
}
