//! Waiting for a condition, with a deadline. No test sleeps and hopes.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use kube::Api;
use kube::runtime::wait::{Condition, await_condition};
use serde::de::DeserializeOwned;

/// The most that anything may take which is to happen at all: only what fails takes so long, and a machine that does six other things
/// may well take minutes over a second's work.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);
/// How often a probe that nothing can announce is asked again.
const BETWEEN_PROBES: Duration = Duration::from_millis(25);

/// Probes until there is an answer, and fails the test when it has waited for long.
pub(crate) async fn until<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = probe().await {
            return answer;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "waited {PATIENCE:?} for {what}"
        );
        tokio::time::sleep(BETWEEN_PROBES).await;
    }
}

/// Watches one object until the condition holds, and fails the test with the object as it is when it has waited for long.
pub(crate) async fn until_object<K>(
    api: &Api<K>,
    name: &str,
    what: &str,
    condition: impl Condition<K>,
) -> Option<K>
where
    K: kube::Resource + Clone + Debug + DeserializeOwned + Send + 'static,
{
    let waited = tokio::time::timeout(PATIENCE, await_condition(api.clone(), name, condition));
    if let Ok(result) = waited.await {
        return result.unwrap_or_else(|error| panic!("cannot watch {name} for {what}: {error}"));
    }
    let object = api.get_opt(name).await;
    panic!("waited {PATIENCE:?} for {name}: {what}; it is {object:#?}");
}
