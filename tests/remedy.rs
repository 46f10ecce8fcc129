//! What an administrator has to grant is told before anybody is asked.

use serde_json::Value;

use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{CLIENT_ID, Company, SCOPES, SMALL, said, write};
use crate::support::tenant;

#[tokio::test]
async fn google_is_told_which_client_and_which_scopes() {
    let text = told(System::Google).await;
    assert!(
        text.contains(&format!("Client ID     {CLIENT_ID}\n")),
        "{text}"
    );
    assert!(text.contains(&SCOPES.join(",")), "{text}");
    let link = "https://admin.google.com/ac/owl/domainwidedelegation?clientScopeToAdd=";
    assert!(text.contains(link), "{text}");
}

#[tokio::test]
async fn microsoft_365_is_told_which_permissions_of_which_application() {
    let text = told(System::Microsoft365).await;
    for role in [
        "User.Read.All",
        "Mail.ReadBasic.All",
        "Calendars.Read",
        "Files.Read.All",
    ] {
        assert!(text.contains(&format!("Permission  {role}\n")), "{text}");
    }
    assert!(
        text.contains(&format!("adminconsent?client_id={}", tenant::CLIENT)),
        "{text}"
    );
}

#[tokio::test]
async fn sendsafely_is_told_which_account_must_be_an_administrator() {
    let text = told(System::SendSafely).await;
    assert!(
        text.contains("make the account an enterprise administrator"),
        "{text}"
    );
}

/// What the command prints for the system's own connection; the vendor has not been asked.
async fn told(system: System) -> String {
    let company = Company::of(system, SMALL).await;
    let objects: Vec<Value> = company.objects(&Place::files(), &company.spec(&Place::files()));
    let launch = company.deputy(&["remedy", "-f"]).arg(write(&objects));
    let output = launch.output().await;
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    let calls = company.sandbox.calls().await;
    assert!(calls.is_empty(), "{calls:?}");
    text
}
