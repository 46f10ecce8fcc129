//! Tokens that were got already, each fetched by one caller while the others wait.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::token::Token;
use crate::model::clock::Clock;

/// A token is renewed when this much of its life is left.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// A token that has less than this left is not used: it could end on its way.
const LEAST: SignedDuration = SignedDuration::from_secs(30);
/// Entries beyond which those that have ended are dropped before another is added.
const MANY: usize = 256;

/// Keeps tokens by key. `E` is why one could not be got; all who waited for the same attempt get the same error.
#[derive(Debug)]
pub struct TokenCache<K, E> {
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<K, Arc<Slot<E>>>>,
}

#[derive(Debug)]
struct Slot<E> {
    token: Mutex<Option<Token>>,
    /// Held by whoever fetches.
    fetching: tokio::sync::Mutex<Attempts<E>>,
    /// The number of the attempt that is next or under way.
    attempt: std::sync::atomic::AtomicU64,
}

#[derive(Debug)]
struct Attempts<E> {
    /// The attempt that failed last, and why.
    failed: Option<(u64, E)>,
}

impl<K: Eq + Hash + Clone, E: Clone> TokenCache<K, E> {
    /// Makes an empty cache.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            slots: Mutex::new(HashMap::new()),
        }
    }

    /// Returns the token for `key`, fetched with `fetch` if there is none that lasts. While one is renewed before its
    /// time, all others go on with it.
    ///
    /// # Errors
    /// What `fetch` said, once for all who waited. A token that is still good outlives a failed renewal.
    ///
    /// # Cancel
    /// If the caller that fetches is dropped, the next one that waits fetches.
    pub async fn find<F, Fut>(&self, key: &K, fetch: F) -> Result<Token, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Token, E>>,
    {
        let slot = self.slot(key);
        let now = self.clock.now();
        match slot.usable(now) {
            Some(token) if !is_due(&token, now) => Ok(token),
            Some(token) => Ok(self.renewed(&slot, token, fetch).await),
            None => self.fetched(&slot, fetch).await,
        }
    }

    /// Drops `token`, which the vendor refused. A newer one stays.
    pub fn drop_token(&self, key: &K, token: &Token) {
        let slot = self.slot(key);
        let mut kept = lock(&slot.token);
        if kept.as_ref().is_some_and(|kept| kept.is_same(token)) {
            *kept = None;
        }
    }

    async fn renewed<F, Fut>(&self, slot: &Slot<E>, token: Token, fetch: F) -> Token
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Token, E>>,
    {
        let Ok(_fetching) = slot.fetching.try_lock() else {
            return token;
        };
        match slot.usable(self.clock.now()) {
            Some(newer) if !newer.is_same(&token) => newer,
            _ => match fetch().await {
                Ok(newer) => slot.keep(newer),
                Err(_) => token,
            },
        }
    }

    async fn fetched<F, Fut>(&self, slot: &Slot<E>, fetch: F) -> Result<Token, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<Token, E>>,
    {
        use std::sync::atomic::Ordering::SeqCst;
        let waited_for = slot.attempt.load(SeqCst);
        let mut attempts = slot.fetching.lock().await;
        if let Some(token) = slot.usable(self.clock.now()) {
            return Ok(token);
        }
        match &attempts.failed {
            Some((attempt, error)) if *attempt >= waited_for => return Err(error.clone()),
            _ => {}
        }
        let result = fetch().await;
        let attempt = slot.attempt.fetch_add(1, SeqCst);
        match result {
            Ok(token) => Ok(slot.keep(token)),
            Err(error) => {
                attempts.failed = Some((attempt, error.clone()));
                Err(error)
            }
        }
    }

    fn slot(&self, key: &K) -> Arc<Slot<E>> {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.get(key) {
            return Arc::clone(slot);
        }
        if slots.len() >= MANY {
            let now = self.clock.now();
            slots.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.usable(now).is_some());
        }
        let slot = Arc::new(Slot::new());
        slots.insert(key.clone(), Arc::clone(&slot));
        slot
    }
}

impl<E> Slot<E> {
    fn new() -> Self {
        Self {
            token: Mutex::new(None),
            fetching: tokio::sync::Mutex::new(Attempts { failed: None }),
            attempt: std::sync::atomic::AtomicU64::new(0),
        }
    }

    fn usable(&self, now: Timestamp) -> Option<Token> {
        lock(&self.token)
            .clone()
            .filter(|token| token.expires_at().duration_since(now) > LEAST)
    }

    fn keep(&self, token: Token) -> Token {
        *lock(&self.token) = Some(token.clone());
        token
    }
}

fn is_due(token: &Token, now: Timestamp) -> bool {
    token.expires_at().duration_since(now) <= MARGIN
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing can panic while one of these is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::model::clock::ManualClock;

    struct Vendor {
        cache: TokenCache<&'static str, String>,
        clock: ManualClock,
        fetched: AtomicU32,
        fails: bool,
    }

    fn vendor(fails: bool) -> Vendor {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        Vendor {
            cache: TokenCache::new(Arc::new(clock.clone())),
            clock,
            fetched: AtomicU32::new(0),
            fails,
        }
    }

    impl Vendor {
        async fn find(&self) -> Result<Token, String> {
            let fetch = || async {
                let number = self.fetched.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(50)).await;
                if self.fails {
                    return Err(format!("attempt {number}"));
                }
                let hour = SignedDuration::from_hours(1);
                Ok(Token::new("canary".to_owned(), self.clock.now() + hour))
            };
            self.cache.find(&"peter", fetch).await
        }

        fn fetched(&self) -> u32 {
            self.fetched.load(Ordering::SeqCst)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_callers_fetch_once() {
        let vendor = vendor(false);
        let tokens = futures::future::join_all((0..50).map(|_| vendor.find())).await;
        assert!(tokens.iter().all(Result::is_ok));
        assert_eq!(vendor.fetched(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_callers_fail_once_and_later_ones_try_again() {
        let vendor = vendor(true);
        let tokens = futures::future::join_all((0..50).map(|_| vendor.find())).await;
        assert!(
            tokens
                .iter()
                .all(|token| token.as_ref().unwrap_err() == "attempt 0")
        );
        assert_eq!(vendor.find().await.unwrap_err(), "attempt 1");
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_renewed_by_one_before_it_ends() {
        let vendor = vendor(false);
        let old = vendor.find().await.unwrap();
        vendor.clock.advance(SignedDuration::from_mins(56));
        let tokens = futures::future::join_all((0..50).map(|_| vendor.find())).await;
        assert_eq!(vendor.fetched(), 2);
        let new = tokens
            .iter()
            .filter(|token| !token.as_ref().unwrap().is_same(&old));
        assert_eq!(new.count(), 1);
        assert!(!vendor.find().await.unwrap().is_same(&old));
        assert_eq!(vendor.fetched(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_leaves_the_old_one_in_use() {
        let mut vendor = vendor(false);
        let old = vendor.find().await.unwrap();
        vendor.clock.advance(SignedDuration::from_mins(56));
        vendor.fails = true;
        assert!(vendor.find().await.unwrap().is_same(&old));
        vendor.clock.advance(SignedDuration::from_mins(5));
        assert!(vendor.find().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_dropped_once() {
        let vendor = vendor(false);
        let old = vendor.find().await.unwrap();
        vendor.cache.drop_token(&"peter", &old);
        let new = vendor.find().await.unwrap();
        vendor.cache.drop_token(&"peter", &old);
        assert!(vendor.find().await.unwrap().is_same(&new));
        assert_eq!(vendor.fetched(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_caller_lets_the_next_one_fetch() {
        let vendor = vendor(false);
        let dropped = tokio::time::timeout(Duration::from_millis(10), vendor.find());
        assert!(dropped.await.is_err());
        assert!(vendor.find().await.is_ok());
        assert_eq!(vendor.fetched(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_that_ended_are_forgotten() {
        let vendor = vendor(false);
        let cache: TokenCache<u32, String> = TokenCache::new(Arc::new(vendor.clock.clone()));
        for key in 0..2_000 {
            let ends = vendor.clock.now() + SignedDuration::from_mins(10);
            let token = cache.find(&key, || async { Ok(Token::new(String::new(), ends)) });
            token.await.unwrap();
            vendor.clock.advance(SignedDuration::from_mins(1));
        }
        assert!(lock(&cache.slots).len() <= MANY);
    }
}
