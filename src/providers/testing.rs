//! What the sessions of all tests have in common.

use std::sync::Arc;

use super::{Clients, Pace};
use crate::http::testing::client;
use crate::model::clock::SystemClock;

/// Returns what a session with the server at `uri` is opened with.
pub(in crate::providers) fn means(uri: &str) -> (Clients, Pace) {
    let clients = Clients {
        http: client(uri),
        clock: Arc::new(SystemClock),
        home: None,
    };
    let pace = Pace {
        requests_per_second: None,
        per_user: 4,
    };
    (clients, pace)
}
