//! People of another tenant.

use serde_json::json;

use super::World;
use crate::company::PETER;
use crate::company::place::Place;
use crate::support::stage::{CONNECTION, USER, employee, person};

const NED: &str = "ned.leeds@acme.example";
const STRANGER: &str = "stranger@other.example";

#[tokio::test]
async fn a_person_of_another_tenant_is_told_apart_and_nothing_is_read_of_them() {
    let world = World::with(&[employee(NED, 20)], Place::files()).await;
    let stage = &world.stage;
    let mut connection = world.connection();
    connection["spec"]["allowedUsers"] = json!(["*@acme.example", "*@other.example"]);
    stage.apply(connection.clone()).await;
    connection["metadata"]["name"] = json!("probing");
    let google = &mut connection["spec"]["provider"]["google"];
    google.as_object_mut().expect("is one").remove("adminEmail");
    google["scopes"].as_array_mut().expect("is a list").pop();
    stage.apply(connection).await;
    stage.apply(person("stranger", STRANGER)).await;
    let mut probed = person("probed", STRANGER);
    probed["spec"]["connectionRef"]["name"] = json!("probing");
    stage.apply(probed).await;
    let mut ned = person("ned", NED);
    ned["spec"]["connectionRef"]["name"] = json!("probing");
    stage.apply(ned).await;
    let mut operator = stage.operator();

    // By the directory ...
    let another = ("Eligible", "False", "UserOfAnotherTenant");
    let words = [STRANGER, "another tenant", "correct the address"];
    world.says(USER, "stranger", another, &words).await;
    let ready = ("Ready", "False", "UserOfAnotherTenant");
    world.until(USER, "stranger", ready).await;
    // ... and without one, where all that the vendor says is that this client may not act for them. Others go on.
    world.until(CONNECTION, "probing", super::VERIFIED).await;
    let refused = ("Synced", "False", "ScopeNotAuthorized");
    let words = [STRANGER, "another tenant"];
    world.says(USER, "probed", refused, &words).await;
    world.nothing_is_lost_of(&[("ned", NED)]).await;
    nothing_was_read(&world).await;

    // The address was a slip.
    let spec = json!({"spec": {"email": PETER}});
    stage.patch(USER, "stranger", spec).await;
    let people = [("stranger", PETER), ("ned", NED)];
    world.nothing_is_lost_of(&people).await;
    nothing_was_read(&world).await;
    assert!(operator.is_running());
}

/// Of all the calls that name the stranger, none was answered with anything.
async fn nothing_was_read(world: &World) {
    let calls = world.stage.sandbox.calls().await;
    let about = calls.iter().filter(|call| {
        let is_subject = call.subject.as_deref() == Some(STRANGER);
        is_subject || call.names.iter().any(|name| name == STRANGER)
    });
    let about: Vec<_> = about.collect();
    assert!(!about.is_empty(), "the vendor was asked about them");
    assert!(about.iter().all(|call| call.status >= 400), "{about:#?}");
}
