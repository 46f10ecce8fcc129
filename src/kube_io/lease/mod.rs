//! Who of several replicas may act: leadership by a `coordination.k8s.io` Lease.
//!
//! **Guarantees**: updates carry the resourceVersion, so of two replicas that reach for the lease one fails. A holder counts
//! itself out when its renewals have failed for the renew deadline, measured on the monotonic clock from before
//! the last successful request was sent; others wait for the longer lease duration, measured from when they
//! saw the last renewal. Neither depends on the clocks of two machines agreeing.
//!
//! **Assumptions**: monotonic clocks run at about the same speed.

mod elector;

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

pub use elector::Elector;

/// How the lease is held. The defaults are those that survive a slow API server: 35, 30 and 5 seconds.
#[derive(Debug, Clone)]
pub struct LeaseSettings {
    /// Where the Lease is.
    pub namespace: String,
    /// What it is called.
    pub name: String,
    /// Who reaches for it: must differ between any two processes, also between two lives of one pod.
    pub holder: String,
    /// For how long others leave an unrenewed lease alone; whole seconds.
    pub duration: Duration,
    /// After how long without a renewal the holder stops. Less than `duration`.
    pub renew_deadline: Duration,
    /// How often it is renewed, or reached for.
    pub retry: Duration,
}

impl LeaseSettings {
    /// Names the lease and the holder, with the default times.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        holder: impl Into<String>,
    ) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            holder: holder.into(),
            duration: Duration::from_secs(35),
            renew_deadline: Duration::from_secs(30),
            retry: Duration::from_secs(5),
        }
    }
}

/// The lease was held, and is no longer: the process must end.
#[derive(Debug, thiserror::Error)]
#[error("The lease {namespace}/{name} is lost: {why}.")]
pub struct LeaseLost {
    namespace: String,
    name: String,
    why: &'static str,
}

/// Whether this process may act. Clones see the same.
#[derive(Debug, Clone)]
pub struct Leadership(Held);

#[derive(Debug, Clone)]
enum Held {
    Always,
    As(watch::Receiver<Term>),
}

/// The time in which this process may act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    NotYet,
    Until(Instant),
    Over,
}

impl Term {
    fn has_begun(&self) -> bool {
        *self != Self::NotYet
    }
}

impl Leadership {
    /// The leadership of a process that is alone by other means.
    pub fn unchallenged() -> Self {
        Self(Held::Always)
    }

    /// Tells whether it is held right now, even if no task has noticed yet that its time is over.
    ///
    /// To be asked before anything irreversible.
    pub fn is_held(&self) -> bool {
        match &self.0 {
            Held::Always => true,
            Held::As(term) => {
                matches!(*term.borrow(), Term::Until(end) if Instant::now() < end)
            }
        }
    }

    /// Waits until it is, or has been, held. **Cancel**: safe.
    pub async fn acquired(&self) {
        if let Held::As(term) = &self.0 {
            let mut term = term.clone();
            if term.wait_for(Term::has_begun).await.is_err() {
                // The elector is gone without ever having held the lease.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until it has been held and is no longer; for ever, if it is never held. **Cancel**: safe.
    pub async fn lost(&self) {
        let Held::As(term) = &self.0 else {
            return std::future::pending().await;
        };
        self.acquired().await;
        let mut term = term.clone();
        loop {
            let current = *term.borrow_and_update();
            let Term::Until(end) = current else {
                return;
            };
            tokio::select! {
                () = sleep_until(end) => return,
                changed = term.changed() => if changed.is_err() {
                    // Nobody is left to renew it, but it holds until its time is over.
                    return sleep_until(end).await;
                },
            }
        }
    }
}
