//! The folders of a mailbox.

/// The folder that all others are in; it is not listed.
pub(crate) const ROOT: u32 = 0;
pub(crate) const INBOX: u32 = 1;
pub(crate) const DRAFTS: u32 = 2;
pub(crate) const SENT: u32 = 3;
pub(crate) const DELETED: u32 = 4;
pub(crate) const JUNK: u32 = 5;
pub(crate) const ARCHIVE: u32 = 6;

/// Well-known names and the names that people see.
const WELL_KNOWN: &[(&str, &str)] = &[
    ("msgfolderroot", "Top of Information Store"),
    ("inbox", "Inbox"),
    ("drafts", "Drafts"),
    ("sentitems", "Sent Items"),
    ("deleteditems", "Deleted Items"),
    ("junkemail", "Junk Email"),
    ("archive", "Archive"),
    ("outbox", "Outbox"),
];
/// Folders that generated mail is filed in; the last one is in the second.
pub(crate) const OWN: [&str; 3] = ["Invoices", "Projects", "2026"];

#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) parent: u32,
    pub(crate) well_known: Option<&'static str>,
    /// The number of its last change.
    pub(crate) changed: u64,
    pub(crate) deleted: bool,
    pub(crate) total: usize,
    pub(crate) unread: usize,
}

/// All folders, by number; deleted ones stay, so that their end can be told.
#[derive(Debug)]
pub(crate) struct Folders {
    all: Vec<Folder>,
}

impl Folders {
    pub(crate) fn new() -> Self {
        let mut folders = Self { all: Vec::new() };
        for (well_known, name) in WELL_KNOWN {
            let number = folders.add(name, ROOT, 0);
            if let Some(folder) = folders.get_mut(number) {
                folder.well_known = Some(well_known);
            }
        }
        folders
    }

    /// Makes a folder and returns its number; `seq` is that of the change.
    pub(crate) fn add(&mut self, name: &str, parent: u32, seq: u64) -> u32 {
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(Folder {
            number,
            name: name.to_owned(),
            parent,
            well_known: None,
            changed: seq,
            deleted: false,
            total: 0,
            unread: 0,
        });
        number
    }

    /// A folder that exists.
    pub(crate) fn get(&self, number: u32) -> Option<&Folder> {
        let index = usize::try_from(number).ok()?;
        self.all.get(index).filter(|folder| !folder.deleted)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Folder> {
        let index = usize::try_from(number).ok()?;
        self.all.get_mut(index).filter(|folder| !folder.deleted)
    }

    pub(crate) fn well_known(&self, name: &str) -> Option<u32> {
        let fits = |folder: &&Folder| {
            folder
                .well_known
                .is_some_and(|known| known.eq_ignore_ascii_case(name))
        };
        self.all.iter().find(fits).map(|folder| folder.number)
    }

    /// A folder of any place, by the name that people see.
    pub(crate) fn named(&self, name: &str) -> Option<u32> {
        let fits =
            |folder: &&Folder| !folder.deleted && folder.number != ROOT && folder.name == name;
        self.all.iter().find(fits).map(|folder| folder.number)
    }

    /// Every folder but the root, deleted ones included.
    pub(crate) fn all(&self) -> &[Folder] {
        self.all.get(1..).unwrap_or_default()
    }

    /// The folders in a folder.
    pub(crate) fn children(&self, parent: u32) -> impl Iterator<Item = &Folder> {
        self.all()
            .iter()
            .filter(move |folder| folder.parent == parent && !folder.deleted)
    }
}
