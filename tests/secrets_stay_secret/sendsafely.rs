//! `SendSafely`'s credentials in every state in which they could be said.

use serde_json::{Value, json};

use super::search::Secrets;
use super::stage::{Wrecks, connection, refused};
use crate::company::place::Place;
use crate::company::{Company, object};

/// `SendSafely`'s connections.
const CONNECTIONS: [(&str, bool); 5] = [
    ("acme", true),
    ("revoked", false),
    ("mixed", false),
    ("half", false),
    ("refused", false),
];

pub(super) async fn wrecks(company: &Company, place: &Place, secrets: &mut Secrets) -> Wrecks {
    secrets.add_key_pair(&company.key);
    Wrecks {
        objects: broken(company, place, secrets).await,
        connections: &CONNECTIONS,
        reasons: ["KeyRevoked", "SecretInvalid"],
        data: "/sendsafely/api/v2.0/package/",
    }
}

/// A revoked key, two halves of different keys, half a key, a refused password, and a key that is handed over.
async fn broken(company: &Company, place: &Place, secrets: &mut Secrets) -> Vec<Value> {
    let make_key = async || company.system.make_key(&company.sandbox).await;
    let (revoked, other) = (make_key().await, make_key().await);
    let next = make_key().await;
    for key in [&revoked, &other, &next] {
        secrets.add_key_pair(key);
    }
    company.sandbox.sendsafely().revoke_key(&revoked).await;
    let mut mixed = other.clone();
    mixed["apiSecret"] = revoked["apiSecret"].clone();
    let mut objects = vec![
        company.system.secret("revoked", &revoked),
        company.system.secret("mixed", &mixed),
        refused(place),
    ];
    let mut half = company.system.secret("half", &other);
    half["stringData"] = json!({"api-key": other["apiKey"]});
    let mut robot = company.system.secret("robot", &other);
    robot["stringData"] = crate::support::portal::entries("next-", &next);
    objects.extend([half, robot]);
    for name in ["revoked", "mixed", "half"] {
        objects.push(connection(company, place, name, name, "database"));
    }
    objects.push(connection(company, place, "refused", "key", "refused"));
    let spec = json!({"connectionRef": {"name": "acme"}, "purpose": "API", "secretName": "robot"});
    objects.push(object("ApiKey", "robot", spec));
    objects
}
