//! The vendors that Deputy talks to, simulated over HTTP on one loopback port.
//!
//! It checks what a vendor checks and fails the way the vendor fails. It never talks to anything, never imports the
//! operator, and keeps everything in memory. The contract is this folder's `README.md`.
//!
//! ```text
//! server ── Call ──▶ console (/_sandbox/…)            what an administrator or a user does
//!                └─▶ instruments (faults, log, clock) ─┬▶ google (token, IAM, Directory, Gmail, Calendar, Drive) ──▶ Reply
//!                                                      ├▶ microsoft365 (Entra, Graph) ──▶ Reply
//!                                                      └▶ sendsafely (REST API, SCIM) ──▶ Reply
//! ```

mod app;
mod body;
mod call;
mod console;
mod corpus;
mod google;
mod instruments;
mod jwt;
mod microsoft365;
mod random;
mod scenario;
mod sendsafely;
mod server;
mod vendor;
mod visit;
mod window;
mod x509;

pub use server::Sandbox;
