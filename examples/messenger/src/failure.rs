//! How a request fails, and how refusals of the database become answers: in one place, by class and code.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use messenger_db::error::{Class, Error, Failure as DatabaseFailure, Refusal};
use serde::Serialize;

/// Why a request was not done: a code for programs, words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Such as `not_a_member`.
    pub code: &'static str,
    /// What a person is told.
    pub message: String,
    /// Whether the same may succeed a moment later.
    passes: bool,
    #[serde(skip)]
    status: StatusCode,
}

impl Failure {
    /// The request is wrong.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// The client has to slow down.
    pub fn too_many(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, message)
    }

    /// Of that status.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let passes = matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS);
        Self { code, message: message.into(), passes, status }
    }

    /// A failure of the service itself: the log says which, the answer does not.
    pub fn internal(error: &dyn std::fmt::Display) -> Self {
        eprintln!("messenger: {error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the service failed")
    }
}

fn status(class: Class) -> StatusCode {
    match class {
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl<R: Refusal> From<Error<R>> for Failure {
    fn from(error: Error<R>) -> Self {
        match error {
            Error::Refused(refusal) => Self::new(status(refusal.class()), refusal.code(), refusal.to_string()),
            Error::Database(error) => error.into(),
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        let failure = DatabaseFailure::of(&error);
        match failure.class() {
            Some(class) => Self::new(status(class), failure.code(), "please try again"),
            None => Self::internal(&error),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}
