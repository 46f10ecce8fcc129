//! Whom a connection to a database believes, against a real server with certificates of a real, if short-lived, authority.

use deputy::destinations::spec::{DestinationSpec, PostgresSpec};
use deputy::destinations::{Kind, open};
use deputy::model::secret::{Credentials, SecretRef};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use url::Url;

use crate::support::postgres::{Postgres, connect};
use crate::support::wait;

/// Makes an authority that nobody knows.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Lets a server have a certificate for `localhost`, and no other name.
async fn certify(url: &Url, authority: &CertifiedIssuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let owner = connect(url).await.unwrap();
    for (name, pem) in [
        ("server.crt", certificate.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        // The server reads its key only if nobody else can.
        let write = format!(
            "COPY (SELECT unnest(string_to_array('{}', E'\\n'))) TO PROGRAM 'umask 077; cat > {name}'",
            pem.replace('\r', "")
        );
        owner.batch_execute(&write).await.unwrap();
    }
    owner
        .batch_execute("ALTER SYSTEM SET ssl = on")
        .await
        .unwrap();
    owner
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    wait::until("the server to speak TLS", async || {
        check(url, "127.0.0.1", "require", None).await.ok()
    })
    .await;
}

async fn check(url: &Url, host: &str, mode: &str, authority: Option<&str>) -> Result<(), Kind> {
    let mut url = url.clone();
    url.set_host(Some(host)).unwrap();
    url.set_query(Some(&format!("sslmode={mode}")));
    let mut entries = vec![("url".to_owned(), url.as_str().as_bytes().to_vec())];
    entries.extend(authority.map(|pem| ("ca.crt".to_owned(), pem.as_bytes().to_vec())));
    let spec = DestinationSpec::Postgres(PostgresSpec {
        credentials_secret_ref: SecretRef {
            name: "warehouse".into(),
        },
        schema: None,
    });
    let destination = open(&spec, Some(&Credentials::new(entries))).unwrap();
    destination.check().await.map_err(|error| {
        assert!(error.remedy.contains("ca.crt"), "{error}");
        error.kind
    })
}

#[tokio::test]
async fn a_server_is_believed_as_far_as_the_mode_says() {
    let server = Postgres::start().await;
    let url = server.database().await;
    let (ours, theirs) = (authority(), authority());
    certify(&url, &ours).await;
    let (ours, theirs) = (ours.pem(), theirs.pem());
    let (ours, theirs) = (Some(ours.as_str()), Some(theirs.as_str()));
    let refused = Err(Kind::DestinationInvalid);
    for (host, mode, authority, outcome) in [
        ("127.0.0.1", "disable", None, Ok(())),
        ("127.0.0.1", "prefer", None, Ok(())),
        ("127.0.0.1", "require", None, Ok(())),
        ("127.0.0.1", "require", ours, Ok(())),
        ("127.0.0.1", "require", theirs, refused),
        ("127.0.0.1", "verify-ca", ours, Ok(())),
        ("127.0.0.1", "verify-ca", theirs, refused),
        ("127.0.0.1", "verify-full", ours, refused),
        ("localhost", "verify-full", ours, Ok(())),
        ("localhost", "verify-full", theirs, refused),
        ("localhost", "verify-full", None, refused),
    ] {
        let checked = check(&url, host, mode, authority).await;
        assert_eq!(checked, outcome, "{mode} at {host}");
    }
}
