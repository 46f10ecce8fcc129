//! All integration tests, in one binary: they share one API server, and link once.

#![allow(
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "a table of cases is as long as the table it is about"
)]

#[cfg(test)]
#[allow(
    dead_code,
    reason = "the harness offers more than the tests of one moment use"
)]
mod support;

#[cfg(test)]
mod access;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod chart;
#[cfg(test)]
mod company;
#[cfg(test)]
mod destinations;
#[cfg(test)]
mod dropzone;
#[cfg(test)]
mod every_file_runs;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod health;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kstatus;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod lease;
#[cfg(test)]
mod manifests_are_current;
#[cfg(test)]
mod nothing_lost;
#[cfg(test)]
mod only_whom_you_list;
#[cfg(test)]
mod own_account;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod providers;
#[cfg(test)]
mod quiet;
#[cfg(test)]
mod remedy;
#[cfg(test)]
mod runner;
#[cfg(test)]
mod says_what_is_wrong;
#[cfg(test)]
mod scim;
#[cfg(test)]
mod secrets_stay_secret;
#[cfg(test)]
mod watch;
