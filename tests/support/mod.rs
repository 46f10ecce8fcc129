//! What the tests stand on: a real API server, a real Postgres, the simulated vendors and the operator itself.
//!
//! Everything binds loopback addresses on free ports and lives in one temporary folder. Nothing outlives the test
//! process, however that ends: see [`guard`].
//!
//! ```text
//! apiserver ─ namespace ─ manifests     one per process; a random namespace per test
//! postgres                              one per process; a fresh database per test
//! buckets                               servers of object stores, one each per process; a fresh bucket per test
//! sandbox, operator                     as many as a test starts
//! stage                                 all of them together, with a connection
//! hurried                               the operator on a fast clock
//! tenant, portal                        what a stage needs for other vendors
//! aim                                   when to kill what is at work
//! wait                                  the only way to wait: a condition and a deadline
//! ```

pub(crate) mod aim;
pub(crate) mod apiserver;
pub(crate) mod audit;
pub(crate) mod buckets;
pub(crate) mod chart;
pub(crate) mod cluster_config;
pub(crate) mod control_plane;
pub(crate) mod google;
pub(crate) mod guard;
pub(crate) mod hurried;
pub(crate) mod judge;
pub(crate) mod kinds;
pub(crate) mod manifests;
pub(crate) mod microsoft365;
pub(crate) mod namespace;
pub(crate) mod operator;
pub(crate) mod portal;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod postgres_programs;
pub(crate) mod process;
pub(crate) mod random;
pub(crate) mod sandbox;
pub(crate) mod sandbox_log;
pub(crate) mod sendsafely;
pub(crate) mod settings;
pub(crate) mod shown;
pub(crate) mod stage;
pub(crate) mod tenant;
pub(crate) mod wait;
