//! Which messages belong to one conversation.

use std::collections::HashMap;

use super::generate::mail::Letters;
use crate::random::hash;

/// The threads of a mailbox.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    /// Threads of stored messages, by the hash of their `Message-ID`.
    by_message_id: HashMap<u64, u64>,
    /// Threads of generated messages, by their number.
    generated: Vec<u64>,
}

impl Threads {
    /// The thread of the generated message that another one answers.
    pub(crate) fn of_parent(&self, letters: &Letters, index: u32) -> Option<u64> {
        let parent = letters.parent(index)?;
        self.generated.get(parent as usize).copied()
    }

    /// Notes the thread of the next generated message.
    pub(crate) fn note_generated(&mut self, thread: u64) {
        self.generated.push(thread);
    }

    /// Notes the thread of a stored message, unless one with its `Message-ID` is known.
    pub(crate) fn note_stored(&mut self, message_id: &str, thread: u64) {
        self.by_message_id
            .entry(hash(message_id.trim()))
            .or_insert(thread);
    }

    /// The thread of the first known message among those that a message refers to.
    pub(crate) fn of_answer<'a>(
        &self,
        letters: &Letters,
        mut references: impl Iterator<Item = &'a str>,
    ) -> Option<u64> {
        references.find_map(|id| {
            let generated = || {
                let index = letters.index_of(id)?;
                self.generated.get(index as usize).copied()
            };
            self.by_message_id
                .get(&hash(id))
                .copied()
                .or_else(generated)
        })
    }
}
