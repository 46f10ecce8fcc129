//! The sandbox over HTTP, one module per family of endpoints.

mod console;
mod directory;
mod gmail;
mod support;
mod token;
