//! Boxes that take files for accounts of Deputy's own: whose a name is, where its files go, and what becomes of them.
//!
//! ```text
//! name ─► DropBox ─► Depots (the destination, opened) ─► files ─► manifest ─► Notifier (webhook)
//!            │                                                        │
//!            └─► standing: the condition DropzoneReady                └─► Caretaker: expiry, left-overs, webhooks again
//! ```
//!
//! The page and the inbox themselves are the server's, on every replica. The caretaker is the leader's.

mod caretaker;
mod depots;
mod notices;
mod notifier;
mod standing;

use std::sync::Arc;

use kube::{Resource, ResourceExt};
use url::Url;

use super::cluster::Cluster;
use super::home::account;
use crate::api::ServiceAccountConnection;
use crate::kube_io::key::ObjectKey;
use crate::model::email::Email;
use crate::providers::deputy::dropzone::DropzoneSpec;
use crate::providers::deputy::spec::DeputySpec;

pub use caretaker::Caretaker;
pub use depots::Depots;
pub use notices::Notices;
pub use notifier::Notifier;
pub(in crate::controllers) use notifier::webhook_allowed;
use standing::inbox_url;
pub(in crate::controllers) use standing::{CLOSED, Sight, Standing, standing};

/// What all paths of boxes begin with.
pub const BASE: &str = "/dropzone";

/// The most bytes of a manifest: more than ten files with the longest names and the longest message need.
pub const MOST_MANIFEST_BYTES: u64 = 256 * 1024;

/// How this process serves boxes.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// What the boxes' URLs begin with; none where the operator was not told.
    pub url: Option<Url>,
}

impl Service {
    /// Returns where a box is; without the server's name where the operator was not told.
    pub fn url_of(&self, username: &Email) -> String {
        let base = self.url.as_ref().map_or("", Url::as_str);
        format!("{}{}", base.trim_end_matches('/'), path_of(username))
    }
}

/// Returns the path of a box.
pub fn path_of(username: &Email) -> String {
    format!("{BASE}/{}", encoded(username.as_str()))
}

fn encoded(segment: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'@')
        .remove(b'.')
        .remove(b'-')
        .remove(b'_');
    utf8_percent_encode(segment, KEPT).to_string()
}

/// An account's box.
#[derive(Clone)]
pub struct DropBox {
    /// The account.
    pub account: Arc<ServiceAccountConnection>,
    /// What the YAML says of the account.
    pub about: DeputySpec,
    /// What the YAML says of the box.
    pub spec: DropzoneSpec,
}

impl DropBox {
    /// Finds the box of a name. Of several accounts with the name, the oldest alone counts. None where there is no box, for
    /// whatever reason.
    pub fn find(cluster: &Cluster, username: &Email) -> Option<Self> {
        let age = |object: &ServiceAccountConnection| {
            (
                object.meta().creation_timestamp.clone(),
                ObjectKey::of(object),
            )
        };
        let has_name = |object: &Arc<ServiceAccountConnection>| {
            account(object).is_some_and(|account| &account.username == username)
        };
        let named = cluster.connections.all().into_iter().filter(has_name);
        Self::of(named.min_by_key(|object| age(object))?)
    }

    /// Returns the box of an account, if it has one that is open at all.
    pub fn of(object: Arc<ServiceAccountConnection>) -> Option<Self> {
        if object.meta().deletion_timestamp.is_some() {
            return None;
        }
        let about = account(&object)?.clone();
        let spec = about.open_dropzone()?.clone();
        Some(Self {
            account: object,
            about,
            spec,
        })
    }

    /// Returns the account's object.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::of(&*self.account)
    }

    /// Returns what tells this account from a later one of the same name.
    pub fn uid(&self) -> String {
        self.account.uid().unwrap_or_default()
    }

    /// Returns what the page is headed with.
    pub fn label(&self) -> &str {
        let named = self
            .spec
            .label
            .as_deref()
            .or(self.about.display_name.as_deref());
        named.unwrap_or(self.about.username.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_a_url_whatever_its_name_is() {
        let at = |url: Option<&str>, name: &str| {
            let url = url.map(|url| url.parse().unwrap());
            Service { url }.url_of(&name.parse().unwrap())
        };
        let edge = Some("https://in.acme.example");
        assert_eq!(
            at(edge, "Drop.Box-1@acme.example"),
            "https://in.acme.example/dropzone/drop.box-1@acme.example"
        );
        assert_eq!(at(None, "a/../b?#%@x"), "/dropzone/a%2F..%2Fb%3F%23%25@x");
        assert_eq!(
            at(edge, "bücher@x"),
            "https://in.acme.example/dropzone/b%C3%BCcher@x"
        );
    }
}
