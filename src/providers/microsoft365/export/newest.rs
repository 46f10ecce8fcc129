//! Where runs that found nothing have left the vendor's chains.
//!
//! The vendor keeps only the newest few states of a chain, and every request makes a new one. A run without changes
//! stores nothing, so that a handful of such runs would leave the stored cursor behind what the vendor still knows. The
//! newest one is kept here beside it. After a restart the stored one is tried; should the vendor have forgotten it,
//! everything is read once more and nothing is lost.
//!
//! Source: github.com/microsoftgraph/microsoft-graph-docs issues 2877 and 2162, read 2026-11-22.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::model::account::UserId;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::providers::ExportRequest;

/// Streams that are kept in mind. Beyond it all are forgotten, which costs no more than a restart.
const MOST: usize = 20_000;

/// The cursor that is stored, and the one that a run without changes came to from there.
struct Walked {
    stored: Cursor,
    newest: Cursor,
}

/// The newest cursors of all streams.
#[derive(Default)]
pub(super) struct Newest(Mutex<HashMap<(UserId, Dataset), Walked>>);

impl Newest {
    /// Returns where to go on from, given what is stored.
    pub(super) fn of(&self, request: &ExportRequest, stored: &Cursor) -> Cursor {
        let walked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = walked.get(&(request.user.id.clone(), request.dataset));
        found
            .filter(|walked| walked.stored == *stored)
            .map_or_else(|| stored.clone(), |walked| walked.newest.clone())
    }

    /// Notes that from `stored` a run has come to `newest` without finding anything.
    pub(super) fn note(&self, request: &ExportRequest, stored: &Cursor, newest: &Cursor) {
        let mut walked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if walked.len() >= MOST {
            walked.clear();
        }
        let key = (request.user.id.clone(), request.dataset);
        let entry = Walked {
            stored: stored.clone(),
            newest: newest.clone(),
        };
        if newest == stored {
            walked.remove(&key);
        } else {
            walked.insert(key, entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::scripted::request;
    use super::*;
    use crate::model::privacy::Privacy;

    #[test]
    fn the_newest_counts_only_for_the_cursor_that_it_came_from() {
        let newest = Newest::default();
        let request = request(Dataset::Mail, Privacy::default());
        let (one, two, three) = (Cursor(json!(1)), Cursor(json!(2)), Cursor(json!(3)));
        assert_eq!(newest.of(&request, &one), one);
        newest.note(&request, &one, &two);
        assert_eq!(newest.of(&request, &one), two);
        assert_eq!(newest.of(&request, &three), three);
        newest.note(&request, &one, &three);
        assert_eq!(newest.of(&request, &one), three);
    }
}
