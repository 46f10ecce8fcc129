//! The vendor's errors, each with what it means, what follows and what to do.
//!
//! Two tables, one match each: [`token`] for the token endpoint, [`api`] for Graph. A row that the tables do not know is
//! judged by its status and quotes the vendor's own code.

pub(super) mod api;
pub(super) mod token;

use super::NAME;
use super::method::Method;
use crate::http;
use crate::http::limits::Paused;
use crate::providers::error::Error;
use crate::providers::rows::{Answer, Row, Vendor, row};

const VENDOR: Vendor = Vendor {
    name: NAME,
    title: "Microsoft",
    hosts: "login and Graph",
};

fn error(row: Row, answer: Answer) -> Error {
    VENDOR.error(row, answer)
}

/// Returns the error of a request that got no usable reply.
pub(super) fn transport(operation: &'static str, failed: &http::Error) -> Error {
    VENDOR.transport(operation, failed)
}

/// Returns the error of a request that is not sent, since the vendor has asked for silence.
pub(super) fn paused(method: Method, pause: Paused) -> Error {
    VENDOR.paused(method.name(), pause)
}
