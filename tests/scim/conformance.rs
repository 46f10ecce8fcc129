//! A tester that nobody here wrote says whether it is SCIM: scim2-tester, every check of it.

use std::process::Command;

use deputy::providers::Purpose;

use super::office::Office;
use crate::support::settings;

#[tokio::test]
async fn scim2_tester_has_nothing_to_object_to() {
    let office = Office::open().await;
    let key = office.key(Purpose::Scim, None).await;
    let mut tester = Command::new(settings::python());
    tester
        .arg("-B")
        .arg(settings::repository().join("tests/scim/conformance.py"))
        .arg(office.url.as_str().trim_end_matches('/'))
        .env("TOKEN", key.token());
    let ended = tokio::task::spawn_blocking(move || tester.output()).await;
    let ended = ended.expect("waits for Python").expect("runs Python");
    let said = String::from_utf8_lossy(&ended.stdout);
    let complained = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}\n{complained}");
    eprintln!("{said}");
    assert!(
        office.people().await.is_empty(),
        "the tester takes along what it made"
    );
}
