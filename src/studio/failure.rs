//! Why a page is not shown, as a page that says what to do.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use diesel::result::Error as DieselError;
use maud::html;

use super::layout;
use crate::error::Failure as DatabaseFailure;
use crate::{interruption, migrate, reference};

/// Why a page is not shown.
#[derive(Debug)]
pub(super) struct Failure {
    /// As HTTP says it.
    pub(super) status: StatusCode,
    /// What failed, in a sentence.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

impl Failure {
    pub(super) fn new(status: StatusCode, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { status, message: message.into(), help: help.into() }
    }

    /// There is no such thing.
    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no {what}."), "Go back, or choose from the lists above.")
    }

    /// What was asked for makes no sense.
    pub(super) fn bad_request(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, help)
    }

    /// The role may not see it.
    pub(super) fn forbidden(what: &str, role: &str) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            format!("The role {role} may not read {what}."),
            "GRANT SELECT on it to the role, or start the studio as another one; `messenger-db roles` makes one that reads everything.",
        )
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        match DatabaseFailure::of(&error) {
            _ if interruption::is_lock_timeout(&error) => Self::new(
                status,
                "Another session holds what the page reads: it waited 2 s for a lock, and was given up.",
                "The pages Where it stands and Health show who holds it, and since when.",
            ),
            DatabaseFailure::Timeout => Self::new(
                status,
                "The page took too long, and was given up.",
                "Ask for less, such as with one more filter; --statement-timeout gives pages more time.",
            ),
            DatabaseFailure::ConnectionLost => Self::new(
                status,
                "The connection to the database is gone.",
                "Load the page again; if that does not help, see whether the server runs.",
            ),
            _ => match error {
                DieselError::DatabaseError(_, said) => Self::new(
                    StatusCode::BAD_REQUEST,
                    format!("The database refused: {}", said.message()),
                    "Correct what was asked for. Where the message is about a lock, a migration may be at work: the page Health shows who waits for whom.",
                ),
                error => Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    format!("The database said: {error}"),
                    "Load the page again; the page Where it stands shows whether the schema is what it should be.",
                ),
            },
        }
    }
}

impl From<migrate::Error> for Failure {
    fn from(error: migrate::Error) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            error.to_string(),
            "Where it is about a lock, load the page again when the migration that holds it has ended. `messenger-db status` shows more.",
        )
    }
}

impl From<reference::ReadError> for Failure {
    fn from(error: reference::ReadError) -> Self {
        match error {
            reference::ReadError::Database(error) => (*error).into(),
            error @ reference::ReadError::Unexpected(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                error.to_string(),
                "Use a newer messenger-db with this PostgreSQL.",
            ),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = html! {
            h1 { "Not shown" }
            p class="bad" role="alert" { (self.message) }
            p { (self.help) }
        };
        (self.status, Html(layout::page("Not shown", None, None, &body).into_string())).into_response()
    }
}
