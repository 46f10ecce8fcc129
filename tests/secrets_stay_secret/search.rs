//! What must not be said, and where it is found.

use serde_json::Value;

use super::stage::Stage;
use super::{CANARY, TOKEN};
use crate::company::place::Place;
use crate::company::system::System;

/// Lines of a key shorter than this could be anything.
const SHORTEST: usize = 40;

/// What must not be said, each with a name for the message of a failed test.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    pub(super) fn add(&mut self, what: &'static str, text: &str) {
        assert!(
            text.len() >= 12,
            "{what} is too short to be told from chance"
        );
        self.0.push((what, text.to_owned()));
    }

    /// Adds what a key file holds: each line of the private key, and the file as a Secret has it.
    pub(super) fn add_key(&mut self, key: &Value) {
        let pem = key["private_key"].as_str().expect("a key file has a key");
        self.add_pem(pem);
        let encoded = base64(&key.to_string());
        self.add("a key file in base64", &encoded[..60]);
    }

    /// Adds a client secret, as it is and as a Secret has it.
    pub(super) fn add_client_secret(&mut self, secret: &Value) {
        let value = secret["value"].as_str().expect("a secret has a value");
        self.add("a client secret", value);
        self.add("a client secret in base64", &base64(value));
    }

    /// Adds both halves of a key, as they are and as a Secret has them.
    pub(super) fn add_key_pair(&mut self, key: &Value) {
        for half in ["apiKey", "apiSecret"] {
            let half = key[half].as_str().expect("a key has two halves");
            self.add("half of a key", half);
            self.add("half of a key in base64", &base64(half));
        }
    }

    pub(super) fn add_pem(&mut self, pem: &str) {
        let lines: Vec<&str> = pem.lines().filter(|line| line.len() >= SHORTEST).collect();
        assert!(lines.len() > 10, "a key has lines");
        for line in lines {
            self.add("a line of a private key", line);
        }
    }

    /// Which of them are in a text.
    pub(super) fn found_in(&self, text: &str) -> Vec<&'static str> {
        let known = self
            .0
            .iter()
            .filter(|(_, secret)| text.contains(secret.as_str()));
        let mut found: Vec<&str> = known.map(|(what, _)| *what).collect();
        found.extend(text.contains(CANARY).then_some("an access token"));
        found.extend(has_assertion(text).then_some("an assertion"));
        found.extend(
            text.contains("PRIVATE KEY")
                .then_some("a private key's frame"),
        );
        found.dedup();
        found
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Whether there is a JWT: two parts that are JSON in base64url, joined by a dot.
fn has_assertion(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.match_indices("eyJ").any(|(at, _)| {
        let rest = text[at..].trim_start_matches(is_part);
        rest.strip_prefix('.')
            .is_some_and(|rest| rest.starts_with("eyJ"))
    })
}

#[tokio::test]
async fn the_search_finds_what_is_planted() {
    let stage = Stage::of(System::Google).await;
    let key = stage.company.key["private_key"]
        .as_str()
        .expect("has a key");
    let line = key.lines().nth(5).expect("has lines");
    let Place::Postgres(url) = &stage.place else {
        panic!("is a database");
    };
    let assertion = format!(
        "{}.{}.c2ln",
        base64(r#"{"alg":"RS256"}"#).trim_end_matches('='),
        base64(r#"{"iss":"x"}"#)
    );
    for (planted, what) in [
        (
            format!(r#"{{"message":"{line}"}}"#),
            "a line of a private key",
        ),
        (
            base64(&stage.company.key.to_string()),
            "a key file in base64",
        ),
        (format!("Authorization: Bearer {TOKEN}1"), "an access token"),
        (format!("assertion={assertion}&"), "an assertion"),
        (url.to_string(), "a database's password"),
        (
            "-----BEGIN PRIVATE KEY-----".to_owned(),
            "a private key's frame",
        ),
    ] {
        assert_eq!(
            stage.secrets.found_in(&format!("before {planted} after")),
            [what]
        );
    }
    assert_eq!(
        stage.secrets.found_in("eyJ is no assertion. eyJ neither."),
        [""; 0]
    );
}
