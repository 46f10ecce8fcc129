//! How many uploads may be under way at once: all together, and from one address. Memory stays flat for that reason.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::server::auth::network;

/// How many uploads at once. Each holds two parts of 5 MiB where the destination is a bucket, so that all of them have 80 MiB.
const MOST: usize = 8;
/// How many from one address. Behind a proxy that is not named as one all senders have one.
const MOST_FROM_ONE: usize = 4;

/// The places. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place that is taken, until it is dropped.
pub(super) struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    /// Takes a place. None where there is none.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let mut taken = self.lock();
        let all: usize = taken.values().sum();
        let own = taken.get(&address).copied().unwrap_or(0);
        if all >= MOST || own >= MOST_FROM_ONE {
            return None;
        }
        taken.insert(address, own + 1);
        Some(Place {
            places: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        let left = taken.remove(&self.address).unwrap_or(0).saturating_sub(1);
        if left > 0 {
            taken.insert(self.address, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_and_all_together_have_a_bound() {
        let places = Places::default();
        let take = |address: &str| places.take(address.parse().unwrap());
        let mut one: Vec<_> = (0..4).map(|_| take("192.0.2.1").unwrap()).collect();
        assert!(take("192.0.2.1").is_none());
        let others: Vec<_> = (0..4)
            .map(|n| take(&format!("192.0.2.{}", 10 + n)).unwrap())
            .collect();
        assert!(take("192.0.2.99").is_none());
        one.pop();
        assert!(take("192.0.2.99").is_some());
        drop((one, others));
        assert!(places.lock().is_empty());
    }
}
