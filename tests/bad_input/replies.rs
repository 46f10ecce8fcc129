//! Replies that are not what the vendor documents, or never end.

use serde_json::{Value, json};

use super::World;
use crate::company::PETER;
use crate::company::place::Place;
use crate::support::operator::Operator;
use crate::support::stage::{CONNECTION, USER, employee, person};

/// A person for each API, whose calls there are struck.
const ROWS: [(&str, &str); 4] = [
    ("mail", "/google/gmail/"),
    ("calendar", "/google/calendar/"),
    ("drive", "/google/drive/"),
    ("directory", "/google/admin/directory/v1/users/directory"),
];

/// At the most so many endless replies are read at once: a person's, and those to the checks of two connections.
const AT_ONCE: usize = 3;

fn email(name: &str) -> String {
    format!("{name}@acme.example")
}

/// Strikes each person's calls to one API.
fn faults(what: &str) -> Vec<Value> {
    let fault = |(name, path): &(&str, &str)| {
        let mut pattern = json!({"pathPrefix": path});
        if *name != "directory" {
            pattern["subject"] = json!(email(name)); // the directory is asked by the administrator
        }
        json!({"match": pattern, "do": {what: true}})
    };
    ROWS.iter().map(fault).collect()
}

async fn world() -> World {
    let mut people = ROWS.map(|(name, _)| employee(&email(name), 20)).to_vec();
    people.extend(["admin-2", "admin-3"].map(|name| json!({"email": email(name), "admin": true})));
    World::with(&people, Place::files()).await
}

async fn apply_people(world: &World) {
    for (name, _) in ROWS {
        world.stage.apply(person(name, &email(name))).await;
    }
}

/// What each person's condition says.
async fn each_says(world: &World, words: &[&str]) {
    for (name, _) in ROWS {
        let type_ = if name == "directory" {
            "Eligible"
        } else {
            "Synced"
        };
        let malformed = (type_, "Unknown", "MalformedReply");
        world.says(USER, name, malformed, words).await;
        let ready = ("Ready", "Unknown", "MalformedReply");
        world.says(USER, name, ready, words).await;
    }
}

async fn nobody_has_lost_anything(world: &World) {
    let emails = ROWS.map(|(name, _)| email(name));
    let people: Vec<_> = ROWS.iter().zip(&emails).collect();
    let mut people: Vec<_> = people
        .into_iter()
        .map(|((name, _), email)| (*name, email.as_str()))
        .collect();
    people.push(("peter", PETER));
    world.nothing_is_lost_of(&people).await;
}

#[tokio::test]
async fn a_malformed_reply_of_any_api_is_named_and_nothing_is_lost() {
    let world = world().await;
    world.stage.sandbox.faults(&faults("malformed")).await;
    apply_people(&world).await;
    let mut operator = world.synced().await;
    let words = ["No usable reply to", "127.0.0.1", "not JSON", "tried again"];
    each_says(&world, &words).await;

    world.stage.sandbox.faults(&[]).await;
    nobody_has_lost_anything(&world).await;

    // Once more where a cursor stands, and changes are asked for.
    let google = world.stage.sandbox.google();
    for (n, (name, _)) in (50..).zip(&ROWS[..3]) {
        google.edit(&email(name), 20, n, &super::STREAMS).await;
    }
    world.stage.sandbox.faults(&faults("malformed")).await;
    for (name, _) in &ROWS[..3] {
        world.stage.request(USER, name).await;
        let malformed = ("Synced", "Unknown", "MalformedReply");
        world.says(USER, name, malformed, &words).await;
    }
    world.stage.sandbox.faults(&[]).await;
    for (name, _) in &ROWS[..3] {
        world.stage.request(USER, name).await; // once by itself is enough
    }
    nobody_has_lost_anything(&world).await;
    assert!(operator.is_running());
}

#[tokio::test]
async fn an_endless_reply_of_any_api_ends_at_its_bound_in_bounded_memory() {
    let world = world().await;
    world
        .apply_with(|spec| spec["sync"]["concurrency"] = json!({"users": 1, "perUser": 1}))
        .await;
    let mut operator = world.stage.operator();
    world.until(USER, "peter", super::SYNCED).await;
    let before = peak_bytes(&operator);

    let mut all = faults("endless");
    for (path, admin) in [("/google/token", "admin-2"), ("/google/admin/", "admin-3")] {
        let pattern = json!({"pathPrefix": path, "subject": email(admin)});
        all.push(json!({"match": pattern, "do": {"endless": true}}));
    }
    world.stage.sandbox.faults(&all).await;
    apply_people(&world).await;
    for (name, admin) in [("token", "admin-2"), ("directory", "admin-3")] {
        let mut connection = world.connection();
        connection["metadata"]["name"] = json!(name);
        connection["spec"]["provider"]["google"]["adminEmail"] = json!(email(admin));
        world.stage.apply(connection).await;
    }
    for (name, type_) in [
        ("token", "Authenticated"),
        ("directory", "PermissionsGranted"),
    ] {
        let endless = (type_, "Unknown", "MalformedReply");
        world
            .says(CONNECTION, name, endless, &["tried again"])
            .await;
    }
    let limit = deputy::http::Settings::default().max_body_bytes;
    let bound = format!("more than {limit} bytes");
    each_says(
        &world,
        &["No usable reply to", "too large", &bound, "tried again"],
    )
    .await;
    let grown = peak_bytes(&operator) - before;
    eprintln!("peak before {before}, grown by {grown}");
    // A body that grows is copied from one place to another, so two of them are there at a time.
    assert!(
        grown < AT_ONCE * 2 * limit,
        "{before} bytes, and {grown} more"
    );

    world.stage.sandbox.faults(&[]).await;
    nobody_has_lost_anything(&world).await;
    for name in ["token", "directory"] {
        world.until(CONNECTION, name, super::VERIFIED).await;
    }
    assert!(operator.is_running());
}

/// The most memory that the process has ever had.
fn peak_bytes(operator: &Operator) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", operator.id()));
    let status = status.expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB"));
    let kilobytes = kilobytes.expect("the kernel tells the peak").trim();
    kilobytes.parse::<usize>().expect("is a number") << 10
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_counted_and_asked_for_again() {
    let world = World::new(Place::files()).await;
    let state = world.stage.sandbox.google().state(PETER).await;
    let id = state["messages"][0]["id"].as_str().expect("has an id");
    let path = format!("/google/gmail/v1/users/me/messages/{id}");
    let fault = json!({"match": {"pathPrefix": path}, "do": {"malformed": true}});
    world.stage.sandbox.faults(&[fault]).await;
    let mut operator = world.synced().await;
    let failed = |person: &Value| person["status"]["streams"][0]["failedItems"].clone();
    let person = world.stage.get(USER, "peter").await;
    assert_eq!(person["status"]["streams"][0]["name"], "mail");
    assert_eq!(failed(&person), 1, "{person:#}");
    let rows = world.place.rows("mail").await;
    let all = state["messages"].as_array().expect("is a list").len();
    assert_eq!(rows.len(), all - 1, "the others are there");

    world.stage.sandbox.faults(&[]).await;
    let what = "nothing to be left over";
    world
        .until_it(USER, "peter", what, |person| failed(person).is_null())
        .await;
    world.nothing_is_lost().await;
    assert!(operator.is_running());
}
