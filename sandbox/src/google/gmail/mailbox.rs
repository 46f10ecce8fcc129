//! One person's mail.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::history::{Happening, History};
use super::labels::{self, LabelSet, LabelTable};
use crate::corpus::generate::mail::{Letters, Traits};
use crate::corpus::mime;
use crate::corpus::threads::Threads;
use crate::random::mix;

/// Where a message's content comes from.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Worked out from its number when asked for.
    Generated(u32),
    Stored(Arc<Stored>),
}

/// A message as it came, with what is asked for most taken out of it beforehand.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) raw: Bytes,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) snippet: String,
    pub(crate) mime_type: String,
}

impl Stored {
    pub(crate) fn new(raw: Vec<u8>) -> Self {
        Self {
            headers: mime::headers(&raw),
            snippet: mime::snippet(&raw),
            mime_type: mime::top_mime_type(&raw),
            raw: raw.into(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) thread: u64,
    /// Milliseconds since 1970.
    pub(crate) date: i64,
    /// The last change of the message.
    pub(crate) history: u64,
    pub(crate) labels: LabelSet,
    pub(crate) content: Content,
}

/// The mailbox. Messages stand in the order of arrival; deleted ones leave a gap, so that page tokens stay right.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) letters: Arc<Letters>,
    pub(crate) labels: LabelTable,
    pub(crate) history: History,
    slots: Vec<Option<Message>>,
    by_id: HashMap<u64, usize>,
    /// How many messages each thread has.
    threads: HashMap<u64, u32>,
    conversations: Threads,
}

impl Mailbox {
    pub(crate) fn new(letters: Letters) -> Self {
        let history = History::new(letters.seed);
        let mut mailbox = Self {
            labels: LabelTable::default(),
            history,
            slots: Vec::with_capacity(letters.count as usize),
            by_id: HashMap::with_capacity(letters.count as usize),
            threads: HashMap::new(),
            conversations: Threads::default(),
            letters: Arc::new(letters),
        };
        mailbox.generate();
        mailbox
    }

    fn generate(&mut self) {
        let letters = self.letters.clone();
        for index in 0..letters.count {
            let thread = self.conversations.of_parent(&letters, index);
            let date = letters.date(index);
            let labels = set_of(letters.traits(index));
            let id = self.insert(Content::Generated(index), thread, date, labels);
            self.conversations.note_generated(thread.unwrap_or(id));
        }
    }

    /// Puts a message at the end and returns its id.
    fn insert(
        &mut self,
        content: Content,
        thread: Option<u64>,
        date: i64,
        labels: LabelSet,
    ) -> u64 {
        let id = self.fresh_id(date);
        let thread = thread.unwrap_or(id);
        let history = self.history.current();
        self.by_id.insert(id, self.slots.len());
        *self.threads.entry(thread).or_default() += 1;
        self.slots.push(Some(Message {
            id,
            thread,
            date,
            history,
            labels,
            content,
        }));
        id
    }

    /// Like Gmail's, ids hold the time of arrival.
    fn fresh_id(&self, date: i64) -> u64 {
        let time = u64::try_from(date).unwrap_or(0) << 20;
        let candidates = (0_u64..).map(|nth| {
            time | (mix(self.letters.seed, time ^ nth ^ self.slots.len() as u64) & 0xf_ffff)
        });
        candidates
            .into_iter()
            .find(|id| !self.by_id.contains_key(id))
            .unwrap_or(time)
    }

    /// Adds messages that were there from the start, each in its place by date.
    pub(crate) fn load(&mut self, messages: impl Iterator<Item = (Stored, i64, LabelSet)>) {
        for (stored, date, labels) in messages {
            let thread = self.thread_of(&stored);
            self.store(stored, thread, date, labels);
        }
        self.slots
            .sort_by_key(|slot| slot.as_ref().map(|message| message.date));
        let placed = self.slots.iter().enumerate();
        self.by_id = placed
            .filter_map(|(at, slot)| Some((slot.as_ref()?.id, at)))
            .collect();
    }

    /// Delivers a message now.
    pub(crate) fn deliver(&mut self, stored: Stored, date: i64, labels: LabelSet) -> u64 {
        let thread = self.thread_of(&stored);
        let id = self.store(stored, thread, date, labels);
        self.note(id, Happening::Added);
        id
    }

    fn store(&mut self, stored: Stored, thread: Option<u64>, date: i64, labels: LabelSet) -> u64 {
        let message_id = stored.header("Message-ID").map(str::to_owned);
        let id = self.insert(Content::Stored(Arc::new(stored)), thread, date, labels);
        if let Some(message_id) = message_id {
            self.conversations
                .note_stored(&message_id, thread.unwrap_or(id));
        }
        id
    }

    /// The thread of the newest known message that this one refers to.
    fn thread_of(&self, stored: &Stored) -> Option<u64> {
        let named = ["In-Reply-To", "References"]
            .into_iter()
            .filter_map(|name| stored.header(name));
        let ids = named.flat_map(|value| value.split_whitespace().rev());
        self.conversations.of_answer(&self.letters, ids)
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Message> {
        self.slots.get(*self.by_id.get(&id)?)?.as_ref()
    }

    /// Adds and removes labels; false if there is no such message.
    pub(crate) fn relabel(&mut self, id: u64, add: LabelSet, remove: LabelSet) -> bool {
        let Some(message) = self.get_mut(id) else {
            return false;
        };
        let before = message.labels;
        message.labels = before.plus(add).minus(remove);
        let (added, removed) = (message.labels.minus(before), before.minus(message.labels));
        if !added.is_empty() {
            self.note(id, Happening::Labelled(added));
        }
        if !removed.is_empty() {
            self.note(id, Happening::Unlabelled(removed));
        }
        true
    }

    /// Deletes for ever; false if there is no such message.
    pub(crate) fn delete(&mut self, id: u64) -> bool {
        let Some(message) = self.get(id) else {
            return false;
        };
        let thread = message.thread;
        self.note(id, Happening::Deleted);
        if let Some(slot) = self
            .by_id
            .remove(&id)
            .and_then(|index| self.slots.get_mut(index))
        {
            *slot = None;
        }
        if let Some(count) = self.threads.get_mut(&thread) {
            *count -= 1;
            if *count == 0 {
                self.threads.remove(&thread);
            }
        }
        true
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Message> {
        self.slots.get_mut(*self.by_id.get(&id)?)?.as_mut()
    }

    fn note(&mut self, id: u64, happening: Happening) {
        let Some(message) = self
            .by_id
            .get(&id)
            .and_then(|slot| self.slots.get_mut(*slot)?.as_mut())
        else {
            return;
        };
        message.history = self
            .history
            .note(message.id, message.thread, message.labels, happening);
    }

    /// From the newest, starting below the position; with the position of each.
    pub(crate) fn newest(&self, below: Option<usize>) -> impl Iterator<Item = (usize, &Message)> {
        let end = below.unwrap_or(self.slots.len()).min(self.slots.len());
        let slots = self.slots.get(..end).unwrap_or_default();
        slots
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(at, slot)| Some((at, slot.as_ref()?)))
    }

    pub(crate) fn message_count(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn thread_count(&self) -> usize {
        self.threads.len()
    }

    /// The n-th message from the end, counted around; for random edits.
    pub(crate) fn some(&self, number: u64) -> Option<&Message> {
        let start = usize::try_from(number % (self.slots.len().max(1) as u64)).ok()?;
        self.newest(Some(start + 1))
            .next()
            .or_else(|| self.newest(None).next())
            .map(|(_, message)| message)
    }
}

fn set_of(traits: Traits) -> LabelSet {
    let flags = [
        (traits.sent, labels::SENT),
        (traits.inbox, labels::INBOX),
        (traits.unread, labels::UNREAD),
        (traits.starred, labels::STARRED),
        (traits.important, labels::IMPORTANT),
        (traits.spam, labels::SPAM),
        (traits.trash, labels::TRASH),
    ];
    let set = flags
        .iter()
        .filter(|(on, _)| *on)
        .fold(LabelSet::default(), |set, (_, label)| set.with(*label));
    let extra = [
        traits.category.map(labels::category),
        traits.own_label.map(labels::own),
    ];
    extra.into_iter().flatten().fold(set, LabelSet::with)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(count: u32) -> Mailbox {
        Mailbox::new(Letters {
            seed: 3,
            owner: "a@acme.example".to_owned(),
            owner_name: "A".to_owned(),
            epoch: 1_793_491_200_000,
            count,
        })
    }

    #[test]
    fn ids_are_distinct_and_newest_comes_first() {
        let mailbox = mailbox(500);
        assert_eq!(mailbox.message_count(), 500);
        let dates: Vec<i64> = mailbox
            .newest(None)
            .map(|(_, message)| message.date)
            .collect();
        assert!(dates.is_sorted_by(|a, b| a > b));
        assert!(
            (150..450).contains(&mailbox.thread_count()),
            "{}",
            mailbox.thread_count()
        );
    }

    #[test]
    fn answers_join_the_thread() {
        let mut mailbox = mailbox(5);
        let first = Stored::new(b"Message-ID: <one@x>\r\n\r\nhello".to_vec());
        let first = mailbox.deliver(first, 1_793_491_300_000, LabelSet::default());
        let answer = b"Message-ID: <two@x>\r\nReferences: <zero@x> <one@x>\r\n\r\nyes".to_vec();
        let answer = mailbox.deliver(Stored::new(answer), 1_793_491_300_000, LabelSet::default());
        assert_ne!(first, answer);
        assert_eq!(mailbox.get(answer).unwrap().thread, first);
        let generated = mailbox
            .letters
            .headers(4)
            .into_iter()
            .find(|(name, _)| *name == "Message-ID")
            .unwrap()
            .1;
        let third = format!("In-Reply-To: {generated}\r\n\r\nyes").into_bytes();
        let third = mailbox.deliver(Stored::new(third), 1_793_491_300_001, LabelSet::default());
        let thread = mailbox.newest(None).nth(3).unwrap().1.thread;
        assert_eq!(mailbox.get(third).unwrap().thread, thread);
    }

    #[test]
    fn deleting_leaves_a_gap_and_empties_the_thread() {
        let mut mailbox = mailbox(10);
        let ids: Vec<u64> = mailbox
            .newest(None)
            .map(|(_, message)| message.id)
            .collect();
        assert!(ids.iter().all(|id| mailbox.delete(*id)));
        assert_eq!((mailbox.message_count(), mailbox.thread_count()), (0, 0));
        assert!(
            !mailbox.delete(ids[0]) && mailbox.get(ids[0]).is_none() && mailbox.some(3).is_none()
        );
    }
}
