//! The parameters of a page, in their order.

use axum::extract::Query;

use super::failure::Failure;

/// What the query of an address says.
#[derive(Debug, Clone, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The first of that name that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(of, value)| *of == name && !value.is_empty()).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A number, a key or a position that may be there.
    pub(super) fn parse<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let parse = |text: &str| {
            text.parse().map_err(|_| {
                Failure::bad_request(
                    format!("{name} is {text:?}, which cannot be read."),
                    "Go back, and follow a link instead of writing the address.",
                )
            })
        };
        self.get(name).map(parse).transpose()
    }
}

impl From<Query<Vec<(String, String)>>> for Parameters {
    fn from(Query(pairs): Query<Vec<(String, String)>>) -> Self {
        Self(pairs)
    }
}
