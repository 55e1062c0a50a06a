//! Functions of PostgreSQL that Diesel has no name for.

use diesel::define_sql_function;
use diesel::sql_types::{BigInt, Nullable, Numeric, Timestamptz};

define_sql_function! {
    /// The smaller of two numbers.
    fn least(one: BigInt, other: BigInt) -> BigInt;
}

define_sql_function! {
    /// The larger of two numbers.
    fn greatest(one: BigInt, other: BigInt) -> BigInt;
}

define_sql_function! {
    /// The time, or another when there is none.
    #[sql_name = "coalesce"]
    fn time_or(time: Nullable<Timestamptz>, other: Timestamptz) -> Timestamptz;
}

define_sql_function! {
    /// The sum of the group's numbers, which PostgreSQL gives as a `numeric`; null when there is none.
    #[aggregate]
    #[sql_name = "sum"]
    fn numeric_sum(number: BigInt) -> Nullable<Numeric>;
}

define_sql_function! {
    /// The number as a `bigint`.
    fn int8(number: Nullable<Numeric>) -> Nullable<BigInt>;
}
