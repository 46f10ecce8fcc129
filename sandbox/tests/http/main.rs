//! The sandbox over HTTP, one module per family of endpoints.

mod batch;
mod calendar;
mod console;
mod directory;
mod drive;
mod gmail;
mod support;
mod token;
