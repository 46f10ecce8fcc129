//! Packages: transfers, dropzone uploads and workspaces.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::User;
use crate::instruments::clock::utc;
use crate::random::{hash, uuid};

/// Where a package is in its life. The numbers are those of the Windows client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum State {
    DeletedPartiallyComplete = -4,
    DeletedIncomplete,
    Temp,
    DeletedComplete,
    InProgress,
    ExpiredIncomplete,
    ExpiredComplete,
    ActiveComplete,
    ActiveIncomplete,
    ActivePartiallyComplete,
    ExpiredPartiallyComplete,
}

impl State {
    pub(crate) const ALL: [Self; 11] = [
        Self::ActiveComplete,
        Self::ActiveIncomplete,
        Self::ActivePartiallyComplete,
        Self::ExpiredComplete,
        Self::ExpiredIncomplete,
        Self::ExpiredPartiallyComplete,
        Self::InProgress,
        Self::DeletedComplete,
        Self::DeletedIncomplete,
        Self::DeletedPartiallyComplete,
        Self::Temp,
    ];

    /// The name that the vendor gives it.
    fn name(self) -> &'static str {
        match self {
            Self::DeletedPartiallyComplete => "PACKAGE_STATE_DELETED_PARTIALLY_COMPLETE",
            Self::DeletedIncomplete => "PACKAGE_STATE_DELETED_INCOMPLETE",
            Self::Temp => "PACKAGE_STATE_TEMP",
            Self::DeletedComplete => "PACKAGE_STATE_DELETED_COMPLETE",
            Self::InProgress => "PACKAGE_STATE_IN_PROGRESS",
            Self::ExpiredIncomplete => "PACKAGE_STATE_EXPIRED_INCOMPLETE",
            Self::ExpiredComplete => "PACKAGE_STATE_EXPIRED_COMPLETE",
            Self::ActiveComplete => "PACKAGE_STATE_ACTIVE_COMPLETE",
            Self::ActiveIncomplete => "PACKAGE_STATE_ACTIVE_INCOMPLETE",
            Self::ActivePartiallyComplete => "PACKAGE_STATE_ACTIVE_PARTIALLY_COMPLETE",
            Self::ExpiredPartiallyComplete => "PACKAGE_STATE_EXPIRED_PARTIALLY_COMPLETE",
        }
    }

    /// The word for it in lists.
    fn word(self) -> &'static str {
        match self {
            Self::ActiveComplete | Self::ActiveIncomplete | Self::ActivePartiallyComplete => {
                "Active"
            }
            Self::ExpiredComplete | Self::ExpiredIncomplete | Self::ExpiredPartiallyComplete => {
                "Expired"
            }
            Self::InProgress => "In Progress",
            Self::Temp => "Temporary",
            _ => "Deleted",
        }
    }
}

/// What a list can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Expired,
    Archived,
}

#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Milliseconds since 1970.
    pub(crate) uploaded: i64,
}

/// A package.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) id: String,
    /// Stands in links.
    pub(crate) code: String,
    /// The address of the account that it belongs to.
    pub(crate) owner: String,
    pub(crate) owner_id: String,
    /// Who uploaded; for a dropzone that is somebody outside.
    pub(crate) sender: String,
    pub(crate) dropzone: bool,
    pub(crate) workspace: bool,
    pub(crate) archived: bool,
    pub(crate) state: State,
    /// Days.
    pub(crate) life: u32,
    pub(crate) label: String,
    pub(crate) has_message: bool,
    pub(crate) recipients: Vec<String>,
    pub(crate) files: Vec<File>,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) updated: i64,
    /// The vendor's half of the key that the files are encrypted with.
    pub(crate) server_secret: String,
}

impl Package {
    pub(crate) fn has(&self, status: Status) -> bool {
        match status {
            Status::Archived => self.archived,
            Status::Active => !self.archived && self.state.word() == "Active",
            Status::Expired => !self.archived && self.state.word() == "Expired",
        }
    }

    /// Whether lists show it: what is only being begun has not been given to anybody.
    pub(crate) fn listed(&self) -> bool {
        self.state != State::Temp
    }

    /// Whether an account may see all of it.
    pub(crate) fn open_to(&self, user: &User) -> bool {
        user.admin || self.owner == user.email || self.is_for(&user.email)
    }

    pub(crate) fn is_for(&self, email: &str) -> bool {
        let mut recipients = self.recipients.iter();
        recipients.any(|recipient| recipient.eq_ignore_ascii_case(email))
    }

    /// As lists have it.
    pub(crate) fn entry(&self) -> Value {
        let names = self.files.iter().map(|file| &file.name);
        json!({
            "packageId": self.id,
            "packageCode": self.code,
            "packageUserName": self.owner,
            "packageUserId": self.owner_id,
            "packageSender": self.sender,
            "packageState": self.state as i32,
            "packageStateStr": self.state.word(),
            "packageLife": self.life,
            "packageUpdateTimestamp": stamp(self.updated),
            "packageUpdateTimestampStr": stamp(self.updated),
            "packageContainsMessage": self.has_message,
            "packageIsVdr": self.workspace,
            "packageLabel": self.label,
            "isDropzonePackage": self.dropzone,
            "needsApproval": false,
            "recipients": self.recipients,
            "contactGroups": [],
            "approverList": [],
            "filenames": names.collect::<Vec<_>>(),
        })
    }

    /// All of it. The server secret decrypts, together with a part that only links have.
    pub(crate) fn information(&self) -> Value {
        let recipients = self.recipients.iter().map(|email| self.recipient(email));
        json!({
            "packageId": self.id,
            "packageCode": self.code,
            "serverSecret": self.server_secret,
            "packageUserName": self.owner,
            "packageUserId": self.owner_id,
            "packageSender": self.sender,
            "packageTimestamp": stamp(self.created),
            "packageDescriptor": self.label,
            "label": self.label,
            "state": self.state.name(),
            "life": self.life,
            "isVDR": self.workspace,
            "isArchived": self.archived,
            "passwordRequired": false,
            "needsApproval": false,
            "rootDirectoryId": uuid(hash(&format!("root of {}", self.id))),
            "recipients": recipients.collect::<Vec<_>>(),
            "contactGroups": [],
            "approverList": [],
            "directories": [],
            "files": self.files.iter().map(|file| self.file(file)).collect::<Vec<_>>(),
        })
    }

    fn recipient(&self, email: &str) -> Value {
        json!({
            "recipientId": uuid(hash(&format!("{email} of {}", self.id))),
            "email": email,
            "fullName": email,
            "needsApproval": false,
            "confirmations": [],
            "isPackageOwner": false,
            "checkForPublicKeys": false,
            "roleName": "VIEWER",
        })
    }

    fn file(&self, file: &File) -> Value {
        json!({
            "fileId": file.id,
            "fileName": file.name,
            // A number as a text, as the vendor has it.
            "fileSize": file.size.to_string(),
            "parts": 1 + file.size / 2_621_440,
            "fileUploaded": stamp(file.uploaded),
            "fileUploadedStr": stamp(file.uploaded),
            "createdByEmail": self.sender,
            "fileVersion": "1",
        })
    }
}

/// `Dec 12, 2018 2:24:38 PM`, in UTC.
pub(crate) fn stamp(ms: i64) -> String {
    utc(ms).strftime("%b %-d, %Y %-I:%M:%S %p").to_string()
}

/// All packages.
#[derive(Debug, Default)]
pub(crate) struct Packages {
    by_id: BTreeMap<String, Package>,
    /// The list that was asked for last, until something changes: a long one is not worked out again for each of its pages.
    last: Mutex<Option<(String, Arc<[String]>)>>,
}

impl Packages {
    pub(crate) fn put(&mut self, package: Package) {
        *self.last.get_mut() = None;
        self.by_id.insert(package.id.clone(), package);
    }

    /// A package by its id or its code.
    pub(crate) fn find(&self, key: &str) -> Option<&Package> {
        let by_code = || self.by_id.values().find(|package| package.code == key);
        self.by_id.get(key).or_else(by_code)
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Package> {
        *self.last.get_mut() = None;
        self.by_id.get_mut(id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        *self.last.get_mut() = None;
        self.by_id.remove(id).is_some()
    }

    /// The ids of those that fit, the one that changed last first. `question` says in full what is asked for, and by whom.
    pub(crate) fn listed(&self, question: &str, fits: impl Fn(&Package) -> bool) -> Arc<[String]> {
        let mut last = self.last.lock();
        let known = last.as_ref().filter(|(asked, _)| asked == question);
        if let Some((_, ids)) = known {
            return Arc::clone(ids);
        }
        let found = self.newest(fits).into_iter().map(|one| one.id.clone());
        let ids: Arc<[String]> = found.collect();
        *last = Some((question.to_owned(), Arc::clone(&ids)));
        ids
    }

    /// Those that fit, the one that changed last first.
    pub(crate) fn newest(&self, fits: impl Fn(&Package) -> bool) -> Vec<&Package> {
        let mut found: Vec<&Package> = self.by_id.values().filter(|one| fits(one)).collect();
        found.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_vendors_numbers_and_times_the_vendors_form() {
        assert_eq!(State::DeletedPartiallyComplete as i32, -4);
        assert_eq!(State::InProgress as i32, 0);
        assert_eq!(State::ExpiredPartiallyComplete as i32, 6);
        assert_eq!(stamp(1_544_624_678_000), "Dec 12, 2018 2:24:38 PM");
    }

    fn package(id: &str, updated: i64) -> Package {
        Package {
            id: id.to_owned(),
            code: String::new(),
            owner: String::new(),
            owner_id: String::new(),
            sender: String::new(),
            dropzone: false,
            workspace: false,
            archived: false,
            state: State::ActiveComplete,
            life: 10,
            label: String::new(),
            has_message: false,
            recipients: Vec::new(),
            files: Vec::new(),
            created: updated,
            updated,
            server_secret: String::new(),
        }
    }

    #[test]
    fn a_list_is_worked_out_again_once_something_has_changed() {
        let mut packages = Packages::default();
        let listed = |packages: &Packages| packages.listed("all", |_| true).to_vec();
        packages.put(package("a", 1));
        assert_eq!(listed(&packages), ["a"]);
        packages.put(package("b", 2));
        assert_eq!(listed(&packages), ["b", "a"]);
        packages.find_mut("a").unwrap().updated = 3;
        assert_eq!(listed(&packages), ["a", "b"]);
        assert!(packages.remove("a"));
        assert_eq!(listed(&packages), ["b"]);
        assert!(packages.listed("none", |_| false).is_empty());
    }
}
