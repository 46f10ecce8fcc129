//! A place in a bucket, and what a reader without Deputy finds there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, parse_url_opts, path};
use serde_json::{Value, json};
use url::Url;

use crate::support::guard;

/// A place in a bucket, and how to sign in to its store.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// What a connection calls it.
    pub(crate) url: String,
    /// The entries of the Secret.
    pub(crate) entries: Vec<(String, String)>,
}

impl Bucket {
    pub(crate) fn new(url: String, entries: &[(&str, &str)]) -> Self {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            url,
            entries: entries.iter().map(own).collect(),
        }
    }

    /// The same place with another value of one entry, or with one more.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.entries.retain(|(known, _)| known != name);
        self.entries.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The connection's destination, with a Secret of this name.
    pub(crate) fn spec(&self, secret: &str) -> Value {
        json!({"objectStore": {"url": self.url, "credentialsSecretRef": {"name": secret}}})
    }

    /// The Secret's entries.
    pub(crate) fn string_data(&self) -> Value {
        let entries = self.entries.iter();
        entries
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect()
    }

    /// The paths of all objects, from the place on, but those of a check, which come and go.
    pub(crate) async fn stored(&self) -> Vec<String> {
        let (store, place) = self.open();
        let objects = store.list(Some(&place)).try_collect::<Vec<_>>().await;
        let below = |path: &path::Path| {
            let parts = path.prefix_match(&place).expect("is in the place");
            parts.collect::<path::Path>().to_string()
        };
        let objects = objects.expect("lists objects").into_iter();
        let mut paths: Vec<String> = objects.map(|object| below(&object.location)).collect();
        paths.retain(|path| !path.starts_with("_deputy/"));
        paths.sort();
        paths
    }

    /// Reads an object.
    pub(crate) async fn read(&self, path: &str) -> Vec<u8> {
        let (store, place) = self.open();
        let path: path::Path = place
            .parts()
            .chain(path::Path::from(path).parts())
            .collect();
        let object = store.get(&path).await.expect("is there");
        object.bytes().await.expect("reads").to_vec()
    }

    /// Puts all objects into a new folder, as a tool that copies buckets does.
    pub(crate) async fn copy(&self) -> PathBuf {
        let folder = guard::new_folder("copy");
        for path in self.stored().await {
            let file = folder.join(&path);
            let parent = file.parent().map(Path::to_owned).expect("is in a folder");
            std::fs::create_dir_all(parent).expect("makes a folder");
            std::fs::write(file, self.read(&path).await).expect("writes a file");
        }
        folder
    }

    fn open(&self) -> (Arc<dyn ObjectStore>, path::Path) {
        let url = Url::parse(&self.url).expect("is a URL");
        let (store, place) = parse_url_opts(&url, self.entries.clone()).expect("fits together");
        (Arc::from(store), place)
    }
}
