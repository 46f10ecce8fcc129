//! One person's mail.

use std::sync::Arc;

use bytes::Bytes;

use super::folders::{self, Folders};
use super::journal::{Happening, Journal};
use crate::corpus::envelope::Envelope;
use crate::corpus::generate::mail::{Letters, Traits};
use crate::corpus::threads::Threads;

/// Where a message's content comes from.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// Worked out from its number when asked for.
    Generated(u32),
    Stored(Arc<Stored>),
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) raw: Bytes,
    pub(crate) envelope: Envelope,
}

impl Stored {
    pub(crate) fn new(raw: Vec<u8>) -> Self {
        Self {
            envelope: Envelope::of(&raw),
            raw: raw.into(),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) thread: u64,
    pub(crate) folder: u32,
    /// How often it was moved; ordinary ids change with it.
    pub(crate) moves: u32,
    /// How often it was changed.
    pub(crate) version: u32,
    /// Milliseconds since 1970.
    pub(crate) received: i64,
    pub(crate) modified: i64,
    pub(crate) read: bool,
    pub(crate) flagged: bool,
    pub(crate) categories: Vec<String>,
    /// The subject that replaced the one that the message came with.
    pub(crate) subject: Option<String>,
    pub(crate) content: Content,
}

/// The mailbox. Messages stand in the order of arrival and their ids count them; deleted ones leave a gap.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) letters: Arc<Letters>,
    pub(crate) folders: Folders,
    slots: Vec<Option<Message>>,
    pub(crate) journal: Journal,
    conversations: Threads,
}

impl Mailbox {
    /// A mailbox with generated mail and messages that were there from the start, in the order of their dates.
    pub(crate) fn new(letters: Letters, stored: Vec<(Stored, i64)>) -> Self {
        let mut folders = Folders::new();
        if letters.count > 0 {
            let [first, second, inner] = folders::OWN;
            folders.add(first, folders::ROOT, 0);
            let outer = folders.add(second, folders::ROOT, 0);
            folders.add(inner, outer, 0);
        }
        let mut mailbox = Self {
            folders,
            slots: Vec::with_capacity(letters.count as usize + stored.len()),
            journal: Journal::new(),
            conversations: Threads::default(),
            letters: Arc::new(letters),
        };
        mailbox.load(stored);
        mailbox
    }

    fn load(&mut self, stored: Vec<(Stored, i64)>) {
        let letters = self.letters.clone();
        let generated =
            (0..letters.count).map(|index| (letters.date(index), Content::Generated(index)));
        let given = stored
            .into_iter()
            .map(|(stored, date)| (date, Content::Stored(Arc::new(stored))));
        let mut all: Vec<(i64, Content)> = generated.chain(given).collect();
        all.sort_by_key(|(date, _)| *date);
        for (date, content) in all {
            let traits = match &content {
                Content::Generated(index) => Some(letters.traits(*index)),
                Content::Stored(_) => None,
            };
            let folder = traits.map_or(folders::INBOX, |traits| self.folder_of(traits));
            let read = traits.is_none_or(|traits| !traits.unread);
            let id = self.insert(content, folder, date, read);
            let starred = traits.is_some_and(|traits| traits.starred);
            if let Some(message) = self.get_mut(id) {
                message.flagged = starred;
            }
        }
    }

    fn folder_of(&self, traits: Traits) -> u32 {
        let own = traits.own_label.and_then(|nth| folders::OWN.get(nth));
        match own.and_then(|name| self.folders.named(name)) {
            _ if traits.spam => folders::JUNK,
            _ if traits.trash => folders::DELETED,
            _ if traits.sent => folders::SENT,
            Some(own) => own,
            None if traits.inbox => folders::INBOX,
            None => folders::ARCHIVE,
        }
    }

    /// Puts a message at the end and returns its id.
    fn insert(&mut self, content: Content, folder: u32, date: i64, read: bool) -> u64 {
        let id = self.slots.len() as u64 + 1;
        let thread = self.thread_of(&content).unwrap_or(id);
        match &content {
            Content::Generated(_) => self.conversations.note_generated(thread),
            Content::Stored(stored) => {
                let message_id = &stored.envelope.message_id;
                self.conversations.note_stored(message_id, thread);
            }
        }
        self.slots.push(Some(Message {
            id,
            thread,
            folder,
            moves: 0,
            version: 0,
            received: date,
            modified: date,
            read,
            flagged: false,
            categories: Vec::new(),
            subject: None,
            content,
        }));
        self.count(folder, read, 1);
        id
    }

    fn thread_of(&self, content: &Content) -> Option<u64> {
        match content {
            Content::Generated(index) => self.conversations.of_parent(&self.letters, *index),
            Content::Stored(stored) => {
                let references = stored.envelope.references.iter().map(String::as_str);
                self.conversations.of_answer(&self.letters, references)
            }
        }
    }

    fn count(&mut self, folder: u32, read: bool, by: isize) {
        if let Some(folder) = self.folders.get_mut(folder) {
            folder.total = folder.total.saturating_add_signed(by);
            if !read {
                folder.unread = folder.unread.saturating_add_signed(by);
            }
        }
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Message> {
        self.slots.get(index_of(id)?)?.as_ref()
    }

    fn get_mut(&mut self, id: u64) -> Option<&mut Message> {
        self.slots.get_mut(index_of(id)?)?.as_mut()
    }

    /// Delivers a message now.
    pub(crate) fn deliver(&mut self, stored: Stored, folder: u32, now: i64, read: bool) -> u64 {
        let id = self.insert(Content::Stored(Arc::new(stored)), folder, now, read);
        self.journal.note(id, folder, 0, Happening::Arrived);
        id
    }

    /// Changes a message; false if there is none.
    pub(crate) fn change(&mut self, id: u64, now: i64, edit: impl FnOnce(&mut Message)) -> bool {
        let Some(message) = self.get_mut(id) else {
            return false;
        };
        let (folder, before) = (message.folder, message.read);
        edit(message);
        message.version += 1;
        message.modified = now;
        let (after, moves) = (message.read, message.moves);
        self.count(folder, before, -1);
        self.count(folder, after, 1);
        self.journal.note(id, folder, moves, Happening::Changed);
        true
    }

    /// Moves a message; false if there is no such message or folder.
    pub(crate) fn relocate(&mut self, id: u64, folder: u32, now: i64) -> bool {
        let known = self.folders.get(folder).is_some();
        let Some(message) = self.get_mut(id).filter(|_| known) else {
            return false;
        };
        let (before, read) = (message.folder, message.read);
        if before == folder {
            return true;
        }
        message.folder = folder;
        message.moves += 1;
        message.version += 1;
        message.modified = now;
        let moves = message.moves;
        self.count(before, read, -1);
        self.count(folder, read, 1);
        self.journal.note(id, before, moves - 1, Happening::Left);
        self.journal.note(id, folder, moves, Happening::Arrived);
        true
    }

    /// Deletes for ever; false if there is no such message.
    pub(crate) fn delete(&mut self, id: u64) -> bool {
        let slot = index_of(id).and_then(|index| self.slots.get_mut(index));
        let Some(message) = slot.and_then(Option::take) else {
            return false;
        };
        self.count(message.folder, message.read, -1);
        self.journal
            .note(id, message.folder, message.moves, Happening::Left);
        true
    }

    /// Makes a folder and returns its number.
    pub(crate) fn add_folder(&mut self, name: &str, parent: u32) -> u32 {
        self.folders.add(name, parent, self.journal.advance())
    }

    /// Renames a folder; false if there is none.
    pub(crate) fn rename_folder(&mut self, number: u32, name: &str) -> bool {
        let seq = self.journal.advance();
        let Some(folder) = self.folders.get_mut(number) else {
            return false;
        };
        name.clone_into(&mut folder.name);
        folder.changed = seq;
        true
    }

    /// Moves a folder into another; false if there is none, or if it would be in itself.
    pub(crate) fn move_folder(&mut self, number: u32, parent: u32) -> bool {
        let mut above = Some(parent);
        while let Some(next) = above.filter(|next| *next != folders::ROOT) {
            if next == number {
                return false;
            }
            above = self.folders.get(next).map(|folder| folder.parent);
        }
        let seq = self.journal.advance();
        let Some(folder) = self.folders.get_mut(number) else {
            return false;
        };
        folder.parent = parent;
        folder.changed = seq;
        true
    }

    /// Deletes a folder with what is in it, for ever; false if there is none, or if it is one of the mailbox's own.
    pub(crate) fn delete_folder(&mut self, number: u32) -> bool {
        let own = self
            .folders
            .get(number)
            .is_none_or(|folder| folder.well_known.is_some());
        if own {
            return false;
        }
        let children: Vec<u32> = self
            .folders
            .children(number)
            .map(|child| child.number)
            .collect();
        for child in children {
            self.delete_folder(child);
        }
        let inside: Vec<u64> = self.in_folder(number).map(|message| message.id).collect();
        for id in inside {
            self.delete(id);
        }
        let seq = self.journal.advance();
        if let Some(folder) = self.folders.get_mut(number) {
            folder.changed = seq;
            folder.deleted = true;
        }
        true
    }

    /// From the newest, starting below a position; with the position of each.
    pub(crate) fn newest(&self, below: usize) -> impl Iterator<Item = (usize, &Message)> {
        let end = below.min(self.slots.len());
        let slots = self.slots.get(..end).unwrap_or_default();
        slots
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(at, slot)| Some((at, slot.as_ref()?)))
    }

    /// All messages, the newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Message> {
        self.newest(usize::MAX).map(|(_, message)| message)
    }

    fn in_folder(&self, folder: u32) -> impl Iterator<Item = &Message> {
        self.all().filter(move |message| message.folder == folder)
    }

    /// The position that all messages are below.
    pub(crate) fn end(&self) -> usize {
        self.slots.len()
    }

    /// The n-th message from the end, counted around; for random edits.
    pub(crate) fn some(&self, number: u64) -> Option<&Message> {
        let start = usize::try_from(number % (self.slots.len().max(1) as u64)).ok()?;
        let below = |end| self.newest(end).next().map(|(_, message)| message);
        below(start + 1).or_else(|| below(usize::MAX))
    }
}

fn index_of(id: u64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(count: u32) -> Mailbox {
        let letters = Letters {
            seed: 3,
            owner: "a@acme.example".to_owned(),
            owner_name: "A".to_owned(),
            epoch: 1_793_491_200_000,
            count,
        };
        Mailbox::new(letters, Vec::new())
    }

    fn totals(mailbox: &Mailbox) -> Vec<(usize, usize)> {
        let folders = mailbox.folders.all().iter();
        folders
            .map(|folder| (folder.total, folder.unread))
            .collect()
    }

    #[test]
    fn folders_count_what_is_in_them() {
        let mut mailbox = mailbox(300);
        let counted = |mailbox: &Mailbox| -> Vec<(usize, usize)> {
            let folders = mailbox.folders.all().iter();
            let count = folders.map(|folder| {
                let inside: Vec<_> = mailbox.in_folder(folder.number).collect();
                (
                    inside.len(),
                    inside.iter().filter(|message| !message.read).count(),
                )
            });
            count.collect()
        };
        assert_eq!(totals(&mailbox), counted(&mailbox));
        assert!(
            totals(&mailbox)
                .iter()
                .filter(|(total, _)| *total > 0)
                .count()
                > 5
        );
        for id in 1..60 {
            match id % 3 {
                0 => mailbox.delete(id),
                1 => mailbox.relocate(id, folders::ARCHIVE, 0),
                _ => mailbox.change(id, 0, |message| message.read = !message.read),
            };
        }
        assert_eq!(totals(&mailbox), counted(&mailbox));
    }

    #[test]
    fn answers_join_the_thread() {
        let mut mailbox = mailbox(5);
        let letter = |text: &str| Stored::new(text.as_bytes().to_vec());
        let first = letter("Message-ID: <one@x>\r\n\r\nhello");
        let first = mailbox.deliver(first, folders::INBOX, 0, true);
        let answer = letter("Message-ID: <two@x>\r\nReferences: <zero@x> <one@x>\r\n\r\nyes");
        let answer = mailbox.deliver(answer, folders::SENT, 0, true);
        assert_eq!(
            mailbox.get(answer).map(|message| message.thread),
            Some(first)
        );
    }

    #[test]
    fn a_folder_moves_but_not_into_itself() {
        let mut mailbox = mailbox(0);
        let outer = mailbox.add_folder("Trips", folders::ROOT);
        let inner = mailbox.add_folder("Rome", outer);
        assert!(!mailbox.move_folder(outer, inner) && !mailbox.move_folder(outer, outer));
        assert!(mailbox.move_folder(inner, folders::INBOX));
        let parent = mailbox.folders.get(inner).map(|folder| folder.parent);
        assert_eq!(parent, Some(folders::INBOX));
    }

    #[test]
    fn a_deleted_folder_takes_its_mail_along() {
        let mut mailbox = mailbox(0);
        let folder = mailbox.add_folder("Trips", folders::ROOT);
        let inner = mailbox.add_folder("Rome", folder);
        let id = mailbox.deliver(Stored::new(b"\r\n".to_vec()), inner, 0, true);
        assert!(mailbox.delete_folder(folder));
        assert!(mailbox.get(id).is_none() && mailbox.folders.get(inner).is_none());
        assert!(!mailbox.delete_folder(folders::INBOX) && !mailbox.delete_folder(folder));
    }
}
