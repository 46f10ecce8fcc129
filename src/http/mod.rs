//! The one HTTP stack: who may be asked, how much may come back, how often, and with which token.
//!
//! ```text
//! request ─► endpoints (may it go there?) ─► limits (may it go now?) ─► auth (with which token?)
//!                                                                          │
//!      reply, bounded ◄─ body (size, time) ◄─ the wire ◄─ resolve (is that address public?)
//! ```
//!
//! It never follows a redirect, never uses a proxy from the environment, never reads a body without a bound and never
//! shows a token. It knows no vendor.

pub mod auth;
mod body;
mod client;
mod endpoints;
mod error;
pub mod limits;
mod resolve;
pub mod retry;
#[cfg(test)]
pub(crate) mod testing;
mod tls;

pub use client::{Body, Client, Observer, Reply, Request, Settings};
pub use endpoints::{Allowed, AllowedError, Endpoints};
pub use error::{Error, Kind, shortened};
