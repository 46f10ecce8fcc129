//! A company in Microsoft 365, and connections to it.

use reqwest::Url;
use serde_json::{Value, json};

use super::sandbox::Sandbox;
use super::stage::{CONNECTION, Stage};

/// The tenant's id.
pub(crate) const TENANT: &str = "8d3f2c1a-0000-4000-8000-000000000001";
/// The application that connections use.
pub(crate) const CLIENT: &str = "8d3f2c1a-0000-4000-8000-000000000002";
/// The least that mail without bodies, calendars and files need.
pub(crate) const ROLES: [&str; 4] = [
    "User.Read.All",
    "Mail.ReadBasic.All",
    "Calendars.Read",
    "Files.Read.All",
];

/// A tenant with the application and these people. What is generated leads up to the present, since calendars are read
/// in a window around it.
pub(crate) fn company(people: &[Value]) -> Value {
    json!({
        "seed": 5,
        "epoch": jiff::Timestamp::now(),
        "microsoft365": {
            "tenant": {"id": TENANT, "domains": ["acme.example"], "cloud": "global"},
            "otherTenants": [{
                "id": "8d3f2c1a-0000-4000-8000-0000000000ff", "domains": ["other.example"], "cloud": "global",
            }],
            "quota": "off",
            "apps": [{"clientId": CLIENT, "displayName": "Deputy", "roles": ROLES}],
            "users": people,
        },
    })
}

/// Somebody with a little of everything.
pub(crate) fn employee(email: &str, messages: u32) -> Value {
    json!({
        "email": email,
        "mail": {"generate": {"messages": messages}},
        "calendar": {"generate": {"events": 3}},
        "files": {"generate": {"files": 3}},
    })
}

/// Where the vendor is.
pub(crate) fn endpoint(sandbox: &Sandbox) -> Url {
    sandbox.url().join("microsoft365").expect("is a URL")
}

/// A connection to this company that admits everyone in it and writes into the stage's folder.
pub(crate) fn connection(stage: &Stage, name: &str) -> Value {
    let mut connection = stage.connection(name);
    connection["spec"]["provider"] = json!({"microsoft365": {
        "tenant": TENANT, "clientId": CLIENT, "endpoint": endpoint(&stage.sandbox), "quotaProfile": "unlimited",
    }});
    connection["spec"]["privacy"] = json!({"calendar": {"level": "Full"}});
    assert_eq!(connection["kind"], CONNECTION);
    connection
}

/// Stores a client secret as the console made it, and returns that.
pub(crate) async fn store_new_secret(stage: &Stage, name: &str, client: &str) -> Value {
    let secret = stage.sandbox.microsoft365().make_secret(client).await;
    stage
        .store(name, json!({"client-secret": secret["value"]}))
        .await;
    secret
}
