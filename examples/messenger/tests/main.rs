//! The service as people meet it: two servers, real browsers, and those who attack it.

mod support;

mod attacks;
mod browsers;
mod soak;
