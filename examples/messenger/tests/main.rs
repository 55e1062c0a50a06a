//! The service as people meet it: two servers, real browsers, and those who attack it.

mod support;

mod attacks;
mod browsers;
mod soak;
mod studio;
mod two_servers;

#[path = "../soak/wire.rs"]
mod wire;

/// How the sockets of the soak fail, which tests use, too.
type Failed = Box<dyn std::error::Error + Send + Sync>;
