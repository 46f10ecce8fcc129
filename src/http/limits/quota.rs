//! The allowance of one API: for all users of an account together, and for each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::meter::Meter;
use super::window::Window;
use crate::http::retry::LONGEST_WAIT;

/// Users beyond which idle ones are dropped before another is added.
const MANY_USERS: usize = 256;
/// After a complaint about all users, further ones are taken for the same complaint for so long.
const SAME_COMPLAINT: Duration = Duration::from_secs(5);

/// Units per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allowance {
    /// No bound of our own: what the vendor answers decides.
    Unbounded,
    /// So many.
    PerMinute(u32),
}

/// The allowances of one API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Table {
    /// For all users of the account together.
    pub all: Allowance,
    /// For each user.
    pub user: Allowance,
    /// Requests under way for one user, at least 1.
    pub under_way: usize,
}

/// Whom a vendor's complaint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// The user who was acted for.
    User,
    /// The whole account.
    All,
}

/// The quota of one API of one account. Memory is bounded by the users of the last minute.
#[derive(Debug)]
pub struct Quota {
    table: Table,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    all: Option<Meter>,
    users: HashMap<String, User>,
    paused_until: Option<Instant>,
    /// What is left of the allowance for all, from 0.1 to 1, as of `scaled_at`.
    scale: f64,
    scaled_at: Instant,
}

#[derive(Debug)]
struct User {
    meter: Option<Meter>,
    window: Window,
    paused_until: Option<Instant>,
    left: Arc<Notify>,
}

enum Wait {
    Until(Instant),
    ForOthers,
    TooLong(Paused),
}

/// The vendor has asked for a pause that is too long to sit out within one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("paused for {} seconds more", .left.as_secs())]
pub struct Paused {
    /// How long it lasts.
    pub left: Duration,
}

/// The right to send one request now. Dropping it makes room for the next.
#[derive(Debug)]
pub struct Permit {
    quota: Arc<Quota>,
    user: String,
}

impl Quota {
    /// Makes a quota of which nothing is used.
    pub fn new(table: Table) -> Self {
        let now = Instant::now();
        Self {
            table,
            state: Mutex::new(State {
                all: meter(table.all, now),
                users: HashMap::new(),
                paused_until: None,
                scale: 1.0,
                scaled_at: now,
            }),
        }
    }

    /// Waits until a request of `cost` units for `user` may be sent, with at most `most` under way for that user.
    ///
    /// # Errors
    /// [`Paused`] where the vendor asked for more than a minute of silence.
    ///
    /// # Cancel
    /// Takes nothing until it returns.
    pub async fn acquire(
        self: &Arc<Self>,
        user: &str,
        cost: u32,
        most: usize,
    ) -> Result<Permit, Paused> {
        loop {
            let left = self.left(user);
            let left = left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            let taken = self.lock().try_take(&self.table, user, cost, most);
            match taken {
                Ok(()) => {
                    return Ok(Permit {
                        quota: Arc::clone(self),
                        user: user.to_owned(),
                    });
                }
                Err(Wait::Until(at)) => tokio::time::sleep_until(at).await,
                Err(Wait::ForOthers) => left.await,
                Err(Wait::TooLong(paused)) => return Err(paused),
            }
        }
    }

    /// Returns how many users are remembered.
    pub fn users(&self) -> usize {
        self.lock().users.len()
    }

    fn left(&self, user: &str) -> Arc<Notify> {
        Arc::clone(&self.lock().user(&self.table, user).left)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is sound after every statement, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Tells that the request went well, so that more may be under way.
    pub fn succeeded(&self) {
        let most = self.quota.table.under_way;
        if let Some(user) = self.quota.lock().users.get_mut(&self.user) {
            user.window.widen(most);
        }
    }

    /// Tells that the vendor complained: fewer requests at a time from now on, and none for `pause`.
    pub fn throttled(&self, breadth: Breadth, pause: Duration) {
        let until = Instant::now() + pause;
        let mut state = self.quota.lock();
        if let Some(user) = state.users.get_mut(&self.user) {
            user.window.halve();
            user.paused_until = user.paused_until.max(Some(until));
        }
        if breadth == Breadth::All {
            state.paused_until = state.paused_until.max(Some(until));
            state.shrink();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(user) = self.quota.lock().users.get_mut(&self.user) {
            user.window.leave();
            user.left.notify_waiters();
        }
    }
}

impl State {
    fn user(&mut self, table: &Table, name: &str) -> &mut User {
        if !self.users.contains_key(name) {
            self.evict();
        }
        self.users.entry(name.to_owned()).or_insert_with(|| User {
            meter: meter(table.user, Instant::now()),
            window: Window::new(table.under_way),
            paused_until: None,
            left: Arc::new(Notify::new()),
        })
    }

    fn evict(&mut self) {
        if self.users.len() >= MANY_USERS {
            let now = Instant::now();
            self.users.retain(|_, user| !user.is_idle(now));
        }
    }

    /// Takes from every level, or from none and says what to wait for.
    fn try_take(&mut self, table: &Table, name: &str, cost: u32, most: usize) -> Result<(), Wait> {
        let now = Instant::now();
        let scale = self.grown(now);
        let paused = self.paused_until.unwrap_or(now);
        let all_at = self
            .all
            .as_mut()
            .map_or(now, |meter| meter.ready_at(cost, scale, now));
        let user = self.user(table, name);
        let paused = user.paused_until.unwrap_or(now).max(paused);
        if paused > now + LONGEST_WAIT {
            let left = paused.saturating_duration_since(now);
            return Err(Wait::TooLong(Paused { left }));
        }
        if !user.window.has_room(most) {
            return Err(Wait::ForOthers);
        }
        let at = user.ready_at(cost, now).max(all_at).max(paused);
        if at > now {
            return Err(Wait::Until(at));
        }
        user.take(cost, now);
        if let Some(meter) = &mut self.all {
            meter.take(cost, now);
        }
        Ok(())
    }

    /// Returns the share that is in force: it grows back by a tenth every ten seconds.
    fn grown(&mut self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.scaled_at).as_secs_f64();
        (self.scale + passed / 100.0).min(1.0)
    }

    fn shrink(&mut self) {
        let now = Instant::now();
        let is_first = self.scale >= 1.0 || now > self.scaled_at + SAME_COMPLAINT;
        if is_first {
            self.scale = (self.grown(now) * 0.7).max(0.1);
            self.scaled_at = now;
        }
    }
}

impl User {
    fn ready_at(&mut self, cost: u32, now: Instant) -> Instant {
        let meter = self.meter.as_mut();
        meter.map_or(now, |meter| meter.ready_at(cost, 1.0, now))
    }

    fn take(&mut self, cost: u32, now: Instant) {
        self.window.enter();
        if let Some(meter) = &mut self.meter {
            meter.take(cost, now);
        }
    }

    /// Nobody waits for it (a waiter holds the notifier), nothing is under way and a new one would be just like it.
    fn is_idle(&mut self, now: Instant) -> bool {
        Arc::strong_count(&self.left) == 1
            && self.window.is_idle()
            && self.paused_until.is_none_or(|until| until <= now)
            && self.meter.as_mut().is_none_or(|meter| meter.is_idle(now))
    }
}

fn meter(allowance: Allowance, now: Instant) -> Option<Meter> {
    match allowance {
        Allowance::Unbounded => None,
        Allowance::PerMinute(units) => Some(Meter::new(units, now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(all: u32, user: u32) -> Arc<Quota> {
        Arc::new(Quota::new(Table {
            all: Allowance::PerMinute(all),
            user: Allowance::PerMinute(user),
            under_way: 8,
        }))
    }

    /// Many workers for many users; returns the units of all that time.
    async fn storm(quota: &Arc<Quota>, users: usize, seconds: u64) -> u64 {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        let workers = (0..users * 8).map(|worker| async move {
            let user = format!("user-{}", worker % users);
            let mut units = 0;
            while Instant::now() < deadline {
                let permit = quota.acquire(&user, 20, 8);
                let Ok(permit) = tokio::time::timeout_at(deadline, permit).await else {
                    break;
                };
                let permit = permit.unwrap();
                units += 20;
                tokio::time::sleep(Duration::from_millis(80)).await;
                permit.succeeded();
            }
            units
        });
        futures::future::join_all(workers).await.into_iter().sum()
    }

    #[tokio::test(start_paused = true)]
    async fn one_user_gets_95_percent_of_an_allowance() {
        let quota = quota(1_200_000, 6_000);
        let used = storm(&quota, 1, 120).await;
        assert!((11_400..=12_000).contains(&used), "{used}");
    }

    #[tokio::test(start_paused = true)]
    async fn all_users_together_get_95_percent_of_theirs() {
        let quota = quota(30_000, 6_000);
        let used = storm(&quota, 20, 120).await;
        assert!((57_000..=60_000).contains(&used), "{used}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_under_way_than_may_be() {
        let quota = quota(1_000_000, 1_000_000);
        let mut permits = Vec::new();
        for _ in 0..4 {
            permits.push(quota.acquire("peter", 1, 4).await.unwrap());
        }
        let waiting = tokio::time::timeout(Duration::from_secs(5), quota.acquire("peter", 1, 4));
        assert!(waiting.await.is_err());
        permits.pop();
        quota.acquire("peter", 1, 4).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_one_user_is_not_anothers() {
        let quota = quota(1_000_000, 1_000_000);
        let pause = Duration::from_secs(30);
        quota.acquire("peter", 1, 8).await.unwrap().throttled(Breadth::User, pause);
        let start = Instant::now();
        quota.acquire("mary", 1, 8).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        quota.acquire("peter", 1, 8).await.unwrap();
        assert!(start.elapsed() >= pause);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_all_is_everyones_and_shrinks_the_allowance() {
        let quota = quota(6_000, 6_000);
        let pause = Duration::from_secs(1);
        quota.acquire("peter", 20, 8).await.unwrap().throttled(Breadth::All, pause);
        let start = Instant::now();
        quota.acquire("mary", 20, 8).await.unwrap();
        assert!(start.elapsed() >= pause);
        let used = storm(&quota, 4, 10).await;
        let unhurt = storm(&self::quota(6_000, 6_000), 4, 10).await;
        assert!(used * 100 < unhurt * 90, "{used} of {unhurt}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_told_and_not_sat_out() {
        let quota = quota(6_000, 6_000);
        let hour = Duration::from_hours(1);
        quota.acquire("peter", 20, 8).await.unwrap().throttled(Breadth::All, hour);
        let start = Instant::now();
        let paused = quota.acquire("mary", 20, 8).await.unwrap_err();
        assert_eq!((start.elapsed(), paused.left), (Duration::ZERO, hour));
        tokio::time::sleep(hour).await;
        quota.acquire("mary", 20, 8).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn idle_users_are_forgotten() {
        let quota = quota(1_000_000, 6_000);
        for user in 0..2_000 {
            quota.acquire(&user.to_string(), 1, 8).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(quota.users() <= MANY_USERS, "{}", quota.users());
    }
}
