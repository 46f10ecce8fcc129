//! What is wrong with a connection to `SendSafely`, which refuses with the status of a success, or with one of its people.

use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;
use serde_json::{Value, json};

use super::{ConnectionRow as Row, Reads, Reconciling, Stalled, condition, reads, reads_of};
use crate::support::portal::{self, BOT};
use crate::support::stage::{CONNECTION, Stage, USER, person};
use crate::support::wait;

const PETER: &str = "peter@acme.example";
const WELL: (&str, &str, &str) = ("Ready", "True", "Verified");
const OTHERS_KEY: &str = "Store a key of the account that the spec names";
const NOT_ADMIN: &str = "In the Enterprise Console of acme.sendsafely.com make it one";

async fn staged() -> Stage {
    let mut robot = portal::employee("robot@acme.example", 0);
    robot["serviceAccount"] = json!(true);
    Stage::new(&portal::company(&[portal::employee(PETER, 3), robot])).await
}

/// Makes a connection with a Secret of its own.
async fn apply(stage: &Stage, name: &str, entries: Value, change: impl FnOnce(&mut Value)) {
    stage.store(name, entries).await;
    let mut connection = portal::connection(stage, name);
    connection["spec"]["credentialsSecretRef"]["name"] = json!(name);
    change(&mut connection["spec"]["provider"]["sendsafely"]);
    stage.apply(connection).await;
}

/// The entries of a new key of an account.
async fn key_of(stage: &Stage, account: &str) -> Value {
    let key = stage.sandbox.sendsafely().make_key(account).await;
    portal::entries("", &key)
}

#[rustfmt::skip] // a row a line
const CONNECTIONS: [Row<&str>; 8] = [
    ("half", "CredentialsAvailable", "False", "KeyMissing", "no api-secret", Stalled),
    ("empty", "CredentialsAvailable", "False", "KeyEmpty", "both halves", Stalled),
    ("revoked", "Authenticated", "False", "KeyRevoked", "generate a new key", Stalled),
    ("inactive", "Authenticated", "False", "KeyRevoked", "generate a new key", Stalled),
    ("wrong-half", "Authenticated", "False", "SecretInvalid", "Store the api-secret that was shown with this api-key", Stalled),
    ("foreign", "Authenticated", "False", "KeyForeign", OTHERS_KEY, Stalled),
    ("elsewhere", "Authenticated", "False", "TenantInvalid", "Correct spec.provider.sendsafely.host", Stalled),
    ("no-admin", "PermissionsGranted", "False", "AdminNotPrivileged", NOT_ADMIN, Stalled),
];

#[tokio::test]
async fn each_way_in_which_sendsafely_refuses() {
    let stage = staged().await;
    let console = stage.sandbox.sendsafely();
    for (name, ..) in CONNECTIONS {
        let account = match name {
            "foreign" => PETER,
            "no-admin" | "inactive" => "robot@acme.example",
            _ => BOT,
        };
        let key = console.make_key(account).await;
        let mut entries = portal::entries("", &key);
        match name {
            "half" => entries = json!({"api-key": key["apiKey"]}),
            "empty" => entries["api-secret"] = json!(" "),
            "wrong-half" => entries["api-secret"] = json!("sandbox-canary-of-another-key"),
            "revoked" => console.revoke_key(&key).await,
            _ => {}
        }
        apply(&stage, name, entries, |provider| match name {
            "elsewhere" => {
                let place = provider["endpoint"].as_str().expect("is a URL");
                provider["endpoint"] = json!(format!("{place}/hosts/other.sendsafely.com"));
            }
            "no-admin" => provider["account"] = json!(account),
            "inactive" => drop(
                provider
                    .as_object_mut()
                    .expect("is an object")
                    .remove("account"),
            ),
            _ => {}
        })
        .await;
    }
    let mut operator = stage.operator();
    for row in CONNECTIONS.iter().filter(|row| row.0 != "inactive") {
        reads(&stage, CONNECTION, row.0, reads_of(row)).await;
    }
    console
        .change_user("robot@acme.example", json!({"active": false}))
        .await;
    stage.request(CONNECTION, "inactive").await;
    let inactive = CONNECTIONS.iter().find(|row| row.0 == "inactive");
    reads(
        &stage,
        CONNECTION,
        "inactive",
        reads_of(inactive.expect("is a row")),
    )
    .await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn a_privilege_taken_away_at_sendsafely_is_named_and_given_back_it_is_well() {
    let stage = staged().await;
    apply(&stage, "acme", key_of(&stage, BOT).await, |_| ()).await;
    stage.apply(person("peter", PETER)).await;
    let mut operator = stage.operator();
    stage.until_condition(CONNECTION, "acme", WELL).await;
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;
    let console = stage.sandbox.sendsafely();

    console.change_user(BOT, json!({"admin": false})).await;
    stage.request(CONNECTION, "acme").await;
    let no_admin = CONNECTIONS.iter().find(|row| row.0 == "no-admin");
    reads(
        &stage,
        CONNECTION,
        "acme",
        reads_of(no_admin.expect("is a row")),
    )
    .await;
    console.change_user(BOT, json!({"admin": true})).await;
    stage.request(CONNECTION, "acme").await;
    stage.until_condition(CONNECTION, "acme", WELL).await;
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;

    console.change_features(json!({"auditLogs": false})).await;
    stage.request(USER, "peter").await;
    let log_is_off = Reads {
        type_: "Synced",
        status: "False",
        reason: "ApiDisabled",
        remedy: "Ask SendSafely's support to switch the Audit Log API on",
        class: Stalled,
    };
    reads(&stage, USER, "peter", log_is_off).await;
    console.change_features(json!({"auditLogs": true})).await;
    stage.request(USER, "peter").await;
    stage
        .until_condition(USER, "peter", ("Ready", "True", "Synced"))
        .await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn clocks_that_differ_are_told_from_a_dead_key() {
    let stage = staged().await;
    apply(&stage, "acme", key_of(&stage, BOT).await, |_| ()).await;
    stage.sandbox.clock_offset(7_200).await;
    let mut operator = stage.operator();
    let apart = Reads {
        type_: "Authenticated",
        status: "False",
        reason: "ClockSkew",
        remedy: "seconds ahead of ours",
        class: Stalled,
    };
    reads(&stage, CONNECTION, "acme", apart).await;
    stage.sandbox.clock_offset(0).await;
    stage.request(CONNECTION, "acme").await;
    stage.until_condition(CONNECTION, "acme", WELL).await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn what_sendsafely_asks_to_wait_for_passes_by_itself() {
    let stage = staged().await;
    apply(&stage, "acme", key_of(&stage, BOT).await, |_| ()).await;
    let slow = json!({"response": "LIMIT_EXCEEDED", "message": "Too many requests"});
    let reply = json!({"reply": {"status": 200, "headers": {"Retry-After": "3600"}, "body": slow}});
    let path = json!({"pathPrefix": "/sendsafely/api/v2.0/config/"});
    stage
        .sandbox
        .faults(&[json!({"match": path, "do": reply})])
        .await;
    let mut operator = stage.operator();
    let throttled = Reads {
        type_: "Authenticated",
        status: "Unknown",
        reason: "RateLimited",
        remedy: "It goes on by itself",
        class: Reconciling,
    };
    reads(&stage, CONNECTION, "acme", throttled).await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn the_accounts_settings_are_kept_as_far_as_there_is_an_api_and_the_rest_is_told() {
    let stage = staged().await;
    let console = stage.sandbox.sendsafely();
    let before = json!({"dropzoneRecipients": ["old@acme.example", "legal@acme.example"]});
    console.change_user(BOT, before).await;
    apply(&stage, "acme", key_of(&stage, BOT).await, |provider| {
        let recipients = ["legal@acme.example", "support@acme.example"];
        provider["dropzone"] = json!({"recipients": recipients});
    })
    .await;
    let mut operator = stage.operator();
    let kept = ("SettingsApplied", "True", "Verified");
    let connection = stage.until_condition(CONNECTION, "acme", kept).await;
    assert_eq!(connection["status"]["login"], "None");
    assert_eq!(
        condition(&connection, "ServiceIdentity")["status"],
        "Unknown"
    );
    assert_eq!(
        recipients(&stage).await,
        ["legal@acme.example", "support@acme.example"]
    );

    let mut more = connection["spec"]["provider"]["sendsafely"].clone();
    more["dropzone"]["enabled"] = json!(true);
    more["notifications"] = json!(false);
    let patch = json!({"spec": {"provider": {"sendsafely": more}}});
    stage.patch(CONNECTION, "acme", patch).await;
    let by_hand = ("SettingsApplied", "Unknown", "UnsupportedByProvider");
    let connection = stage.until_condition(CONNECTION, "acme", by_hand).await;
    let message = condition(&connection, "SettingsApplied")["message"].to_string();
    for part in [
        "exactly the 2 recipients",
        "no API for dropzone.enabled, notifications",
        "neither sets nor verifies",
        "are off until somebody switches them on",
        "https://acme.sendsafely.com, Enterprise Console",
    ] {
        assert!(message.contains(part), "{message} lacks {part:?}");
    }
    assert_eq!(
        condition(&connection, "Ready")["status"],
        "True",
        "it is advice"
    );
    assert!(operator.is_running());
}

async fn recipients(stage: &Stage) -> Vec<String> {
    let truth = stage.sandbox.sendsafely().state().await;
    let users = truth["users"].as_array().expect("has users");
    let bot = users.iter().find(|user| user["email"] == BOT);
    let found = bot.expect("is there")["dropzoneRecipients"].clone();
    let mut found: Vec<String> = serde_json::from_value(found).expect("is a list");
    found.sort();
    found
}

#[tokio::test]
async fn whoever_acts_as_the_account_is_told_and_the_event_is_there() {
    let stage = staged().await;
    let console = stage.sandbox.sendsafely();
    apply(&stage, "acme", key_of(&stage, BOT).await, |_| ()).await;
    console
        .log(json!({
            "eventType": "USER_EVENT", "action": "GENERATE_API_KEY",
            "authenticatedUser": "mallory@acme.example", "impersonatedUser": BOT,
        }))
        .await;
    let mut operator = stage.operator();
    let connection = stage
        .until_condition(
            CONNECTION,
            "acme",
            ("LeastPrivilege", "False", "Impersonated"),
        )
        .await;
    let message = condition(&connection, "LeastPrivilege")["message"].to_string();
    for part in [
        "mallory@acme.example",
        BOT,
        "GENERATE_API_KEY",
        "revoke the keys",
    ] {
        assert!(message.contains(part), "{message} lacks {part:?}");
    }
    stage.until_condition(CONNECTION, "acme", WELL).await;
    let events: Api<Event> = Api::namespaced(stage.client.clone(), &stage.namespace);
    wait::until("the event", async || {
        let events = events.list(&ListParams::default()).await.expect("lists");
        let mut events = events.items.into_iter();
        events.find(|event| event.reason.as_deref() == Some("Impersonated"))
    })
    .await;
    assert!(operator.is_running());
}
