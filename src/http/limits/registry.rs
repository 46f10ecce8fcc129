//! Which quota a request counts against. Connections of one account share its quotas.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::quota::{Quota, Table};

/// Whose quota of what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QuotaKey {
    /// The provider's name.
    pub provider: &'static str,
    /// Where it is asked; a sandbox has quotas of its own.
    pub endpoint: String,
    /// The account that the vendor counts for.
    pub account: String,
    /// The API.
    pub api: &'static str,
}

/// The quotas in use. One that no connection uses is forgotten.
#[derive(Debug, Default)]
pub struct Registry(Mutex<HashMap<(QuotaKey, Table), Weak<Quota>>>);

impl Registry {
    /// Returns the quota, the same one for all who ask with the same key and table.
    pub fn find(&self, key: QuotaKey, table: Table) -> Arc<Quota> {
        let mut quotas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (key, table);
        if let Some(quota) = quotas.get(&key).and_then(Weak::upgrade) {
            return quota;
        }
        quotas.retain(|_, quota| quota.strong_count() > 0);
        let quota = Arc::new(Quota::new(table));
        quotas.insert(key, Arc::downgrade(&quota));
        quota
    }
}

#[cfg(test)]
mod tests {
    use super::super::quota::Allowance;
    use super::*;

    #[tokio::test]
    async fn one_account_has_one_quota() {
        let registry = Registry::default();
        let table = Table {
            all: Allowance::Unbounded,
            user: Allowance::Unbounded,
            under_way: 1,
        };
        let key = |account: &str| QuotaKey {
            provider: "vendor",
            endpoint: String::new(),
            account: account.to_owned(),
            api: "mail",
        };
        let first = registry.find(key("one"), table);
        assert!(Arc::ptr_eq(&first, &registry.find(key("one"), table)));
        assert!(!Arc::ptr_eq(&first, &registry.find(key("two"), table)));
        drop(first);
        registry.find(key("three"), table);
        assert_eq!(registry.0.lock().unwrap().len(), 1);
    }
}
