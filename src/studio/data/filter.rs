//! Filters of rows: which columns are what, in the address of a page and in SQL.

use std::fmt;

use super::super::address::Address;
use super::super::database::Statement;
use super::super::failure::Failure;
use super::super::form::Parameters;
use super::super::secret::is_secret;
use crate::migrate::quoted;
use crate::reference::Table;

/// How many filters a page takes.
const MOST: usize = 20;

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    AtLeast,
    AtMost,
    Contains,
    Empty,
    Given,
}

/// Every operator, in the order of the form.
pub(super) const OPERATORS: [Operator; 6] =
    [Operator::Equal, Operator::AtLeast, Operator::AtMost, Operator::Contains, Operator::Empty, Operator::Given];

impl Operator {
    /// Its name in an address.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::AtLeast => "ge",
            Self::AtMost => "le",
            Self::Contains => "has",
            Self::Empty => "null",
            Self::Given => "given",
        }
    }

    /// What it means.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Equal => "equal to",
            Self::AtLeast => "at least",
            Self::AtMost => "at most",
            Self::Contains => "containing",
            Self::Empty => "null",
            Self::Given => "not null",
        }
    }
}

/// A column that is compared with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) column: String,
    pub(super) operator: Operator,
    pub(super) value: String,
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.column, self.operator.words())?;
        if matches!(self.operator, Operator::Empty | Operator::Given) { Ok(()) } else { write!(f, " {}", self.value) }
    }
}

impl Filter {
    pub(super) fn equal(column: &str, value: &str) -> Self {
        Self { column: column.to_owned(), operator: Operator::Equal, value: value.to_owned() }
    }

    /// An address with the filter in it.
    pub(super) fn add_to(&self, address: Address) -> Address {
        address.with("c", &self.column).with("o", self.operator.name()).with("v", &self.value)
    }

    /// The condition, of a column of the relation `t`, whose type is known.
    pub(super) fn write(&self, table: &Table, statement: &mut Statement) {
        let column = format!("t.{}", quoted(&self.column));
        let r#type = type_of(table, &self.column);
        match self.operator {
            Operator::Empty => {
                statement.push(&format!("{column} IS NULL"));
            }
            Operator::Given => {
                statement.push(&format!("{column} IS NOT NULL"));
            }
            // strpos, for what is sought to have no meaning of its own.
            Operator::Contains => {
                statement
                    .push(&format!("strpos(lower({column}::text), lower("))
                    .push_value(&self.value, "text")
                    .push(")) > 0");
            }
            Operator::Equal | Operator::AtLeast | Operator::AtMost => {
                let sign = match self.operator {
                    Operator::AtLeast => ">=",
                    Operator::AtMost => "<=",
                    _ => "=",
                };
                statement.push(&format!("{column} {sign} ")).push_value(&self.value, r#type);
            }
        }
    }
}

/// The type of a column, as SQL has it.
pub(super) fn type_of<'a>(table: &'a Table, column: &str) -> &'a str {
    table.columns.iter().find(|found| found.name == column).map_or("text", |found| found.r#type.as_str())
}

/// The filters of an address: `c`, `o` and `v`, as often as there are filters. A form that was sent without a value for
/// what needs one has no filter there.
pub(super) fn read(parameters: &Parameters, table: &Table) -> Result<Vec<Filter>, Failure> {
    let mut filters: Vec<Filter> = Vec::new();
    for (name, value) in parameters.iter() {
        match (name, filters.last_mut()) {
            ("c", _) => filters.push(Filter::equal(value, "")),
            ("o", Some(filter)) => {
                filter.operator = OPERATORS
                    .into_iter()
                    .find(|operator| operator.name() == value)
                    .ok_or_else(|| Failure::bad_request("There is no such comparison.", "Choose one in the form."))?;
            }
            ("v", Some(filter)) => value.clone_into(&mut filter.value),
            _ => {}
        }
    }
    filters.retain(|filter| {
        !filter.value.is_empty()
            || !matches!(filter.operator, Operator::Contains | Operator::AtLeast | Operator::AtMost)
    });
    // An empty text can be meant; of any other type it is nothing.
    filters.retain(|filter| {
        filter.operator != Operator::Equal
            || !filter.value.is_empty()
            || type_of(table, &filter.column).starts_with("text")
    });
    if filters.len() > MOST {
        return Err(Failure::bad_request(format!("More than {MOST} filters are not taken."), "Take some away."));
    }
    for filter in &filters {
        // A comparison would tell what the value is.
        if is_secret(&filter.column) || !table.columns.iter().any(|column| column.name == filter.column) {
            return Err(Failure::bad_request(
                format!("{} has no column {} to filter by.", table.name, filter.column),
                "Choose a column in the form.",
            ));
        }
        if filter.value.contains('\0') {
            return Err(Failure::bad_request("No value has a NUL in it.", "Filter by another value."));
        }
    }
    Ok(filters)
}

/// The key of the last row of a page, for the address of the next.
pub(super) fn write_key(key: &[Option<String>]) -> String {
    serde_json::to_string(key).unwrap_or_default()
}

/// The key of the last row of the page before.
pub(super) fn read_key(text: &str) -> Result<Vec<String>, Failure> {
    let key: Result<Vec<String>, _> = serde_json::from_str(text);
    key.ok().filter(|key| !key.iter().any(|part| part.contains('\0'))).ok_or_else(|| {
        Failure::bad_request(
            "This page's place in the table cannot be read.",
            "Go back, and follow the link to the next page.",
        )
    })
}
