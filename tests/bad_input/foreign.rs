//! Rows and cursors that are somebody else's.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::World;
use crate::company::place::Place;
use crate::company::{self, PETER, PETER_ID, SMALL, compare, said};
use crate::support::sandbox::Sandbox;
use crate::support::stage::{CONNECTION, USER, employee, person};

const MAY: &str = "may.parker@acme.example";
const MAY_ID: &str = "118300000000000000002";
const FOREIGN: (&str, &str, &str) = ("Synced", "False", "ForeignData");

/// Another company, where somebody has the same id at the vendor.
fn umbrella() -> serde_json::Value {
    let text = company::scenario(SMALL).to_string();
    let text = text.replace("acme.example", "umbrella.example");
    let mut scenario: serde_json::Value = serde_json::from_str(&text).expect("is JSON");
    scenario["seed"] = json!(6);
    scenario["google"]["customer"]["id"] = json!("C03umbrella0");
    scenario
}

#[tokio::test]
async fn the_rows_of_another_tenant_are_not_added_to() {
    let world = World::new(Place::postgres().await).await;
    let stage = &world.stage;
    let _operator = world.synced().await;
    let theirs = PETER.replace("acme", "umbrella");
    let umbrella = Sandbox::start(&umbrella()).await;
    let key = umbrella.google().make_key(company::ACCOUNT).await;
    let key = json!({"key.json": key.to_string()});
    stage.store("other-key", key.clone()).await;

    // The connection is turned round to the other company, and the person with it.
    let mut turned = world.connection();
    let spec = &mut turned["spec"];
    spec["provider"]["google"]["adminEmail"] = json!("it-admin@umbrella.example");
    spec["provider"]["google"]["endpoint"] =
        json!(umbrella.url().join("google").expect("is a URL"));
    spec["credentialsSecretRef"]["name"] = json!("other-key");
    spec["allowedUsers"] = json!(["*@umbrella.example"]);
    stage.apply(turned.clone()).await;
    stage.apply(person("peter", &theirs)).await;
    let words = [
        "mail: ",
        "another tenant",
        "C01acme00",
        "C03umbrella0",
        "another destination",
    ];
    world.says(USER, "peter", FOREIGN, &words).await;
    world
        .says(USER, "peter", ("Ready", "False", "ForeignData"), &words)
        .await;
    compare::equal_for(&stage.sandbox, &[PETER], &world.place).await;

    // By hand it is no different.
    let mut objects = vec![
        company::secret(
            "other-key",
            "key.json",
            key["key.json"].as_str().expect("is text"),
        ),
        turned.clone(),
        company::object(
            "SyncedUser",
            "peter",
            person("peter", &theirs)["spec"].clone(),
        ),
    ];
    objects[1]["metadata"]["namespace"] = json!(stage.namespace);
    objects.extend(world.place.secret());
    let by_hand = by_hand(&umbrella, &company::write(&objects)).await;
    assert!(by_hand.contains("ForeignData"), "{by_hand}");
    compare::equal_for(&stage.sandbox, &[PETER], &world.place).await;

    // A schema of their own, as the message says.
    turned["spec"]["destination"]["postgres"]["schema"] = json!("umbrella");
    stage.apply(turned).await;
    world.until(USER, "peter", super::SYNCED).await;
    compare::equal_for(&stage.sandbox, &[PETER], &world.place).await;

    // And back: the cursor is where it was.
    stage.apply(world.connection()).await;
    stage.apply(person("peter", PETER)).await;
    world.until(USER, "peter", super::SYNCED).await;
    stage
        .sandbox
        .google()
        .edit(PETER, 20, 3, &["mail", "calendar", "drive"])
        .await;
    stage.ask_and_wait(USER, "peter").await;
    world.nothing_is_lost().await;
}

#[tokio::test]
async fn an_administrator_of_another_domain_of_the_same_tenant_is_no_stranger() {
    let mut scenario = company::scenario(SMALL);
    let google = &mut scenario["google"];
    google["customer"]["domains"] = json!(["acme.example", "parker.example"]);
    let users = google["users"].as_array_mut().expect("has people");
    users.push(json!({"email": "admin@parker.example", "admin": true}));
    let world = World::of(&scenario, Place::files()).await;
    let mut operator = world.synced().await;
    let other = json!({"spec": {"provider": {"google": {"adminEmail": "admin@parker.example"}}}});
    world.stage.patch(CONNECTION, "acme", other).await;
    world.verified().await;
    let google = world.stage.sandbox.google();
    google.edit(PETER, 20, 4, &super::STREAMS).await;
    let person = world.stage.ask_and_wait(USER, "peter").await;
    world.nothing_is_lost().await;
    assert_eq!(
        person["status"]["streams"][0]["generation"], 1,
        "the cursor was kept"
    );
    assert!(operator.is_running());
}

/// Runs `deputy sync`, which must fail, and returns what it says.
async fn by_hand(vendor: &Sandbox, file: &Path) -> String {
    let port = vendor.url().port().expect("has a port");
    let launch = crate::support::operator::Launch::new(["sync", "-f"]).arg(file);
    let launch = launch.env("DEPUTY_ALLOW_ENDPOINT", format!("127.0.0.1:{port}"));
    let output = launch.output().await;
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    said(&output)
}

#[tokio::test]
async fn a_backup_put_back_in_another_ones_place_is_not_taken_for_theirs() {
    let mut may = employee(MAY, 20);
    may["id"] = json!(MAY_ID);
    let world = World::with(&[may], Place::files()).await;
    let mut operator = world.synced().await;
    let (from, to) = (folder(&world, PETER_ID), folder(&world, MAY_ID));
    let copied = Command::new("cp").arg("-R").args([&from, &to]).status();
    assert!(copied.expect("runs cp").success());

    world.stage.apply(person("may", MAY)).await;
    let words = [
        "mail: ",
        "another user",
        PETER_ID,
        MAY_ID,
        "erase what is there",
    ];
    world.says(USER, "may", FOREIGN, &words).await;
    assert_eq!(files(&from), files(&to), "nothing was added to it");

    std::fs::remove_dir_all(&to).expect("erases what is there");
    world
        .nothing_is_lost_of(&[("peter", PETER), ("may", MAY)])
        .await;
    assert!(operator.is_running());
    let connection = world.stage.get(CONNECTION, "acme").await;
    assert_eq!(connection["status"]["users"]["failing"], 0);
}

/// The folder of a person's mail.
fn folder(world: &World, id: &str) -> PathBuf {
    let Place::Files(data) = &world.place else {
        panic!("only files are in folders");
    };
    let connection = data.join(&world.stage.namespace).join("acme");
    connection.join("mail").join(format!("user={id}"))
}

/// The names of the files in a folder.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("is there");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("reads").file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(
        !names.is_empty(),
        "there is something in {}",
        folder.display()
    );
    names
}
