//! Each model is written and changed through Diesel, on a real server.

mod own_tables;
mod secrets;
mod typed_ids;
mod writes;
