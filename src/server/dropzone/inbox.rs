//! The account's own side of its box: what was sent, for whoever has a key of the account.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use serde_json::json;

use super::refusal::Refusal;
use super::reply::{self, Reply};
use super::{Dropzone, failed};
use crate::api::ServiceAccountConnection;
use crate::controllers::dropzone::MOST_MANIFEST_BYTES;
use crate::controllers::home::account;
use crate::destinations::quarantine::Quarantine;
use crate::model::email::Email;
use crate::model::key::Purpose;
use crate::model::upload::{Manifest, UploadId};

/// How many uploads a list has, where nothing is asked for.
const PAGE: usize = 50;
/// How many it has at most.
const MOST: usize = 100;

/// What is asked of a list.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    /// Only what began before this one.
    before: Option<UploadId>,
    limit: usize,
}

impl Dropzone {
    /// Lists what was sent, the newest first.
    pub(super) async fn list(
        &self,
        from: IpAddr,
        headers: &HeaderMap,
        username: Option<&Email>,
        query: &str,
    ) -> Result<Reply, Refusal> {
        let quarantine = self.own(from, headers, username).await?;
        let query = Query::read(query);
        let mut ids = quarantine.uploads().await.map_err(|error| failed(&error))?;
        ids.retain(|id| query.before.as_ref().is_none_or(|before| id < before));
        let mut uploads = Vec::new();
        let mut next = None;
        for id in ids.into_iter().rev() {
            if uploads.len() >= query.limit {
                next = uploads.last().map(|last: &Manifest| last.upload.clone());
                break;
            }
            uploads.extend(self.manifest(&*quarantine, &id).await?);
        }
        let document = json!({"uploads": uploads, "before": next});
        Ok(reply::json(StatusCode::OK, &document))
    }

    /// Hands a file out.
    pub(super) async fn download(
        &self,
        from: IpAddr,
        headers: &HeaderMap,
        username: Option<&Email>,
        (upload, number): (&str, &str),
    ) -> Result<Reply, Refusal> {
        let quarantine = self.own(from, headers, username).await?;
        let id: UploadId = upload.parse().map_err(|_| Refusal::no_upload())?;
        let manifest = self.manifest(&*quarantine, &id).await?;
        let files = manifest.map(|manifest| manifest.files).unwrap_or_default();
        let mut files = files.iter();
        let file = files.find(|file| file.number.to_string() == number);
        let file = file.ok_or_else(Refusal::no_upload)?;
        let read = quarantine.read(&id, file.number).await;
        let content = read.map_err(|error| failed(&error))?;
        let content = content.ok_or_else(Refusal::no_upload)?;
        Ok(reply::file(file, content))
    }

    /// Opens the place of the account that a key is of, which must be the one of the address.
    async fn own(
        &self,
        from: IpAddr,
        headers: &HeaderMap,
        username: Option<&Email>,
    ) -> Result<Arc<dyn Quarantine>, Refusal> {
        let admitted = self.authenticator.admit(from, headers, Purpose::Api).await;
        let caller = admitted.map_err(|denial| Refusal::of_denial(&denial))?;
        let object: &ServiceAccountConnection = &caller.account;
        let own = account(object).map(|account| &account.username);
        if own.is_none() || own != username {
            return Err(Refusal::anothers_inbox());
        }
        if object.spec.suspend == Some(true) {
            return Err(Refusal::unavailable());
        }
        let opened = self.depots.open(object).await;
        opened.map_err(|_| Refusal::unavailable())
    }

    /// Reads a manifest. None where the upload is not complete, is gone, or is none of ours.
    async fn manifest(
        &self,
        quarantine: &dyn Quarantine,
        id: &UploadId,
    ) -> Result<Option<Manifest>, Refusal> {
        let read = quarantine.manifest(id, MOST_MANIFEST_BYTES).await;
        let read = read.map_err(|error| failed(&error))?;
        Ok(read.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }
}

impl Query {
    /// Reads what is asked for. What makes no sense counts as not asked for.
    fn read(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let mut read = Self {
            before: None,
            limit: PAGE,
        };
        for (name, value) in pairs.take(10) {
            match name.as_ref() {
                "before" => read.before = value.parse().ok(),
                "limit" => read.limit = value.parse().unwrap_or(PAGE).clamp(1, MOST),
                _ => {}
            }
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_bounded_whatever_is_asked_for() {
        let limit = |query: &str| Query::read(query).limit;
        assert_eq!(limit(""), 50);
        assert_eq!(limit("limit=7&x=y"), 7);
        assert_eq!(limit("limit=1000000"), 100);
        assert_eq!(limit("limit=0"), 1);
        assert_eq!(limit("limit=-1"), 50);
        let id = "20261128T093012Z-4f0c9a17be21d386";
        let before = Query::read(&format!("before={id}")).before;
        assert_eq!(before.unwrap().as_str(), id);
        assert_eq!(Query::read("before=..%2F").before, None);
    }
}
