//! What happened in a mailbox.

use std::collections::HashMap;

/// What happened to a message in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    Arrived,
    Changed,
    Left,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    seq: u64,
    message: u64,
    folder: u32,
    /// How often the message had been moved when it was there.
    moves: u32,
    happening: Happening,
}

/// A message that something happened to in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Touched {
    pub(crate) message: u64,
    pub(crate) arrived: bool,
}

/// All changes since the start, each with a number; folders take numbers of their own.
#[derive(Debug)]
pub(crate) struct Journal {
    seq: u64,
    entries: Vec<Entry>,
}

impl Journal {
    pub(crate) fn new() -> Self {
        Self {
            seq: 1,
            entries: Vec::new(),
        }
    }

    /// The number of the last change.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// The number of a change that is about to be made.
    pub(crate) fn advance(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    pub(crate) fn note(&mut self, message: u64, folder: u32, moves: u32, happening: Happening) {
        let seq = self.advance();
        self.entries.push(Entry {
            seq,
            message,
            folder,
            moves,
            happening,
        });
    }

    /// The messages that something happened to in a folder after one change and up to another, each once.
    pub(crate) fn touched(&self, folder: u32, since: u64, until: u64) -> Vec<Touched> {
        let from = self.entries.partition_point(|entry| entry.seq <= since);
        let entries = self.entries.get(from..).unwrap_or_default();
        let wanted = entries
            .iter()
            .take_while(|entry| entry.seq <= until)
            .filter(|entry| entry.folder == folder);
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut touched: Vec<Touched> = Vec::new();
        for entry in wanted {
            let place = *places.entry(entry.message).or_insert_with(|| {
                touched.push(Touched {
                    message: entry.message,
                    arrived: false,
                });
                touched.len() - 1
            });
            if let Some(known) = touched.get_mut(place) {
                known.arrived |= entry.happening == Happening::Arrived;
            }
        }
        touched
    }

    /// Whether a message has arrived anywhere after a change.
    pub(crate) fn has_arrived(&self, message: u64, since: u64) -> bool {
        let from = self.entries.partition_point(|entry| entry.seq <= since);
        let entries = self.entries.get(from..).unwrap_or_default();
        let is_arrival =
            |entry: &Entry| entry.message == message && entry.happening == Happening::Arrived;
        entries.iter().any(is_arrival)
    }

    /// How often a message had been moved when it last left a folder.
    pub(crate) fn moves_when_left(&self, message: u64, folder: u32) -> u32 {
        let left = |entry: &&Entry| {
            let place = (entry.message, entry.folder, entry.happening);
            place == (message, folder, Happening::Left)
        };
        let entry = self.entries.iter().rev().find(left);
        entry.map_or(0, |entry| entry.moves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_told_once_for_each_folder() {
        let mut journal = Journal::new();
        let (inbox, archive, since) = (1, 6, journal.seq());
        journal.note(7, inbox, 0, Happening::Arrived);
        journal.note(8, inbox, 0, Happening::Changed);
        journal.note(7, inbox, 0, Happening::Left);
        journal.note(7, archive, 1, Happening::Arrived);
        let (message, arrived) = (7, true);
        let first = Touched { message, arrived };
        let second = Touched {
            message: 8,
            arrived: false,
        };
        assert_eq!(
            journal.touched(inbox, since, journal.seq()),
            [first, second]
        );
        assert_eq!(journal.touched(archive, since, journal.seq()), [first]);
        assert_eq!(journal.touched(archive, since, journal.seq() - 1), []);
        assert_eq!(journal.moves_when_left(7, inbox), 0);
    }
}
