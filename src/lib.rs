//! Deputy: a Kubernetes operator for service-account connections to `SaaS` systems.
//!
//! ```text
//! YAML ─► api ─► controllers ─► providers ─► http ─► the vendor
//!                    │              │
//!                    │              ▼ pages of records + next cursor
//!                    ├──────────► sync ─► privacy ─► destinations   (rows and cursor in one atomic step)
//!                    └──────────► kube_io: status, events, leases      telemetry: metrics, logs
//! ```
//!
//! Dependencies point one way, from the bottom of this list up; a test keeps it so.

#![cfg_attr(
    test,
    allow(
        clippy::too_many_lines,
        clippy::needless_pass_by_value,
        clippy::similar_names,
        clippy::unchecked_time_subtraction,
        reason = "a table of cases is as long as the table it is about"
    )
)]

pub mod api;
pub mod cli;
pub mod controllers;
pub mod destinations;
pub mod http;
pub mod kube_io;
pub mod model;
pub mod providers;
pub mod server;
pub mod supervisor;
pub mod sync;
pub mod telemetry;
