//! Whatever is wrong, a condition says what, and what to do: each row of the vendor's error tables, each way a credential can be
//! bad, and each state a person can be in, through the operator to what `kubectl get` shows.
//!
//! Source of the rows: developers.google.com/identity/protocols/oauth2/service-account, "JWT error codes", read 2026-08-08, and the
//! pages on errors of each API, read 2026-11-22.

mod connections;
mod credentials;
mod mending;
mod microsoft365;
mod people;
mod proofs;
mod sendsafely;

use serde_json::{Value, json};

use crate::support::stage::{Kind, Stage, condition};

/// What a tool makes of an object that is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Somebody has to step in.
    Stalled,
    /// It may pass by itself.
    Reconciling,
}
use Class::{Reconciling, Stalled};

/// What a user reads.
#[derive(Clone, Copy, Debug)]
struct Reads {
    type_: &'static str,
    status: &'static str,
    reason: &'static str,
    /// A part of the message: what to do, where there is something to do.
    remedy: &'static str,
    class: Class,
}

/// A connection's row: what is wrong, and the condition, its status, its reason, a part of its message and the class.
type ConnectionRow<T> = (
    T,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Class,
);

fn reads_of<T>(row: &ConnectionRow<T>) -> Reads {
    let &(_, type_, status, reason, remedy, class) = row;
    Reads {
        type_,
        status,
        reason,
        remedy,
        class,
    }
}

/// Waits until the condition says so, and `Ready` and the object's class with it.
async fn reads(stage: &Stage, kind: Kind, name: &str, wanted: Reads) {
    let fact = (wanted.type_, wanted.status, wanted.reason);
    let object = stage.until_condition(kind, name, fact).await;
    let message = condition(&object, wanted.type_)["message"].to_string();
    assert!(
        message.contains(wanted.remedy),
        "{name}: {message} lacks {:?}",
        wanted.remedy
    );
    assert!(message.len() <= 1_100, "{name}: {message}");
    assert_eq!(
        condition(&object, "Ready")["reason"],
        wanted.reason,
        "{name}: {object:#}"
    );
    assert_ne!(condition(&object, "Ready")["status"], "True", "{name}");
    let (present, absent) = match wanted.class {
        Stalled => ("Stalled", "Reconciling"),
        Reconciling => ("Reconciling", "Stalled"),
    };
    assert_eq!(
        condition(&object, present)["status"],
        "True",
        "{name}: {object:#}"
    );
    assert_eq!(
        condition(&object, absent),
        Value::Null,
        "{name}: {object:#}"
    );
}

/// A fault that answers every call for this person under a path.
fn answers(path: &str, subject: &str, status: u16, body: &Value) -> Value {
    json!({
        "match": {"pathPrefix": path, "subject": subject},
        "do": {"reply": {"status": status, "headers": {"Content-Type": "application/json"}, "body": body}},
    })
}

/// The body of an API's error.
fn api_error(status: u16, rpc: &str, reason: &str, message: &str) -> Value {
    json!({"error": {
        "code": status, "message": message, "status": rpc,
        "errors": [{"message": message, "domain": "global", "reason": reason}],
    }})
}
