//! What the process says about itself: metrics and logs. It knows nothing of this crate, so that every layer above the
//! vendors' may use it; the layers below report through callbacks of their own.

pub mod logs;
pub mod metrics;
