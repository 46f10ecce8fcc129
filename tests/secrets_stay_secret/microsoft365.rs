//! Microsoft 365's credentials in every state in which they could be said.

use serde_json::{Value, json};

use super::search::Secrets;
use super::stage::{Wrecks, connection, refused};
use crate::company::place::Place;
use crate::company::{Company, secret};
use crate::support::tenant::CLIENT;

/// Microsoft 365's connections.
const CONNECTIONS: [(&str, bool); 6] = [
    ("acme", true),
    ("signed", true),
    ("expired", false),
    ("unknown", false),
    ("garbled", false),
    ("refused", false),
];

pub(super) async fn wrecks(company: &Company, place: &Place, secrets: &mut Secrets) -> Wrecks {
    secrets.add_client_secret(&company.key);
    Wrecks {
        objects: broken(company, place, secrets).await,
        connections: &CONNECTIONS,
        reasons: ["SecretExpired", "KeyMalformed"],
        data: "/microsoft365/graph/",
    }
}

/// A certificate that works, an expired secret, a certificate that nobody knows, a damaged key, a refused password.
async fn broken(company: &Company, place: &Place, secrets: &mut Secrets) -> Vec<Value> {
    let microsoft365 = company.sandbox.microsoft365();
    let expired = company.system.make_key(&company.sandbox).await;
    secrets.add_client_secret(&expired);
    microsoft365.expire_secret(CLIENT, &expired).await;
    let mut certificate = |name: &str, damage: bool| {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("makes a key");
        let names = vec!["deputy".to_owned()];
        let parameters = rcgen::CertificateParams::new(names).expect("takes the name");
        let signed = parameters.self_signed(&key).expect("signs").pem();
        let mut pem = key.serialize_pem();
        secrets.add_pem(&pem);
        if damage {
            let line = pem.lines().nth(3).expect("has lines").to_owned();
            pem = pem.replace(&line, &line.replacen(char::is_alphanumeric, "*", 3));
        }
        let entries = json!({"tls.crt": signed, "tls.key": pem});
        let mut object = secret(name, "", "");
        object["stringData"] = entries;
        (signed, object)
    };
    let (known, signed) = certificate("signed", false);
    let (_, unknown) = certificate("unknown", false);
    let (_, garbled) = certificate("garbled", true);
    microsoft365.add_certificate(CLIENT, &known).await;
    let mut objects = vec![signed, unknown, garbled, refused(place)];
    objects.push(company.system.secret("expired", &expired));
    for name in ["signed", "expired", "unknown", "garbled"] {
        objects.push(connection(company, place, name, name, "database"));
    }
    objects.push(connection(company, place, "refused", "key", "refused"));
    objects
}
