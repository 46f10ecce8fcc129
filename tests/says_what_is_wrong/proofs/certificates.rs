//! Certificates.

use serde_json::{Value, json};

use super::{CONNECTION, Reads, Row, Stalled, World, reads, reads_of};
use crate::support::tenant::{CLIENT, ROLES};

/// A certificate and its private key, both PEM.
struct Pair {
    certificate: String,
    key: String,
}

fn pair() -> Pair {
    signed(&rcgen::PKCS_RSA_SHA256, 2_100)
}

/// A pair whose certificate ends with this year.
fn signed(algorithm: &'static rcgen::SignatureAlgorithm, last_year: i32) -> Pair {
    let key = rcgen::KeyPair::generate_for(algorithm).expect("makes a key");
    let parameters = rcgen::CertificateParams::new(vec!["deputy".to_owned()]);
    let mut parameters = parameters.expect("takes the name");
    parameters.not_after = rcgen::date_time_ymd(last_year, 12, 31);
    Pair {
        certificate: parameters.self_signed(&key).expect("signs").pem(),
        key: key.serialize_pem(),
    }
}

fn entries(certificate: &str, key: &str) -> Value {
    json!({"tls.crt": certificate, "tls.key": key})
}

async fn world() -> World {
    let app = json!({"clientId": CLIENT, "displayName": "Deputy", "roles": ROLES});
    World::of(&[app]).await
}

#[tokio::test]
async fn a_certificate_comes_to_rows_and_its_removal_is_named() {
    let world = world().await;
    let microsoft365 = world.stage.sandbox.microsoft365();
    let Pair { certificate, key } = pair();
    let print = microsoft365.add_certificate(CLIENT, &certificate).await;
    world.stage.store("key", entries(&certificate, &key)).await;
    world
        .apply_acme(world.connection("acme", CLIENT, Some("key")))
        .await;
    let mut operator = world.stage.operator();
    world.has_rows().await;

    microsoft365.remove_certificate(CLIENT, &print).await;
    let removed = Reads {
        type_: "Authenticated",
        status: "False",
        reason: "KeyRevoked",
        remedy: "Upload the certificate of the Secret",
        class: Stalled,
    };
    world.acme_says(removed).await;
    world.edit(1).await;

    // Another one, as at the end of the old one's life: it is uploaded, and stored in the Secret.
    let Pair { certificate, key } = pair();
    microsoft365.add_certificate(CLIENT, &certificate).await;
    world.stage.store("key", entries(&certificate, &key)).await;
    world.has_rows().await;
    assert!(operator.is_running());
    assert!(!operator.log().contains("PRIVATE KEY"));
}

#[rustfmt::skip] // a row a line
const ROWS: [Row<&str>; 8] = [
    ("unregistered", "Authenticated", "False", "KeyRevoked", "Upload the certificate of the Secret", Stalled),
    ("ended", "Authenticated", "False", "KeyRevoked", "Upload the certificate of the Secret", Stalled),
    ("no-key", "CredentialsAvailable", "False", "KeyMissing", "private key beside it", Stalled),
    ("no-certificate", "CredentialsAvailable", "False", "KeyMissing", "Store one of them", Stalled),
    ("key-of-another", "CredentialsAvailable", "False", "KeyMalformed", "tls.key", Stalled),
    ("curve", "CredentialsAvailable", "False", "KeyMalformed", "RSA", Stalled),
    ("cut", "CredentialsAvailable", "False", "KeyMalformed", "tls.crt", Stalled),
    ("no-pem", "CredentialsAvailable", "False", "KeyMalformed", "tls.key", Stalled),
];

async fn secret_of(world: &World, name: &str) -> Value {
    let Pair { certificate, key } = match name {
        "curve" => signed(&rcgen::PKCS_ECDSA_P256_SHA256, 2_100),
        "ended" => signed(&rcgen::PKCS_RSA_SHA256, 2_020),
        _ => pair(),
    };
    if name != "unregistered" && name != "curve" {
        let microsoft365 = world.stage.sandbox.microsoft365();
        microsoft365.add_certificate(CLIENT, &certificate).await;
    }
    match name {
        "no-key" => json!({"tls.crt": certificate}),
        "no-certificate" => json!({"tls.key": key}),
        "key-of-another" => entries(&certificate, &pair().key),
        "cut" => entries(&certificate[..certificate.len() / 2], &key),
        "no-pem" => entries(&certificate, "canary"),
        _ => entries(&certificate, &key),
    }
}

#[tokio::test]
async fn each_way_a_certificate_can_be_bad() {
    let world = world().await;
    for (name, ..) in ROWS {
        let entries = secret_of(&world, name).await;
        world.stage.store(name, entries).await;
        let connection = world.connection(name, CLIENT, Some(name));
        world.stage.apply(connection).await;
    }
    let mut operator = world.stage.operator();
    for row in &ROWS {
        reads(&world.stage, CONNECTION, row.0, reads_of(row)).await;
    }
    // That it has ended the vendor says in words only; the certificate itself tells when.
    let ended = ("CredentialCurrent", "False", "CredentialExpiring");
    world
        .stage
        .until_condition(CONNECTION, "ended", ended)
        .await;
    assert!(operator.is_running());
    assert!(!operator.log().contains("canary"));
}
