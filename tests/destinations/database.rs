//! What is special about a database: rights, certificates, crashes, and tables that were there before.

use std::sync::Arc;

use deputy::destinations::spec::{DestinationSpec, PostgresSpec};
use deputy::destinations::{Destination, Kind, open};
use deputy::model::dataset::Dataset;
use deputy::model::record::{Message, Record};
use deputy::model::row::{Change, RecordKey};
use deputy::model::secret::{Credentials, SecretRef};
use pretty_assertions::assert_eq;
use serde_json::json;
use url::Url;

use super::subject::{commit, stream, upsert};
use crate::support::postgres::{Postgres, connect};

fn at(url: &Url) -> Arc<dyn Destination> {
    let spec = PostgresSpec {
        credentials_secret_ref: SecretRef {
            name: "warehouse".into(),
        },
        schema: Some("kept".into()),
    };
    let secret = Credentials::new([("url".to_owned(), url.as_str().as_bytes().to_vec())]);
    open(&DestinationSpec::Postgres(spec), Some(&secret)).unwrap()
}

async fn database() -> Url {
    Postgres::shared().await.database().await
}

/// Checks a place that is not as it should be, and returns why and what is said.
async fn refused(url: &Url) -> (Kind, String) {
    let error = at(url).check().await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(!said.contains("CANARY"), "{said}");
    assert!(!error.remedy.is_empty());
    (error.kind, said)
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_missing_database() {
    let mut url = database().await;
    url.set_password(Some("CANARY-wrong")).unwrap();
    assert_eq!(refused(&url).await.0, Kind::DestinationCredentialsRefused);
    let mut url = database().await;
    url.set_path("/nowhere");
    assert_eq!(refused(&url).await.0, Kind::DestinationNotFound);
}

#[tokio::test]
async fn nobody_at_the_door_is_unreachable() {
    let mut url = database().await;
    url.set_port(Some(crate::support::ports::free())).unwrap();
    assert_eq!(refused(&url).await.0, Kind::DestinationUnreachable);
}

#[tokio::test]
async fn a_server_without_tls_is_not_taken_where_tls_is_asked_for() {
    let mut url = database().await;
    url.set_query(Some("sslmode=require"));
    let (kind, said) = refused(&url).await;
    assert_eq!(kind, Kind::DestinationInvalid);
    assert!(said.contains("sslmode=disable"), "{said}");
}

#[tokio::test]
async fn a_standby_is_read_only() {
    let url = database().await;
    at(&url).check().await.unwrap();
    let mut standby = url;
    standby.set_query(Some("options=-c%20default_transaction_read_only%3Don"));
    assert_eq!(refused(&standby).await.0, Kind::DestinationReadOnly);
}

/// Makes a role that may only connect, and returns the URL with which it does.
async fn role(url: &Url) -> (Url, String) {
    let name = url.path().trim_start_matches('/').replace("deputy", "role");
    let owner = connect(url).await.unwrap();
    owner
        .batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'CANARY-role'"))
        .await
        .unwrap();
    let mut url = url.clone();
    url.set_username(&name).unwrap();
    url.set_password(Some("CANARY-role")).unwrap();
    (url, name)
}

#[tokio::test]
async fn a_role_without_rights_is_told_which_it_needs() {
    let url = database().await;
    let (as_role, name) = role(&url).await;
    assert_eq!(refused(&as_role).await.0, Kind::DestinationReadOnly);
    // With the tables made by somebody else it needs no right to create.
    at(&url).check().await.unwrap();
    let owner = connect(&url).await.unwrap();
    let grant = format!(
        "GRANT USAGE ON SCHEMA kept TO {name}; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA kept TO {name}"
    );
    owner.batch_execute(&grant).await.unwrap();
    let (kind, said) = refused(&as_role).await;
    assert_eq!(kind, Kind::DestinationReadOnly);
    assert!(
        said.contains("DELETE on \\\"kept\\\"") || said.contains("DELETE on \"kept\""),
        "{said}"
    );
    let grant = format!("GRANT DELETE ON ALL TABLES IN SCHEMA kept TO {name}");
    owner.batch_execute(&grant).await.unwrap();
    at(&as_role).check().await.unwrap();
    let mail = stream(Dataset::Mail, "117");
    at(&as_role)
        .commit(&mail, &commit(1, 1), vec![upsert("a", "x")])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_check_leaves_no_row() {
    let url = database().await;
    at(&url).check().await.unwrap();
    let owner = connect(&url).await.unwrap();
    let row = owner
        .query_one("SELECT count(*) FROM kept.streams", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn an_older_schema_is_widened_and_keeps_its_rows() {
    let url = database().await;
    let mail = stream(Dataset::Mail, "117");
    at(&url)
        .commit(&mail, &commit(1, 1), vec![upsert("a", "x")])
        .await
        .unwrap();
    let owner = connect(&url).await.unwrap();
    owner
        .batch_execute("ALTER TABLE kept.mail DROP COLUMN cc, DROP COLUMN subject")
        .await
        .unwrap();
    at(&url)
        .commit(&mail, &commit(2, 1), vec![upsert("b", "y")])
        .await
        .unwrap();
    let rows = owner
        .query("SELECT id, subject FROM kept.mail ORDER BY id", &[])
        .await
        .unwrap();
    let rows: Vec<(String, Option<String>)> =
        rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [("a".into(), None), ("b".into(), Some("y".into()))]);
}

#[tokio::test]
async fn a_table_of_somebody_else_is_left_alone() {
    let url = database().await;
    let owner = connect(&url).await.unwrap();
    owner
        .batch_execute("CREATE SCHEMA kept; CREATE TABLE kept.mail (id bigint)")
        .await
        .unwrap();
    let (kind, said) = refused(&url).await;
    assert_eq!(kind, Kind::DestinationCorrupt);
    assert!(said.contains("mail.id is bigint"), "{said}");
}

#[tokio::test]
async fn many_processes_may_make_the_tables_at_once() {
    let url = database().await;
    let all = (0..6).map(|_| {
        let destination = at(&url);
        async move { destination.check().await }
    });
    for checked in futures::future::join_all(all).await {
        checked.unwrap();
    }
}

#[tokio::test]
async fn what_the_database_cannot_store_is_replaced() {
    let url = database().await;
    let destination = at(&url);
    let mail = stream(Dataset::Mail, "1\u{0}17");
    let message = Message {
        subject: Some("a\0b".into()),
        labels: vec!["\0".into()],
        received_at: Some(jiff::Timestamp::MIN),
        vendor: Some(json!({"a\0": "\0"})),
        ..Message::default()
    };
    let key = RecordKey::plain("i\0d");
    let change = Change::Upsert(key.clone(), Record::Message(Box::new(message)));
    destination
        .commit(&mail, &commit(1, 1), vec![change])
        .await
        .unwrap();
    let owner = connect(&url).await.unwrap();
    let asked =
        "SELECT subject, labels, vendor::text, received_at < '4712-01-01 BC' FROM kept.mail";
    let row = owner.query_one(asked, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "a\u{FFFD}b");
    assert_eq!(row.get::<_, Vec<String>>(1), ["\u{FFFD}"]);
    assert_eq!(row.get::<_, String>(2), "{\"a\u{FFFD}\": \"\u{FFFD}\"}");
    assert!(row.get::<_, bool>(3));
    // The key is found again by the id that the vendor knows.
    destination
        .commit(&mail, &commit(2, 1), vec![Change::Delete(key)])
        .await
        .unwrap();
    assert_eq!(destination.count(&mail).await.unwrap(), 0);
    assert_eq!(
        destination.last_commit(&mail).await.unwrap(),
        Some(commit(2, 1))
    );
}

#[tokio::test]
async fn a_deleted_record_keeps_nothing_but_its_key() {
    let url = database().await;
    let destination = at(&url);
    let mail = stream(Dataset::Mail, "117");
    destination
        .commit(&mail, &commit(1, 1), vec![upsert("a", "private")])
        .await
        .unwrap();
    destination
        .commit(
            &mail,
            &commit(2, 1),
            vec![Change::Delete(RecordKey::plain("a"))],
        )
        .await
        .unwrap();
    let owner = connect(&url).await.unwrap();
    let asked = "SELECT jsonb_strip_nulls(to_jsonb(kept)) FROM kept.mail AS kept";
    let row = owner.query_one(asked, &[]).await.unwrap();
    let kept = json!({"namespace": "namespace", "connection": "connection", "user_id": "117",
        "container": "", "id": "a", "generation": 1, "sequence": 2, "deleted": true});
    assert_eq!(row.get::<_, serde_json::Value>(0), kept);
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_read_is_not_an_empty_stream() {
    let url = database().await;
    let destination = at(&url);
    let mail = stream(Dataset::Mail, "117");
    destination
        .commit(&mail, &commit(1, 1), vec![])
        .await
        .unwrap();
    let owner = connect(&url).await.unwrap();
    owner
        .batch_execute("UPDATE kept.streams SET checkpoint = '{\"CANARY\": 1}'")
        .await
        .unwrap();
    let error = destination.last_commit(&mail).await.unwrap_err();
    assert_eq!(error.kind, Kind::DestinationCorrupt);
    assert!(!format!("{error} {error:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_crash_of_the_server_loses_no_commit_and_mends_itself() {
    let mut server = Postgres::start().await;
    let url = server.database().await;
    let destination = at(&url);
    let mail = stream(Dataset::Mail, "117");
    destination
        .commit(&mail, &commit(1, 1), vec![upsert("a", "x")])
        .await
        .unwrap();
    server.crash();
    let down = destination
        .commit(&mail, &commit(2, 1), vec![upsert("b", "y")])
        .await;
    assert_eq!(down.unwrap_err().kind, Kind::DestinationUnreachable);
    server.resume().await;
    assert_eq!(
        destination.last_commit(&mail).await.unwrap(),
        Some(commit(1, 1))
    );
    destination
        .commit(&mail, &commit(2, 1), vec![upsert("b", "y")])
        .await
        .unwrap();
    assert_eq!(destination.count(&mail).await.unwrap(), 2);
}

/// A commit that its caller gives up is not half there.
#[tokio::test]
async fn a_commit_that_is_dropped_happened_whole_or_not_at_all() {
    let url = database().await;
    let destination = at(&url);
    let mail = stream(Dataset::Mail, "117");
    destination
        .commit(&mail, &commit(1, 1), vec![])
        .await
        .unwrap();
    let owner = connect(&url).await.unwrap();
    let asked = "SELECT (SELECT sequence FROM kept.streams), (SELECT count(*) FROM kept.mail)";
    for round in 0..12u32 {
        let changes = (0..500)
            .map(|n| upsert(&format!("{round}-{n}"), "x"))
            .collect();
        let last = destination
            .last_commit(&mail)
            .await
            .unwrap()
            .unwrap()
            .sequence;
        let next = commit(last + 1, 1);
        let patience = std::time::Duration::from_millis(u64::from(round) * 3);
        let _ = tokio::time::timeout(patience, destination.commit(&mail, &next, changes)).await;
        // One statement, one view: the server may still be at it.
        let row = owner.query_one(asked, &[]).await.unwrap();
        assert_eq!(
            row.get::<_, i64>(1),
            500 * (row.get::<_, i64>(0) - 1),
            "round {round}"
        );
    }
}
