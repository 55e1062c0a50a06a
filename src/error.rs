//! How an operation fails: refused, for a reason that a caller can branch on, or by an error of the database.
//!
//! A service maps all of it to its protocol in one place, by [`Class`] and code:
//!
//! ```
//! use messenger_db::error::{Class, Error, Refusal};
//!
//! /// The status of an answer over HTTP, and the code in its body.
//! fn answer<R: Refusal>(error: &Error<R>) -> (u16, &'static str) {
//!     let status = match error.class() {
//!         Some(Class::Invalid) => 422,
//!         Some(Class::Unauthenticated) => 401,
//!         Some(Class::Forbidden) => 403,
//!         Some(Class::NotFound) => 404,
//!         Some(Class::Conflict) => 409,
//!         Some(Class::Busy) => 503,
//!         None => 500,
//!     };
//!     (status, error.code())
//! }
//!
//! # use messenger_db::queries::messages::SendRefused;
//! assert_eq!(answer(&Error::Refused(SendRefused::NotAMember)), (403, "not_a_member"));
//! let lost = diesel::result::Error::BrokenTransactionManager;
//! assert_eq!(answer(&Error::<SendRefused>::Database(lost)), (503, "connection_lost"));
//! ```

use std::fmt;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::interruption;
use crate::retry::Transient as _;
use crate::violation;

/// Why an operation did not happen.
///
/// Every operation has a small enum of its own for `R`; nothing was changed in either case.
#[derive(Debug, PartialEq)]
pub enum Error<R> {
    /// The operation is not allowed, or not possible: the messenger's rules say so.
    Refused(R),
    /// The database failed, or refused for a reason that a caller cannot mend. [`Error::failure`] says which kind of
    /// failure it is.
    Database(DieselError),
}

/// What kind of answer a refusal is: coarse enough to be a status of HTTP or gRPC, and complete, so that the compiler
/// checks that a service answers each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Class {
    /// What was asked for can never be done: the input is wrong. HTTP 422, gRPC `INVALID_ARGUMENT`.
    Invalid,
    /// There is no session, or none any more: sign in again. HTTP 401, gRPC `UNAUTHENTICATED`.
    Unauthenticated,
    /// The actor may not do it. HTTP 403, gRPC `PERMISSION_DENIED`.
    Forbidden,
    /// What it is about does not exist. HTTP 404, gRPC `NOT_FOUND`.
    NotFound,
    /// The state as it is now rules it out: it is taken, full or done already. HTTP 409, gRPC `FAILED_PRECONDITION`.
    Conflict,
    /// Not now: the same may succeed when it is tried again. HTTP 503, gRPC `UNAVAILABLE`.
    Busy,
}

/// A reason why an operation is refused.
///
/// Every refusal has a code, which is stable: a release that changes one says so in its change log. One code means the
/// same wherever it occurs, and has the same class everywhere.
pub trait Refusal: fmt::Debug + fmt::Display {
    /// The reason, in snake case, such as `not_a_member`.
    fn code(&self) -> &'static str;

    /// What kind of answer it is.
    fn class(&self) -> Class;

    /// The reason that the violation of a constraint stands for, by the constraint's name. `None`: it should never be
    /// violated by this operation, and is an error.
    #[doc(hidden)]
    #[must_use]
    fn from_constraint(name: &str) -> Option<Self>
    where
        Self: Sized,
    {
        let _ = name;
        None
    }
}

/// How the database failed.
///
/// Diesel does not pass the SQLSTATE on, so this goes by Diesel's kinds of errors and by their structure. Timeouts and
/// cancelled statements have neither: they are recognised after [`interruption::learn`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The connection is gone, or its transaction cannot be ended. Whether a commit that was under way succeeded is not
    /// known; the operations that are idempotent, such as a send, may be repeated on another connection.
    ///
    /// Also when a type of the schema was not found, which Diesel asks for when a connection uses it first: it does not say why,
    /// and where the database has been migrated the connection is gone.
    ConnectionLost,
    /// A serialization failure or a deadlock: PostgreSQL says that the same transaction may succeed if it is repeated
    /// as a whole. [`retry::transaction`](crate::retry::transaction) does.
    Contention,
    /// The statement took longer than `statement_timeout`, or waited for a lock longer than `lock_timeout`. Nothing of it was done.
    Timeout,
    /// The statement was cancelled, by the client or by an administrator. Nothing of it was done.
    Cancelled,
    /// The server, or a standby, takes reads only: it was promoted elsewhere, or the pool points to the wrong one.
    ReadOnly,
    /// Anything else.
    Other,
}

impl Failure {
    /// The kind of a failure that Diesel reports.
    #[must_use]
    pub fn of(error: &DieselError) -> Self {
        match error {
            // Sending fails on a connection whose end was noticed before. No operation sends what cannot be sent.
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::ConnectionLost,
            error if is_failed_look_up(error) => Self::ConnectionLost,
            DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => Self::ReadOnly,
            error if error.is_transient() => Self::Contention,
            // Why the transaction could not be committed counts; if it cannot be rolled back either, the connection
            // is of no use.
            DieselError::RollbackErrorOnCommit { commit_error, .. } => match Self::of(commit_error) {
                Self::Other => Self::ConnectionLost,
                failure => failure,
            },
            error => interruption::recognise(error).unwrap_or(Self::Other),
        }
    }

    /// The code of the failure: `connection_lost`, `contention`, `timeout`, `cancelled`, `read_only` or
    /// `database_error`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConnectionLost => "connection_lost",
            Self::Contention => "contention",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::ReadOnly => "read_only",
            Self::Other => "database_error",
        }
    }

    /// [`Class::Busy`] for what may succeed when it is tried again, else `None`: an error of the service or the
    /// database, which the caller cannot mend.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match self {
            Self::ConnectionLost | Self::Contention | Self::Timeout | Self::Cancelled | Self::ReadOnly => {
                Some(Class::Busy)
            }
            Self::Other => None,
        }
    }
}

/// Whether Diesel did not find a type. It drops what the server or the connection said, and tells it in these words of its own.
fn is_failed_look_up(error: &DieselError) -> bool {
    matches!(error, DieselError::SerializationError(cause) if cause.to_string().starts_with("Failed to find a type oid for "))
}

impl<R> Error<R> {
    /// How the database failed; `None` when the operation was refused.
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Refused(_) => None,
            Self::Database(error) => Some(Failure::of(error)),
        }
    }
}

impl<R: Refusal> Error<R> {
    /// The code of the refusal or of the failure, in snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Database(error) => Failure::of(error).code(),
        }
    }

    /// What kind of answer it is; `None` for a failure of the service or the database, which is nobody's but its
    /// operator's.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Refused(refusal) => Some(refusal.class()),
            Self::Database(error) => Failure::of(error).class(),
        }
    }
}

impl<R: Refusal> From<DieselError> for Error<R> {
    fn from(error: DieselError) -> Self {
        let refusal = violation::constraint(&error).and_then(R::from_constraint);
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

/// Implements [`Refusal`] for an enum: for each variant its class, its code and, where the database checks it, the
/// constraints whose violation it stands for, by name or by the beginning of the name.
macro_rules! refusals {
    ($name:ident {
        $($variant:ident: $class:ident = $code:literal
            $(if $($constraint:literal)|+)? $(if_any $prefix:literal)?),+ $(,)?
    }) => {
        #[allow(clippy::match_same_arms, clippy::match_single_binding, reason = "a row for each variant")]
        impl $crate::error::Refusal for $name {
            fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)+
                }
            }

            fn class(&self) -> $crate::error::Class {
                match self {
                    $(Self::$variant { .. } => $crate::error::Class::$class,)+
                }
            }

            fn from_constraint(name: &str) -> Option<Self> {
                match name {
                    $($($($constraint)|+ => Some(Self::$variant),)?)+
                    $($(_ if name.starts_with($prefix) => Some(Self::$variant),)?)+
                    _ => None,
                }
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            /// As a map of `code`, `class` and `message`.
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::error::serialize(self, serializer)
            }
        }
    };
}

pub(crate) use refusals;

/// A refusal as a client gets it: `{"code": "not_a_member", "class": "forbidden", "message": "…"}`.
#[cfg(feature = "serde")]
pub(crate) fn serialize<S: serde::Serializer>(refusal: &dyn Refusal, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct as _;

    let mut map = serializer.serialize_struct("Refusal", 3)?;
    map.serialize_field("code", refusal.code())?;
    map.serialize_field("class", &refusal.class())?;
    map.serialize_field("message", &refusal.to_string())?;
    map.end()
}
