//! What a vendor is to the rest of the sandbox.

use std::time::Duration;

use crate::app::App;
use crate::call::{Call, Reply};
use crate::console::Outcome;
use crate::instruments::log::Witness;
use crate::visit::Visit;

/// One simulated vendor.
pub(crate) trait Vendor: Send + Sync {
    /// The first part of its paths, which is also its word in the log and in the console.
    fn name(&self) -> &'static str;

    /// Tells it the address of the whole sandbox.
    fn set_url(&self, url: &str);

    /// How long every call takes at least.
    fn latency(&self) -> Duration;

    /// Answers a call whose path starts with its name; `seq` is the log's number of the call.
    fn answer(&self, app: &App, call: &Call, seq: u64) -> Reply;

    /// Counts a call in flight; beyond a limit it gives the refusal.
    fn enter(&self, app: &App, call: &Call) -> Result<Option<Visit>, Reply>;

    /// The word for the API in the log and the counters.
    fn api_of(&self, call: &Call) -> &'static str;

    /// Who the call is for and whom it names.
    fn witness(&self, call: &Call) -> Witness;

    /// Answers a request to its console; `path` is what follows its name.
    fn console(&self, app: &App, call: &Call, path: &[&str]) -> Outcome;
}
