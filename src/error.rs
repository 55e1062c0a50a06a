//! Decides how an act fails: refused, for a reason that a caller can branch on, or by an error of the database.

use std::fmt;

use diesel::result::Error as DieselError;

/// Why an act did not happen.
///
/// Every act has a small enum of its own for `R`; nothing was changed in either case.
#[derive(Debug, PartialEq)]
pub enum Error<R> {
    /// The act is not allowed, or not possible: the messenger's rules say so.
    Refused(R),
    /// The database failed, or refused for a reason that a caller cannot mend.
    Database(DieselError),
}

/// The reasons why an act is refused.
pub trait Refusal: fmt::Debug + fmt::Display + Sized {
    /// The reason that the violation of a constraint stands for, by the constraint's name. `None`: it should never be
    /// violated by this act, and is an error.
    fn from_constraint(name: &str) -> Option<Self>;
}

impl<R: Refusal> From<DieselError> for Error<R> {
    fn from(error: DieselError) -> Self {
        let refusal = match &error {
            DieselError::DatabaseError(_, information) => information.constraint_name().and_then(R::from_constraint),
            _ => None,
        };
        refusal.map_or(Self::Database(error), Self::Refused)
    }
}

impl<R: fmt::Display> fmt::Display for Error<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Database(error) => error.fmt(f),
        }
    }
}

impl<R: fmt::Debug + fmt::Display> std::error::Error for Error<R> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::Database(error) => Some(error),
        }
    }
}
