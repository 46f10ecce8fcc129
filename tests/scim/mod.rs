//! An identity provider makes, changes and ends the people of a connection, as far as the connection lets it and no further.
//!
//! Source of the requests: developer.okta.com/docs/api/openapi/okta-scim, and learn.microsoft.com "Develop and plan provisioning
//! for a SCIM endpoint", both read 2026-11-22.

mod account;
mod conformance;
mod entra;
mod issued;
mod keys;
mod limits;
mod objects;
mod office;
mod okta;
mod places;
mod tls;
