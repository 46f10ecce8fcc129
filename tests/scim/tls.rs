//! Keys travel encrypted, or stay on the machine, or somebody has said that this is meant.

use std::sync::Arc;

use deputy::providers::Purpose;
use reqwest::Method;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::office::{Office, start};
use crate::support::guard;
use crate::support::operator::Launch;

/// Asks over TLS, trusting this certificate alone, and returns the whole answer.
async fn secure(trusted: &CertificateDer<'static>, port: u16, token: &str) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("is a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("has protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("connects");
    let name = ServerName::try_from("localhost").expect("is a name");
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await.expect("shakes hands");
    let request = format!(
        "GET /scim/v2/ServiceProviderConfig HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("sends");
    let mut told = Vec::new();
    // How the connection is closed is not what is asked here.
    let _ = stream.read_to_end(&mut told).await;
    String::from_utf8(told).expect("is text")
}

#[tokio::test]
async fn a_certificate_is_served_from_files() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()])
        .expect("makes a certificate");
    let folder = guard::new_folder("tls");
    let (certificate, secret) = (folder.join("tls.crt"), folder.join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).expect("writes the certificate");
    std::fs::write(&secret, made.signing_key.serialize_pem()).expect("writes the key");
    let paths = [
        certificate.display().to_string(),
        secret.display().to_string(),
    ];
    let more = [
        "--tls-cert",
        &paths[0],
        "--tls-key",
        &paths[1],
        "--edge-url",
        "https://scim.acme.example",
    ];
    let config = office.namespace.server().administrator();
    let (_operator, url) = start(config, office.namespace.name(), &more).await;
    let port = url.port().expect("has a port");
    let told = secure(made.cert.der(), port, &key.token()).await;
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
    let location = "https://scim.acme.example/scim/v2/ServiceProviderConfig";
    assert!(told.contains(location), "{told}");
    let open = office
        .request(Method::GET, url.join("Users").expect("is a URL"))
        .send()
        .await;
    assert!(open.is_err(), "plain HTTP is not answered");
}

#[tokio::test]
async fn keys_do_not_travel_in_the_open_by_mistake() {
    let office = Office::open().await;
    let config = office.namespace.server().administrator();
    let launch = |more: &[&str]| {
        let launch = Launch::controller(config, office.namespace.name())
            .confined_to(office.namespace.name())
            .arg("--no-leader-election")
            .arg("--scim")
            .arg("--edge-listen")
            .arg("0.0.0.0:0");
        more.iter().fold(launch, Launch::arg)
    };
    let ended = launch(&[]).output().await;
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("--edge-plain-http"), "{said}");
    let mut meant = launch(&["--edge-plain-http"]).start();
    meant.printed("serving /scim/v2").await;
}
