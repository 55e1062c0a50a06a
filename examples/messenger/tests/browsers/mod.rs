//! What people do with the page, in a real Chromium.

mod devices;
mod groups;
mod keyboard;
mod markup;
mod offline;
mod sign_in;
mod two_windows;
