//! Each model is written and changed through Diesel, on a real server.

mod secrets;
mod typed_ids;
mod writes;
