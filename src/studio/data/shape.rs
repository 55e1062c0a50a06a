//! Which columns of a table are read, in which order its rows come, and which filters an index serves.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use diesel::PgConnection;
use serde::Deserialize;

use super::super::catalog;
use super::super::database::{Row, Statement};
use super::super::failure::Failure;
use super::super::secret::is_secret;
use super::filter::{Filter, Operator, type_of};
use crate::migrate::quoted;
use crate::reference::{Column, Table};

/// From so many rows on, a table is not read from end to end for a filter.
const LARGE: i64 = 20_000;

/// What is read of a table, and how.
#[derive(Debug)]
pub(super) struct Shape<'a> {
    table: &'a Table,
    /// The columns that are shown.
    pub(super) columns: Vec<&'a Column>,
    /// The columns that nobody is shown.
    pub(super) secret: Vec<String>,
    /// The columns that the role may not read.
    pub(super) unreadable: Vec<String>,
    /// The role that reads.
    pub(super) role: String,
    rows: Option<i64>,
    indexes: Vec<Index>,
}

/// An index that filters can use: a B-tree of plain columns.
#[derive(Debug, Deserialize)]
struct Index {
    /// Its columns, in their order.
    columns: Vec<String>,
    /// Whether each of them is in descending order.
    descending: Vec<bool>,
    is_unique: bool,
    /// The condition of the rows that it holds. `None`: it holds all of them.
    condition: Option<String>,
}

/// The order of a page, and whether an index gives it.
struct Order {
    columns: Vec<String>,
    is_descending: bool,
    /// Whether the rows that match are found first, and put in order then.
    sorts: bool,
}

const INDEXES: &str = "
    SELECT ind.indisunique AS is_unique, pg_get_expr(ind.indpred, ind.indrelid) AS condition,
        ARRAY(
            SELECT att.attname FROM generate_series(1, ind.indnkeyatts) AS place
            INNER JOIN pg_attribute AS att ON att.attrelid = ind.indrelid AND att.attnum = ind.indkey[place - 1]
            ORDER BY place
        ) AS columns,
        ARRAY(SELECT ind.indoption[place - 1] & 1 = 1 FROM generate_series(1, ind.indnkeyatts) AS place ORDER BY place)
            AS descending
    FROM pg_index AS ind
    INNER JOIN pg_class AS class ON class.oid = ind.indexrelid
    INNER JOIN pg_am AS method ON method.oid = class.relam
    INNER JOIN pg_class AS of ON of.oid = ind.indrelid
    WHERE of.relnamespace = to_regnamespace(quote_ident(current_schema())) AND method.amname = 'btree' AND ind.indisvalid
        AND ind.indexprs IS NULL
        AND NOT EXISTS (
            SELECT FROM generate_series(1, ind.indnkeyatts) AS place
            INNER JOIN pg_attribute AS att ON att.attrelid = ind.indrelid AND att.attnum = ind.indkey[place - 1]
            WHERE ind.indcollation[place - 1] <> att.attcollation
        )
        AND of.relname = ";

impl<'a> Shape<'a> {
    /// Reads what is known of the table and of the role.
    pub(super) fn read(conn: &mut PgConnection, table: &'a Table) -> Result<Self, Failure> {
        let role = catalog::role(conn)?;
        let measures = catalog::tables(conn)?.remove(&table.name);
        let mut statement = Statement::new(INDEXES);
        statement.push_value(&table.name, "name").push(" ORDER BY class.relname::text COLLATE \"C\"");
        let indexes = statement.objects(conn)?;
        let readable = measures.as_ref().map(|measures| measures.readable.clone()).unwrap_or_default();
        let may_read = |column: &&Column| readable.contains(&column.name);
        let columns: Vec<_> = table.columns.iter().filter(may_read).filter(|column| !is_secret(&column.name)).collect();
        let secret =
            table.columns.iter().filter(|column| is_secret(&column.name)).map(|column| column.name.clone()).collect();
        let unreadable = table
            .columns
            .iter()
            .filter(|column| !may_read(column) && !is_secret(&column.name))
            .map(|column| column.name.clone())
            .collect();
        if columns.is_empty() && !table.columns.is_empty() {
            return Err(Failure::forbidden(&format!("the rows of {}", table.name), &role));
        }
        Ok(Self {
            table,
            columns,
            secret,
            unreadable,
            role,
            rows: measures.and_then(|measures| measures.rows),
            indexes,
        })
    }

    /// Whether the rows have an order: a key whose columns may be read.
    pub(super) fn has_key(&self) -> bool {
        !self.key().is_empty()
    }

    /// The columns of the key that rows are named and paged by: the primary key, or else a unique one that is never empty.
    pub(super) fn key(&self) -> Vec<String> {
        let is_fit = |columns: &[String]| {
            !columns.is_empty() && columns.iter().all(|name| self.columns.iter().any(|column| column.name == *name))
        };
        let primary = self.table.key();
        if is_fit(primary) {
            return primary.to_vec();
        }
        let is_never_empty = |columns: &[String]| {
            columns.iter().all(|name| self.columns.iter().any(|column| column.name == *name && !column.is_nullable))
        };
        self.indexes
            .iter()
            .filter(|index| index.is_unique && index.condition.is_none())
            .map(|index| &index.columns)
            .find(|columns| is_fit(columns) && is_never_empty(columns))
            .cloned()
            .unwrap_or_default()
    }

    /// Whether it is not read from end to end.
    pub(super) fn is_large(&self) -> bool {
        self.rows.is_some_and(|rows| rows >= LARGE)
    }

    /// The columns that a filter on a large table can begin with.
    pub(super) fn index_starts(&self) -> BTreeSet<String> {
        let shown = |name: &String| self.columns.iter().any(|column| column.name == *name);
        self.indexes.iter().filter_map(|index| index.columns.first()).filter(|name| shown(name)).cloned().collect()
    }

    /// A value of a row, unless it was cut.
    pub(super) fn value(&self, row: &Row, column: &str) -> Option<String> {
        let place = self.columns.iter().position(|found| found.name == column)?;
        let value = row.cells.get(place)?.as_ref()?;
        (self.is_whole(column) || value.chars().count() <= super::CUT).then(|| value.clone())
    }

    /// Whether a column is read as a whole, because links are made of it: a value that is in an index is not long.
    fn is_whole(&self, column: &str) -> bool {
        let mut links = self.table.foreign_keys().flat_map(|key| &key.columns);
        links.any(|name| name == column) || self.key().iter().any(|name| name == column)
    }

    /// The statement for a page of rows, after the one with this key.
    pub(super) fn page(
        &self,
        filters: &[Filter],
        after: Option<&[String]>,
        is_descending: bool,
        cut: usize,
        limit: usize,
    ) -> Result<Statement, Failure> {
        let order = self.order(filters)?;
        let cell = |column: &&Column| {
            if self.is_whole(&column.name) {
                format!("t.{}::text", quoted(&column.name))
            } else {
                cut_cell(column, cut)
            }
        };
        let cells: Vec<_> = self.columns.iter().map(cell).collect();
        let key: Vec<_> = order.columns.iter().map(|name| format!("t.{}::text", quoted(name))).collect();
        let mut statement = Statement::new(&format!(
            "SELECT ARRAY[{}]::text[] AS cells,\n    ARRAY[{}]::text[] AS key\nFROM ",
            cells.join(", "),
            key.join(", ")
        ));
        let table = quoted(&self.table.name);
        if order.sorts {
            // OFFSET keeps the planner from walking the key in its order until it has met enough rows that match.
            statement.push(&format!("(SELECT * FROM {table} AS t"));
            self.conditions(filters, None, false, &mut statement);
            statement.push(" OFFSET 0) AS t");
            self.conditions(&[], after.map(|after| (order.columns.as_slice(), after)), is_descending, &mut statement);
        } else {
            statement.push(&format!("{table} AS t"));
            let is_descending = is_descending != order.is_descending;
            self.conditions(
                filters,
                after.map(|after| (order.columns.as_slice(), after)),
                is_descending,
                &mut statement,
            );
        }
        if !order.columns.is_empty() {
            let way = if is_descending == (order.is_descending && !order.sorts) { "" } else { " DESC" };
            let columns: Vec<_> = order.columns.iter().map(|name| format!("t.{}{way}", quoted(name))).collect();
            statement.push(&format!("\nORDER BY {}", columns.join(", ")));
        }
        statement.push(&format!("\nLIMIT {limit}"));
        Ok(statement)
    }

    fn conditions(
        &self,
        filters: &[Filter],
        after: Option<(&[String], &[String])>,
        is_descending: bool,
        statement: &mut Statement,
    ) {
        let mut word = "\nWHERE ";
        for filter in filters {
            statement.push(word);
            filter.write(self.table, statement);
            word = "\n    AND ";
        }
        if let Some((columns, values)) =
            after.filter(|(columns, values)| columns.len() == values.len() && !columns.is_empty())
        {
            let names: Vec<_> = columns.iter().map(|name| format!("t.{}", quoted(name))).collect();
            statement.push(word).push(&format!("({}) {} (", names.join(", "), if is_descending { "<" } else { ">" }));
            for (number, (column, value)) in columns.iter().zip(values).enumerate() {
                if number > 0 {
                    statement.push(", ");
                }
                statement.push_value(value, type_of(self.table, column));
            }
            statement.push(")");
        }
    }

    /// The order of the rows: as an index has them that the filters use, or else by the key.
    fn order(&self, filters: &[Filter]) -> Result<Order, Failure> {
        let key = self.key();
        let by_key = |sorts| Order { columns: key.clone(), is_descending: false, sorts };
        if filters.is_empty() {
            return Ok(by_key(false));
        }
        let equal: BTreeSet<_> = filters
            .iter()
            .filter(|filter| filter.operator == Operator::Equal)
            .map(|filter| filter.column.as_str())
            .collect();
        let ranges: BTreeSet<_> = filters
            .iter()
            .filter(|filter| matches!(filter.operator, Operator::AtLeast | Operator::AtMost))
            .map(|filter| filter.column.as_str())
            .collect();
        // How many of an index's columns the filters fix, and then whether they bound the next one.
        let use_of = |index: &Index| {
            let fixed = index.columns.iter().take_while(|column| equal.contains(column.as_str())).count();
            let is_bounded = index.columns.get(fixed).is_some_and(|column| ranges.contains(column.as_str()));
            (fixed, is_bounded)
        };
        let fits = |index: &&Index| index.condition.as_ref().is_none_or(|condition| is_implied(condition, &equal));
        let best =
            self.indexes.iter().filter(fits).max_by_key(|index| use_of(index)).map(|index| (index, use_of(index)));
        match best {
            Some((index, (fixed, is_bounded))) if fixed > 0 || is_bounded => {
                Ok(self.order_of(index, fixed, &equal).unwrap_or_else(|| by_key(true)))
            }
            _ if self.is_large() => Err(Failure::new(
                StatusCode::BAD_REQUEST,
                format!("{} is large, and no index begins with what is filtered by.", self.table.name),
                format!(
                    "Filter by one of these first, for equality: {}. People are found on the page People.",
                    self.index_starts().into_iter().collect::<Vec<_>>().join(", ")
                ),
            )),
            _ => Ok(by_key(true)),
        }
    }

    /// The order that an index gives behind the columns that are fixed, and then that of the key. `None`: none that pages
    /// can go on in.
    fn order_of(&self, index: &Index, fixed: usize, equal: &BTreeSet<&str>) -> Option<Order> {
        let left = index.columns.get(fixed..)?;
        let ways = index.descending.get(fixed..)?;
        let is_descending = *ways.first()?;
        let is_fit = |name: &String| self.columns.iter().any(|column| column.name == *name && !column.is_nullable);
        if !left.iter().all(is_fit) || ways.iter().any(|way| *way != is_descending) {
            return None;
        }
        let mut columns = left.to_vec();
        if !index.is_unique {
            let missing: Vec<_> = self
                .key()
                .into_iter()
                .filter(|name| !columns.contains(name) && !equal.contains(name.as_str()))
                .collect();
            columns.extend(missing);
        }
        Some(Order { columns, is_descending, sorts: false })
    }
}

/// Whether equality of these columns implies a condition: that one of them is given.
fn is_implied(condition: &str, equal: &BTreeSet<&str>) -> bool {
    equal.iter().any(|column| {
        [format!("({} IS NOT NULL)", quoted(column)), format!("({column} IS NOT NULL)")].contains(&condition.to_owned())
    })
}

/// A column as text, of which no more is read than is shown, and one character more.
pub(super) fn cut_cell(column: &Column, cut: usize) -> String {
    let name = format!("t.{}", quoted(&column.name));
    let more = cut + 1;
    match column.r#type.as_str() {
        "bytea" => format!("'\\x' || encode(substring({name} FROM 1 FOR {}), 'hex')", more / 2),
        _ => format!("left({name}::text, {more})"),
    }
}
