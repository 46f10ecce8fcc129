//! What is wrong with a connection to Microsoft 365, or with one of its people.

use serde_json::{Value, json};

use super::{ConnectionRow as Row, Reads, Reconciling, Stalled, reads, reads_of};
use crate::support::stage::{CONNECTION, Stage, USER, person};
use crate::support::tenant::{self, ROLES};

const DECOY: &str = "decoy@acme.example";
/// What most licensed people of the sandbox have.
const ENTERPRISEPACK: &str = "6fd2c87f-b296-42f0-b197-1e91e994b900";

/// The application of a name: each connection has its own.
fn client_of(name: &str) -> String {
    let number: u32 = name
        .bytes()
        .fold(7, |sum, byte| sum * 31 % 0x00ff_ffff + u32::from(byte));
    format!("8d3f2c1a-0000-4000-9000-{number:012x}")
}

fn app(name: &str, roles: &[&str]) -> Value {
    json!({"clientId": client_of(name), "displayName": name, "roles": roles})
}

/// Applications in states of their own.
fn apps() -> Vec<Value> {
    let everywhere = [
        "well",
        "licensed",
        "skus",
        "expired",
        "wrong-secret",
        "wrong-tenant",
        "elsewhere",
        "wide",
        "revoked",
    ];
    let mut apps: Vec<Value> = everywhere.iter().map(|name| app(name, &ROLES)).collect();
    let mut disabled = app("disabled", &ROLES);
    disabled["enabled"] = json!(false);
    let mut policy = app("policy", &ROLES);
    policy["accessPolicy"] = json!({"restrictTo": ["scoped@acme.example"]});
    let mut confined = app("confined", &["User.Read.All", "Files.Read.All"]);
    confined["exchangeRbac"] = json!({
        "roles": ["Application Mail.Read", "Application Calendars.Read"], "scope": ["scoped@acme.example"],
    });
    apps.extend([disabled, policy, confined]);
    apps.push(app("no-files", &ROLES[..3]));
    apps.push(app("no-roles", &[]));
    apps
}

async fn staged(people: &[Value]) -> Stage {
    let mut company = tenant::company(people);
    company["microsoft365"]["apps"] = json!(apps());
    Stage::new(&company).await
}

/// Makes a connection with an application and a Secret of its own, and returns that secret.
async fn apply(stage: &Stage, name: &str, change: impl FnOnce(&mut Value)) -> Value {
    let client = client_of(name);
    let secret = tenant::store_new_secret(stage, name, &client).await;
    let mut connection = tenant::connection(stage, name);
    connection["spec"]["credentialsSecretRef"]["name"] = json!(name);
    connection["spec"]["provider"]["microsoft365"]["clientId"] = json!(client);
    change(&mut connection["spec"]);
    stage.apply(connection).await;
    secret
}

#[rustfmt::skip] // a row a line
const CONNECTIONS: [Row<&str>; 7] = [
    ("expired", "Authenticated", "False", "SecretExpired", "Make a new one", Stalled),
    ("wrong-secret", "Authenticated", "False", "SecretInvalid", "not its Secret ID", Stalled),
    ("wrong-tenant", "Authenticated", "False", "TenantInvalid", "Directory (tenant) ID", Stalled),
    ("elsewhere", "Authenticated", "False", "AppNotInTenant", "adminconsent?client_id=", Stalled),
    ("disabled", "Authenticated", "False", "AccountDisabled", "Enable sign-in", Stalled),
    ("no-files", "DelegationValid", "False", "Propagating", "adminconsent?client_id=", Reconciling),
    ("no-roles", "DelegationValid", "False", "Propagating", "Not granted: User.Read.All, Files.Read.All", Reconciling),
];

#[tokio::test]
async fn each_state_of_an_application_of_microsoft_365() {
    let stage = staged(&[]).await;
    for (name, ..) in CONNECTIONS {
        let secret = apply(&stage, name, |spec| {
            let provider = &mut spec["provider"]["microsoft365"];
            match name {
                "wrong-tenant" => provider["tenant"] = json!("nowhere.example"),
                "elsewhere" => provider["tenant"] = json!("other.example"),
                _ => {}
            }
        })
        .await;
        match name {
            "expired" => {
                let microsoft365 = stage.sandbox.microsoft365();
                microsoft365.expire_secret(&client_of(name), &secret).await;
            }
            "wrong-secret" => {
                let id = json!({"client-secret": secret["secretId"]});
                stage.store(name, id).await;
            }
            _ => {}
        }
    }
    let mut operator = stage.operator();
    for row in &CONNECTIONS {
        reads(&stage, CONNECTION, row.0, reads_of(row)).await;
    }
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_role_taken_away_at_microsoft_365_is_named_and_given_back_it_is_well() {
    let stage = staged(&[tenant::employee("peter@acme.example", 3)]).await;
    let microsoft365 = stage.sandbox.microsoft365();
    apply(&stage, "revoked", |_| ()).await;
    let mut operator = stage.operator();
    let well = ("Ready", "True", "Verified");
    stage.until_condition(CONNECTION, "revoked", well).await;

    let client = client_of("revoked");
    microsoft365.revoke(&client, "Files.Read.All").await;
    stage.request(CONNECTION, "revoked").await;
    let missing = Reads {
        type_: "DelegationValid",
        status: "False",
        reason: "ScopeNotAuthorized",
        remedy: "Not granted: Files.Read.All",
        class: Stalled,
    };
    reads(&stage, CONNECTION, "revoked", missing).await;
    let connection = stage.get(CONNECTION, "revoked").await;
    let link = connection["status"]["delegation"]["remedyUrl"].as_str();
    let page = format!("/{}/adminconsent?client_id={client}", tenant::TENANT);
    assert!(link.expect("has a link").ends_with(&page), "{link:?}");

    microsoft365.grant(&client, "Files.Read.All").await;
    stage.request(CONNECTION, "revoked").await;
    stage.until_condition(CONNECTION, "revoked", well).await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn whether_the_whole_tenant_is_open_is_told() {
    let people = [
        tenant::employee("scoped@acme.example", 3),
        tenant::employee(DECOY, 3),
    ];
    let stage = staged(&people).await;
    for name in ["wide", "confined"] {
        apply(&stage, name, |spec| {
            let probe = json!({"mailbox": DECOY});
            spec["provider"]["microsoft365"]["leastPrivilegeProbe"] = probe;
        })
        .await;
    }
    let mut scoped = person("scoped", "scoped@acme.example");
    scoped["spec"]["connectionRef"]["name"] = json!("confined");
    stage.apply(scoped).await;
    let mut operator = stage.operator();
    for (name, status, says) in [
        ("wide", "False", "New-ManagementScope"),
        ("confined", "True", "the application is confined"),
    ] {
        let connection = stage
            .until(CONNECTION, name, "to be judged", |object| {
                super::condition(object, "LeastPrivilege")["status"] == status
            })
            .await;
        let judged = super::condition(&connection, "LeastPrivilege");
        assert!(judged["message"].to_string().contains(says), "{judged}");
        assert_eq!(
            judged["reason"] == "TenantWide",
            status == "False",
            "{judged}"
        );
        stage
            .until_condition(CONNECTION, name, ("Ready", "True", "Verified"))
            .await;
    }
    assert!(operator.is_running());
}

/// A person's row: name, state at the vendor, connection, condition, reason, and what to do.
type Person = (
    &'static str,
    Option<Value>,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[rustfmt::skip] // a row a line
fn people() -> Vec<Person> {
    let well = || Some(json!({}));
    vec![
        ("kept-out", well(), "policy", "Synced", "BlockedByPolicy", "access policy"),
        ("unscoped", well(), "confined", "Synced", "PermissionDenied", "management scope"),
        ("unlicensed", Some(json!({"licensed": false, "mailbox": false})), "licensed", "Eligible", "UserNotLicensed", "Assign one"),
        ("other-licence", Some(json!({"licenses": ["FLOW_FREE"]})), "skus", "Eligible", "UserNotLicensed", "has f30db892-07e9-47e9-837c-80727f46fd3d. Assign one"),
        ("no-mailbox", Some(json!({"licensed": false, "mailbox": false, "drive": true})), "well", "Eligible", "MailboxNotEnabled", "The other streams go on"),
        ("inactive", Some(json!({"mailbox": false})), "well", "Synced", "MailboxNotEnabled", "Assign a licence with Exchange Online"),
        ("no-drive", Some(json!({"drive": false})), "well", "Eligible", "DriveNotEnabled", "The other streams go on"),
        ("disabled", Some(json!({"enabled": false})), "well", "Eligible", "UserSuspended", "Restore it"),
        ("nobody", None, "well", "Eligible", "UserNotFound", "create or restore"),
    ]
}

#[tokio::test]
async fn each_state_that_a_person_of_microsoft_365_can_be_in() {
    let rows = people();
    let mut users = vec![tenant::employee("scoped@acme.example", 3)];
    for (name, state, ..) in &rows {
        let Some(state) = state else { continue };
        let mut user = tenant::employee(&format!("{name}@acme.example"), 2);
        let state = state.as_object().expect("is an object").clone();
        user.as_object_mut().expect("is an object").extend(state);
        users.push(user);
    }
    let stage = staged(&users).await;
    // What Exchange grants mailbox by mailbox shows with somebody to whom it does.
    let mut scoped = person("a-scoped", "scoped@acme.example");
    scoped["spec"]["connectionRef"]["name"] = json!("confined");
    stage.apply(scoped).await;
    for (name, _, connection, ..) in &rows {
        let mut object = person(name, &format!("{name}@acme.example"));
        object["spec"]["connectionRef"]["name"] = json!(connection);
        stage.apply(object).await;
    }
    for name in ["well", "licensed", "skus", "policy", "confined"] {
        apply(&stage, name, |spec| match name {
            "licensed" => spec["licensing"] = json!({"requireLicense": true}),
            "skus" => spec["licensing"] = json!({"requireLicense": true, "skus": [ENTERPRISEPACK]}),
            _ => {}
        })
        .await;
    }
    let mut operator = stage.operator();
    for (name, _, _, type_, reason, remedy) in rows {
        let wanted = Reads {
            type_,
            status: "False",
            reason,
            remedy,
            class: Stalled,
        };
        reads(&stage, USER, name, wanted).await;
    }
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_full_mailbox_of_microsoft_365_is_listed_and_that_is_said() {
    let mut user = tenant::employee("full@acme.example", 12);
    user["mailboxFull"] = json!(true);
    let stage = staged(&[user]).await;
    let mut object = person("full", "full@acme.example");
    object["spec"]["connectionRef"]["name"] = json!("well");
    stage.apply(object).await;
    apply(&stage, "well", |_| ()).await;
    let mut operator = stage.operator();
    stage
        .until_condition(USER, "full", ("Synced", "True", "Synced"))
        .await;
    let object = stage.get(USER, "full").await;
    let synced = super::condition(&object, "Synced")["message"].to_string();
    assert!(synced.contains("mail: The mailbox is full"), "{synced}");
    let streams = object["status"]["streams"].as_array();
    let mut mail = streams.expect("has streams").iter();
    let mail = mail.find(|stream| stream["name"] == "mail");
    let mail = mail.expect("has mail");
    assert_eq!(
        (&mail["state"], &mail["reason"]),
        (&json!("Synced"), &json!("MailboxFull"))
    );
    assert_eq!(mail["records"], json!(12));
    assert!(operator.is_running());
}
