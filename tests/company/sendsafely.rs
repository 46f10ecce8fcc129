//! The company at `SendSafely`, and the rows that there must be of it, worked out from the vendor's own state.

use deputy::model::dataset::Dataset;
use deputy::providers::Reason;
use serde_json::{Value, json};
use url::Url;

use super::dialect::{Dialect, Next};
use super::place::{Rows, as_set};
use super::truth::{instant, keyed};
use super::{PETER, Size};
use crate::support::portal;
use crate::support::sandbox::Sandbox;

/// `SendSafely`'s dialect.
pub(crate) const DIALECT: Dialect = Dialect {
    datasets: &[Dataset::Packages, Dataset::Activity],
    listed: Dataset::Packages,
    token: None,
    listing: "/sendsafely/api/v2.0/package/organization/search/",
    more_than_a_page: 150,
    page,
    refusal,
    overloaded,
    unauthenticated: Reason::KeyRevoked,
    denied: Reason::AdminNotPrivileged,
    purposes: &[],
    // A page is named by its first row, which must be a number: there is no link to follow.
    elsewhere: Reason::MalformedReply,
};

fn page(_: &Url, item: Option<&str>, next: Next<'_>) -> Value {
    let package = |id: &str| json!({"packageId": id, "packageUserName": PETER, "packageState": 3});
    let packages: Vec<Value> = item.map(package).into_iter().collect();
    let next = match next {
        Next::End => Value::Null,
        // A mark is a row.
        Next::Mark(_) => json!("100"),
        Next::At(url) => json!(url),
    };
    json!({"response": "SUCCESS", "packages": packages, "pagination": {"nextRowIndex": next}})
}

/// Source: SendSafely/Java-Client-API, `APIResponse.java` (3.1.14), read 2026-11-22.
fn refusal(status: u16, words: &str) -> Value {
    let code = match status {
        401 => "AUTHENTICATION_FAILED",
        403 => "DENIED",
        404 => "UNKNOWN_PACKAGE",
        409 => "DUPLICATE_EMAIL",
        429 => "LIMIT_EXCEEDED",
        500.. => "FAIL",
        _ => "INVALID_INPUT",
    };
    json!({"response": code, "message": words})
}

/// In replies that say 200.
fn overloaded() -> Vec<Value> {
    let body = |status: u16| refusal(status, "busy");
    let reply = |body: Value| json!({"reply": {"status": 200, "body": body}});
    vec![reply(body(500)), reply(body(429)), reply(Value::Null)]
}

/// What nobody may see of a key: either half.
pub(crate) fn secrets(key: &Value) -> Vec<String> {
    let half = |name: &str| key[name].as_str().expect("a key has two halves").to_owned();
    vec![half("apiKey"), half("apiSecret")]
}

/// A company with the person who is synced, and somebody else.
pub(crate) fn scenario(size: Size) -> Value {
    portal::company(&[
        portal::employee(PETER, size.messages),
        portal::employee("stranger@acme.example", 3),
    ])
}

/// What is true of a person: their packages that are there, and what they did.
pub(crate) async fn state(sandbox: &Sandbox, person: &str) -> Value {
    let state = sandbox.sendsafely().state().await;
    let of = |list: &str, whose: &[&str], id: &str| -> Vec<Value> {
        let all = state[list].as_array().expect("the state has lists").iter();
        let theirs = all.filter(|item| whose.iter().any(|field| item[*field] == person));
        let named = |item: &Value| {
            let mut item = item.clone();
            item["id"] = item[id].clone();
            item
        };
        theirs.map(named).collect()
    };
    let mut packages = of(
        "packages",
        &["packageUserName", "packageSender"],
        "packageId",
    );
    packages.retain(|package| life(package).is_some());
    json!({
        "packages": packages,
        "activity": of("audit", &["authenticatedUser"], "eventId"),
    })
}

/// The rows of a dataset.
pub(crate) fn rows(state: &Value, dataset: &str) -> Rows {
    match dataset {
        "packages" => keyed(&state["packages"], package),
        "activity" => keyed(&state["activity"], entry),
        other => panic!("there is no dataset {other}"),
    }
}

/// Where a package is in its life, and who has fetched it; none where it is deleted.
fn life(package: &Value) -> Option<(&'static str, Option<&'static str>)> {
    let name = package["state"].as_str().expect("a package has a state");
    let name = name.strip_prefix("PACKAGE_STATE_").unwrap_or(name);
    match name {
        "IN_PROGRESS" => return Some(("inProgress", None)),
        "TEMP" => return None,
        _ => {}
    }
    let (life, fetched) = name.split_once('_').expect("a state has two parts");
    let life = match life {
        "ACTIVE" => "active",
        "EXPIRED" => "expired",
        _ => return None,
    };
    let fetched = match fetched {
        "COMPLETE" => "all",
        "INCOMPLETE" => "none",
        "PARTIALLY_COMPLETE" => "some",
        other => panic!("nobody fetches {other}"),
    };
    Some((life, Some(fetched)))
}

fn package(item: &Value) -> Value {
    let texts = |list: &str, field: &str| -> Value {
        let all = item[list].as_array().into_iter().flatten();
        as_set(&json!(all.map(|one| &one[field]).collect::<Vec<_>>()))
    };
    let (state, pickup) = life(item).expect("is there");
    json!({
        "state": state,
        "pickup": pickup,
        "owner": item["packageUserName"],
        "sender": item["packageSender"],
        "recipients": texts("recipients", "email"),
        "recipient_groups": as_set(&item["contactGroups"]),
        "file_names": texts("files", "fileName"),
        "label": item["label"],
        "dropzone": item["isDropzonePackage"],
        "data_room": item["isVDR"],
        "has_message": item["packageContainsMessage"],
        "life_days": item["life"],
        "modified_at": instant(&item["updatedAt"]),
    })
}

fn entry(item: &Value) -> Value {
    json!({
        "kind": item["eventType"],
        "action": item["action"],
        "occurred_at": instant(&item["timestamp"]),
        "actor": item["authenticatedUser"],
        "impersonated": item["impersonatedUser"],
        "ip_address": item["ipAddress"],
        "package_id": item["logDetails"]["packageId"],
        "package_owner": item["logDetails"]["packageOwner"],
    })
}

/// Makes that many edits to a person's packages, each of which the log tells too: sent, changed, expired, deleted by their owner,
/// and new ones deleted for ever.
pub(crate) async fn edit(sandbox: &Sandbox, person: &str, count: u32, seed: u64) {
    let portal = sandbox.sendsafely();
    let state = state(sandbox, person).await;
    let listed = state["packages"].as_array().expect("is a list");
    let ids: Vec<&str> = listed.iter().filter_map(|it| it["id"].as_str()).collect();
    let mut sent = Vec::new();
    for n in 0..u64::from(count) {
        let number = seed.wrapping_mul(31).wrapping_add(n * 7) % 9_973;
        let number = usize::try_from(number).expect("is small");
        let change = match n % 5 {
            0 | 1 => {
                sent.push(portal.send(person, one_more(seed, n)).await);
                continue;
            }
            2 => json!({"label": format!("{seed}-{n}")}),
            3 if number.is_multiple_of(4) => json!({"state": "DELETED_COMPLETE"}),
            3 => json!({"state": "EXPIRED_PARTIALLY_COMPLETE"}),
            _ => {
                let newest = sent.pop().expect("was sent before");
                portal.delete_package(&newest).await;
                continue;
            }
        };
        portal.change_package(ids[number % ids.len()], change).await;
    }
}

fn one_more(seed: u64, n: u64) -> Value {
    json!({
        "recipients": ["may@parker.example"], "label": format!("sent {seed}-{n}"), "life": 7,
        "files": [{"name": format!("{n}.pdf"), "size": 4_096}],
    })
}
