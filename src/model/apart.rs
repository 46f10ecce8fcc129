//! Computing on a thread of its own, so that whoever waits for replies is not held up.

/// Begins `work` apart, at once, and returns what it comes to. A panic goes on in the caller.
///
/// It costs two changes of threads, so it is for what takes longer than those.
///
/// # Cancel
/// Dropping it does not stop work that has begun; what that comes to is dropped.
pub fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> + Send {
    let begun = tokio::task::spawn_blocking(work);
    async move {
        match begun.await {
            Ok(done) => done,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime takes no more work because it ends, and whoever waits here ends with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_it_comes_to_is_returned() {
        assert_eq!(apart(|| 7).await, 7);
    }

    #[tokio::test]
    #[should_panic(expected = "out of paper")]
    async fn a_panic_goes_on_in_the_caller() {
        apart(|| panic!("out of paper")).await;
    }
}
