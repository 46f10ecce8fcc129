//! The tree of folders, and what its changes mean for the messages that are stored.

use std::collections::BTreeSet;

use super::cursor::{MOST_FOLDERS, Mailbox};
use super::record::is_excluded_label;
use super::wire::{FOLDER_FIELDS, LISTED_FIELDS, Page, WireFolder};
use crate::providers::Error;
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::microsoft365::export::ask::{Ask, Onward, Source};
use crate::providers::microsoft365::export::fault;
use crate::providers::reading::items::{self, Misread};
use crate::providers::reading::path::segment;

/// Pages of a tree beyond which something is wrong.
const MAX_PAGES: usize = 1_000;

/// Brings the tree up to date.
///
/// # Errors
/// [`Class::Expired`](crate::providers::Class) where a folder is gone, or is now kept out, of which messages may be
/// stored: the vendor does not name them, so that only a full listing and its sweep find them.
pub(super) async fn update<A: Ask>(
    source: Source<'_, A>,
    mailbox: &mut Mailbox,
) -> Result<(), Error> {
    let method = Method::FoldersDelta;
    let path = source.path("mailFolders/delta");
    let query = [("$select", FOLDER_FIELDS)];
    for _ in 0..MAX_PAGES {
        let target = mailbox
            .tree
            .as_ref()
            .map_or(Target::Path(&path, &query), Target::Link);
        let page: Page = source.get(method, target).await?;
        for item in &page.value {
            let folder: WireFolder =
                items::read(item).map_err(|Misread(why)| fault::malformed(method.name(), why))?;
            apply(source, mailbox, folder)?;
        }
        let links = (page.next_link.as_deref(), page.delta_link.as_deref());
        match source.onward(method, links, mailbox.tree.as_ref())? {
            Onward::More(next) => mailbox.tree = Some(next),
            Onward::Done(delta) => {
                mailbox.tree = Some(delta);
                return check(mailbox);
            }
        }
    }
    Err(fault::malformed(method.name(), "the tree does not end"))
}

fn apply<A: Ask>(
    source: Source<'_, A>,
    mailbox: &mut Mailbox,
    wire: WireFolder,
) -> Result<(), Error> {
    if wire.removed.is_some() {
        return remove(mailbox, &wire.id);
    }
    let folder = mailbox.folders.entry(wire.id).or_default();
    if let Some(name) = &wire.display_name {
        folder.out = is_excluded_label(name, &source.request.privacy);
    }
    if wire.parent_folder_id.is_some() {
        folder.parent = wire.parent_folder_id;
    }
    Ok(())
}

/// Forgets a folder that is gone.
pub(super) fn remove(mailbox: &mut Mailbox, id: &str) -> Result<(), Error> {
    match mailbox.folders.remove(id) {
        Some(folder) if folder.held => {
            let why = "A folder with messages is gone.";
            Err(fault::read_anew(Method::FoldersDelta.name(), why))
        }
        _ => Ok(()),
    }
}

/// A folder that is kept out is not read, so that what was stored of it before has to go.
fn check(mailbox: &mut Mailbox) -> Result<(), Error> {
    if mailbox.folders.len() > MOST_FOLDERS {
        return Err(fault::too_many_folders(MOST_FOLDERS));
    }
    let out: BTreeSet<String> = mailbox
        .folders
        .keys()
        .filter(|id| mailbox.is_out(id))
        .cloned()
        .collect();
    for (id, folder) in &mut mailbox.folders {
        if !out.contains(id) {
            continue;
        }
        if folder.held {
            let why = "A folder is now kept out by its name.";
            return Err(fault::read_anew(Method::FoldersDelta.name(), why));
        }
        // Should it be let in again, it is read from its start.
        folder.at = None;
    }
    Ok(())
}

/// Lists the folders that are kept out, with those in them, where names can keep a message out.
///
/// A listing by itself: it follows nothing, so that a full mailbox answers it too.
pub(super) async fn kept_out<A: Ask>(source: Source<'_, A>) -> Result<BTreeSet<String>, Error> {
    if source.request.privacy.exclude_labels.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut mailbox = Mailbox::default();
    let mut above = vec![None];
    while let Some(parent) = above.pop() {
        for (id, has_children) in list(source, parent.as_deref(), &mut mailbox).await? {
            above.extend(has_children.then_some(Some(id)));
        }
        if mailbox.folders.len() > MOST_FOLDERS {
            return Err(fault::too_many_folders(MOST_FOLDERS));
        }
    }
    let ids = mailbox.folders.keys();
    Ok(ids.filter(|id| mailbox.is_out(id)).cloned().collect())
}

/// Lists the folders in one, or at the top, and returns the id of each and whether there are more in it.
async fn list<A: Ask>(
    source: Source<'_, A>,
    parent: Option<&str>,
    mailbox: &mut Mailbox,
) -> Result<Vec<(String, bool)>, Error> {
    let method = Method::FoldersList;
    let rest = parent.map_or_else(
        || "mailFolders".to_owned(),
        |id| format!("mailFolders/{}/childFolders", segment(id)),
    );
    let path = source.path(&rest);
    let query = [("$select", LISTED_FIELDS), ("$top", "200")];
    let (mut found, mut next) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let target = next
            .as_ref()
            .map_or(Target::Path(&path, &query), Target::Link);
        let page: Page = source.get(method, target).await?;
        for item in &page.value {
            let folder: WireFolder =
                items::read(item).map_err(|Misread(why)| fault::malformed(method.name(), why))?;
            found.push((folder.id.clone(), folder.child_folder_count > Some(0)));
            apply(source, mailbox, folder)?;
        }
        match page.next_link.as_deref() {
            Some(link) => next = Some(source.api.link(method, link)?),
            None => return Ok(found),
        }
    }
    Err(fault::malformed(method.name(), "the folders do not end"))
}
