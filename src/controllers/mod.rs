//! What is done about each kind: `resolve` → `decide` (pure) → `act` → `report` (pure).
//!
//! ```text
//! Secret, spec, clock ──► connection ──► Link (session, destination) ──► synced_user ──► jobs ──► rows
//!                              ▲                                              │
//!                              └───────────── found failing ◄─────────────────┘
//! ```

pub mod allowance;
pub mod api_key;
pub mod cluster;
pub mod connection;
pub mod dropzone;
pub mod effective;
pub mod fact;
pub mod home;
pub mod kstatus;
pub mod links;
pub mod operator;
pub mod pokes;
pub mod roster;
pub mod schedule;
pub mod synced_user;
mod triggers;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::{ApiKeyStatus, ServiceAccountConnectionStatus, SyncedUserStatus};
use crate::kube_io::reconciler::ObjectStatus;

macro_rules! has_conditions {
    ($($status:ty),*) => {
        $(impl ObjectStatus for $status {
            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }
        })*
    };
}
has_conditions!(
    ApiKeyStatus,
    ServiceAccountConnectionStatus,
    SyncedUserStatus
);
