//! Google's credentials in every state in which they could be said.

use serde_json::{Value, json};

use super::search::Secrets;
use super::stage::{Wrecks, connection, refused};
use crate::company::place::Place;
use crate::company::{ACCOUNT, Company, secret};

/// Google's connections.
const CONNECTIONS: [(&str, bool); 5] = [
    ("acme", true),
    ("deleted", false),
    ("cut", false),
    ("garbled", false),
    ("refused", false),
];

pub(super) async fn wrecks(company: &Company, place: &Place, secrets: &mut Secrets) -> Wrecks {
    secrets.add_key(&company.key);
    Wrecks {
        objects: broken(company, place, secrets).await,
        connections: &CONNECTIONS,
        reasons: ["KeyRevoked", "KeyMalformed"],
        data: "/google/gmail/",
    }
}

/// Connections that fail: a deleted key, a key file cut in its middle, one with a broken key, a refused password.
async fn broken(company: &Company, place: &Place, secrets: &mut Secrets) -> Vec<Value> {
    let google = company.sandbox.google();
    let deleted = google.make_key(ACCOUNT).await;
    secrets.add_key(&deleted);
    google
        .delete_key(deleted["private_key_id"].as_str().expect("has an id"))
        .await;
    let whole = company.key.to_string();
    let end = whole.find("PRIVATE KEY").expect("has a key") + 400;
    let mut garbled = company.key.clone();
    let pem = garbled["private_key"]
        .as_str()
        .expect("has a key")
        .replacen('A', "*", 3);
    garbled["private_key"] = json!(pem);
    let connection =
        |name: &str, key: &str, database: &str| connection(company, place, name, key, database);
    vec![
        secret("deleted", "key.json", &deleted.to_string()),
        secret("cut", "key.json", &whole[..end]),
        secret("garbled", "key.json", &garbled.to_string()),
        refused(place),
        connection("deleted", "deleted", "database"),
        connection("cut", "cut", "database"),
        connection("garbled", "garbled", "database"),
        connection("refused", "key", "refused"),
    ]
}
