//! A cache of the objects of one kind, and the news of which of them changed.
//!
//! Each watch has its own back-off, so that one that fails holds up no other, and its own [`Progress`]. Slow readers lose
//! nothing and hold up nobody: who falls behind is told of every object once.
//! A cache that lacks an object is no proof that it is gone: confirm with a live read before anything irreversible.

use std::collections::{HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use k8s_openapi::NamespaceResourceScope;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::reflector::store::{Store, Writer};
use kube::runtime::watcher::{self, Event, watcher};
use kube::runtime::{WatchStreamExt, reflector};
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;

use super::guarded::{Guarded, trim};
use super::key::{ObjectKey, Scope, kind_of};
use super::progress::Progress;

/// How much news a reader may leave unread before it is told of everything instead.
const UNREAD: usize = 1024;

/// How often a cache is looked at by those who wait for it to be complete.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How often an idle watch shows that it is alive.
const BEAT: Duration = Duration::from_secs(10);

/// The future that keeps a cache up to date. It runs until it is dropped.
pub type Drive = BoxFuture<'static, ()>;

/// Whole objects of a kind of ours.
pub type Objects<K> = Watched<Guarded<K>>;

/// Names, labels and versions of objects of any kind; never their content, nor their annotations.
pub type Metadata<K> = Watched<PartialObjectMeta<K>>;

/// The objects of one kind in a [`Scope`], as last heard. Clones share the cache.
#[derive(Clone)]
pub struct Watched<T: Resource<DynamicType = ()> + 'static> {
    store: Store<T>,
    news: broadcast::Sender<ObjectKey>,
    progress: Progress,
}

/// Watches whole objects of a kind.
pub fn objects<K>(client: Client, scope: &Scope) -> (Objects<K>, Drive)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    let api = scope.api::<DeserializeGuard<K>>(client);
    let events = watcher(api, watcher::Config::default())
        .map_ok(|event| map(event, Guarded::new))
        .default_backoff();
    start(kind_of::<K>(), events)
}

/// Watches the metadata of a namespaced kind, for instance Secrets.
pub fn metadata<K>(client: Client, scope: &Scope) -> (Metadata<K>, Drive)
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
        + Send
        + Sync
        + 'static,
{
    metadata_of(scope.api::<PartialObjectMeta<K>>(client))
}

/// Watches the metadata behind any API, for instance that of cluster-scoped Namespaces.
pub fn metadata_of<K>(api: Api<PartialObjectMeta<K>>) -> (Metadata<K>, Drive)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let events = watcher(api, watcher::Config::default())
        .map_ok(|event| map(event, bare))
        .default_backoff();
    start(kind_of::<K>(), events)
}

impl<T> Watched<T>
where
    T: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
{
    /// Returns the pulse of the watch.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Streams the keys of what is there, and from then on of everything that appears, changes or goes.
    ///
    /// A key means "look again", not what happened: the same one may come twice, and the newest state is in the cache.
    pub fn changes(&self) -> BoxStream<'static, ObjectKey> {
        let reader = Reader {
            news: self.news.subscribe(),
            backlog: keys(&self.store),
            store: self.store.clone(),
        };
        stream::unfold(reader, |mut reader| async move {
            let key = reader.next().await?;
            Some((key, reader))
        })
        .boxed()
    }

    /// Waits until the cache has been complete once; for ever, if nobody fills it. **Cancel**: safe.
    pub async fn complete(&self) {
        // Looked at again and again, since the store's own signal wakes only the last of several who wait for it.
        while !self.progress.is_synced() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Returns the cache itself.
    pub(crate) fn store(&self) -> &Store<T> {
        &self.store
    }

    fn cached(&self, key: &ObjectKey) -> Option<Arc<T>> {
        self.store.get(&key.to_ref())
    }
}

impl<K> Watched<Guarded<K>>
where
    K: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
{
    /// Returns an object, if it is there and decodable.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<K>> {
        self.cached(key)?.decoded()
    }

    /// Returns whether an object is there and cannot be decoded.
    pub fn is_undecodable(&self, key: &ObjectKey) -> bool {
        self.cached(key)
            .is_some_and(|cached| cached.decoded().is_none())
    }

    /// Streams the keys of what is there, and from then on only of what appears, goes, differs in `aspect`, or can no
    /// longer be decoded.
    ///
    /// For those who follow objects of another kind: most changes of an object are of its status, and to follow
    /// them all would make objects that follow each other write for ever.
    pub fn changes_in<A: Hash>(
        &self,
        aspect: impl Fn(&K) -> A + Send + 'static,
    ) -> BoxStream<'static, ObjectKey> {
        let store = self.store.clone();
        let mut seen = HashMap::new();
        let mut differs = move |key: &ObjectKey| {
            let Some(cached) = store.get(&key.to_ref()) else {
                return seen.remove(key).is_some();
            };
            let object = cached.decoded();
            let digest = digest(&(cached.uid(), object.map(|object| aspect(&object))));
            seen.insert(key.clone(), digest) != Some(digest)
        };
        self.changes()
            .filter(move |key| std::future::ready(differs(key)))
            .boxed()
    }

    /// Returns all objects that are decodable, in no order.
    pub fn all(&self) -> Vec<Arc<K>> {
        let cached = self.store.state();
        cached.iter().filter_map(|item| item.decoded()).collect()
    }
}

impl<K> Watched<PartialObjectMeta<K>>
where
    K: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
{
    /// Returns the metadata of an object, if it is there.
    pub fn get(&self, key: &ObjectKey) -> Option<Arc<PartialObjectMeta<K>>> {
        self.cached(key)
    }
}

struct Reader<T: Resource<DynamicType = ()> + 'static> {
    news: broadcast::Receiver<ObjectKey>,
    backlog: VecDeque<ObjectKey>,
    store: Store<T>,
}

impl<T: Resource<DynamicType = ()> + Clone + 'static> Reader<T> {
    async fn next(&mut self) -> Option<ObjectKey> {
        loop {
            if let Some(key) = self.backlog.pop_front() {
                return Some(key);
            }
            match self.news.recv().await {
                Ok(key) => return Some(key),
                Err(broadcast::error::RecvError::Lagged(_)) => self.backlog = keys(&self.store),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

fn digest(aspect: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    aspect.hash(&mut hasher);
    hasher.finish()
}

fn keys<T: Resource<DynamicType = ()> + Clone + 'static>(store: &Store<T>) -> VecDeque<ObjectKey> {
    let cached = store.state();
    cached
        .iter()
        .map(|object| ObjectKey::of(&**object))
        .collect()
}

/// A Secret's last-applied annotation holds the secret, so no annotation is kept.
fn bare<K>(mut object: PartialObjectMeta<K>) -> PartialObjectMeta<K> {
    trim(&mut object.metadata);
    object.metadata.annotations = None;
    object
}

fn map<A, B>(event: Event<A>, f: impl FnOnce(A) -> B) -> Event<B> {
    match event {
        Event::Apply(object) => Event::Apply(f(object)),
        Event::Delete(object) => Event::Delete(f(object)),
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(f(object)),
        Event::InitDone => Event::InitDone,
    }
}

fn start<T, S>(kind: &'static str, events: S) -> (Watched<T>, Drive)
where
    T: Resource<DynamicType = ()> + Clone + Send + Sync + 'static,
    S: Stream<Item = watcher::Result<Event<T>>> + Send + 'static,
{
    let (store, writer) = reflector::store();
    let watched = Watched {
        store,
        news: broadcast::Sender::new(UNREAD),
        progress: Progress::new(kind),
    };
    let drive = Cache {
        watched: watched.clone(),
        writer,
    }
    .drive(events)
    .boxed();
    (watched, drive)
}

struct Cache<T: Resource<DynamicType = ()> + Clone + 'static> {
    watched: Watched<T>,
    writer: Writer<T>,
}

impl<T: Resource<DynamicType = ()> + Clone + Send + Sync + 'static> Cache<T> {
    async fn drive(mut self, events: impl Stream<Item = watcher::Result<Event<T>>>) {
        let mut events = pin!(events);
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => self.take(&event),
                    Some(Err(error)) => self.complain(&error),
                    None => return,
                },
                _ = beat.tick() => self.watched.progress.beat(),
            }
        }
    }

    fn take(&mut self, event: &Event<T>) {
        self.watched.progress.heard();
        match event {
            Event::Apply(object) | Event::Delete(object) => {
                let key = ObjectKey::of(object);
                self.writer.apply_watcher_event(event);
                self.tell(key);
            }
            Event::InitDone => self.swap_in(event),
            Event::Init | Event::InitApply(_) => self.writer.apply_watcher_event(event),
        }
    }

    /// After a new listing only what differs from the old one is news: a lost connection causes no burst.
    fn swap_in(&mut self, event: &Event<T>) {
        let before = self.versions();
        self.writer.apply_watcher_event(event);
        self.watched.progress.synced();
        let after = self.versions();
        for (key, version) in &after {
            if before.get(key) != Some(version) {
                self.tell(key.clone());
            }
        }
        for key in before.into_keys().filter(|key| !after.contains_key(key)) {
            self.tell(key);
        }
    }

    fn versions(&self) -> HashMap<ObjectKey, Option<String>> {
        let cached = self.watched.store.state();
        cached
            .iter()
            .map(|object| (ObjectKey::of(&**object), object.resource_version()))
            .collect()
    }

    fn tell(&self, key: ObjectKey) {
        // Nobody listening is no fault: the cache alone may be what is wanted.
        let _ = self.watched.news.send(key);
    }

    fn complain(&self, error: &watcher::Error) {
        self.watched.progress.failed();
        let kind = self.watched.progress.kind();
        tracing::warn!(watch.kind = kind, %error, "a watch failed, and is taken up again after a while");
    }
}
