//! What is gone where lists only leave it out: deleted once, never because a list was not whole, and by a sweep as one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, PETER, SMALL, compare, said};
use crate::support::{postgres, wait};

/// So many go at once.
const FEW: usize = 3;
const LISTED: &str = "packages";

async fn company() -> Company {
    Company::of(System::SendSafely, SMALL).await
}

/// Has Peter send a few packages, and returns their ids.
async fn sent(company: &Company) -> Vec<String> {
    let mut sent = Vec::new();
    for _ in 0..FEW {
        let package = json!({"recipients": ["may@parker.example"], "label": "for a while"});
        sent.push(company.sandbox.sendsafely().send(PETER, package).await);
    }
    sent
}

/// The packages that were changed longest ago, which only a full listing shows to be gone.
async fn oldest(company: &Company) -> Vec<String> {
    let state = company.system.state(&company.sandbox, PETER).await;
    let newest_first = state[LISTED].as_array().expect("the state has lists");
    let id = |package: &Value| package["id"].as_str().expect("has an id").to_owned();
    newest_first.iter().rev().take(FEW).map(id).collect()
}

async fn take_away(company: &Company, ids: &[String]) {
    for id in ids {
        company.sandbox.sendsafely().delete_package(id).await;
    }
}

#[tokio::test]
async fn what_is_gone_is_deleted_once() {
    let company = company().await;
    for place in [Place::files(), Place::postgres().await] {
        let file = company.file(&place);
        let (new, old) = (sent(&company).await, oldest(&company).await);
        company.synced(&file).await;
        take_away(&company, &new).await;
        take_away(&company, &old).await;
        company.synced(&file).await;
        assert_deleted(&place, &new).await;
        company.synced_anew(&file, "once").await;
        let all = [new, old].concat();
        assert_deleted(&place, &all).await;
        compare::equal(&company, &place).await;

        let before = place.deleted(LISTED).await;
        company.synced(&file).await;
        company.synced_anew(&file, "twice").await;
        company.synced(&file).await;
        assert_eq!(place.deleted(LISTED).await, before);
        compare::equal(&company, &place).await;
    }
}

/// Insists that these are deleted and no others, each by one commit.
async fn assert_deleted(place: &Place, ids: &[String]) {
    let deleted = place.deleted(LISTED).await;
    let wanted: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(deleted.keys().collect::<BTreeSet<_>>(), wanted, "{place:?}");
    assert!(
        deleted.values().all(|commits| commits.len() == 1),
        "{deleted:?}"
    );
}

/// Replies that are not all of a list. The first three are asked for again, the others are taken at their word.
fn not_whole() -> [(&'static str, Value); 7] {
    let reply = |body: Value| json!({"reply": {"status": 200, "body": body}});
    let one = json!({"packageId": "AAAA-AAAA", "packageUserName": PETER, "packageState": 3});
    [
        (
            "fails in a success",
            reply(json!({"response": "FAIL", "message": "busy"})),
        ),
        ("cut", json!({"cut": {"afterBytes": 200}})),
        ("empty", reply(Value::Null)),
        (
            "refused in a success",
            reply(json!({"response": "DENIED", "message": "no"})),
        ),
        (
            "without a list",
            reply(json!({"response": "SUCCESS", "pagination": {}})),
        ),
        (
            "without what follows the list",
            reply(json!({"response": "SUCCESS", LISTED: []})),
        ),
        (
            "with fewer rows than it says",
            reply(
                json!({"response": "SUCCESS", LISTED: [one], "pagination": {"rowsReturned": "100"}}),
            ),
        ),
    ]
}

#[tokio::test]
async fn a_list_that_is_not_whole_deletes_nothing() {
    let company = company().await;
    let place = Place::postgres().await;
    let file = company.file(&place);
    company.synced(&file).await;
    for (what, fault) in not_whole() {
        // A look at the newest part is one page; of a listing, the second one is struck.
        for (skip, resync) in [(0, None), (1, Some(what))] {
            strike(&company, json!({"do": fault, "skip": skip})).await;
            let mut launch = company.sync(&file);
            if let Some(value) = resync {
                launch = launch.arg("--resync").arg(value);
            }
            let output = launch.output().await;
            assert!(!output.status.success(), "{what}: {}", said(&output));
            compare::equal(&company, &place).await;
        }
        strike(&company, Value::Null).await;
        company.synced(&file).await;
        assert!(place.deleted(LISTED).await.is_empty(), "{what}");
        compare::equal(&company, &place).await;
    }
}

#[tokio::test]
async fn a_list_that_is_empty_for_a_moment_deletes_nothing() {
    let company = company().await;
    for place in [Place::files(), Place::postgres().await] {
        let file = company.file(&place);
        company.synced(&file).await;
        let empty = json!({"response": "SUCCESS", LISTED: [], "pagination": {"rowsReturned": "0"}});
        let empty = json!({"do": {"reply": {"status": 200, "body": empty}}, "times": 1});
        strike(&company, empty.clone()).await;
        assert_eq!(deletes(&company.synced(&file).await), 0);
        strike(&company, empty).await;
        let anew = company.synced_anew(&file, "once").await;
        // The vendor lists packages that their owners have deleted, too, and says so.
        assert_eq!(deletes(&anew), deleted_by_their_owners(&company).await);
        compare::equal(&company, &place).await;
    }
}

/// The column DELETED of what was printed of the packages.
fn deletes(printed: &str) -> usize {
    let mut lines = printed.lines().map(str::split_whitespace);
    let line = lines.find(|line| line.clone().nth(1) == Some(LISTED));
    let count = line.and_then(|mut line| line.nth(4));
    count.expect("has a count").parse().expect("is a number")
}

async fn deleted_by_their_owners(company: &Company) -> usize {
    let state = company.sandbox.sendsafely().state().await;
    let packages = state[LISTED].as_array().expect("the state has lists");
    let is_deleted = |package: &&Value| {
        let state = package["state"].as_str().unwrap_or_default();
        package["packageUserName"] == PETER && state.starts_with("PACKAGE_STATE_DELETED")
    };
    packages.iter().filter(is_deleted).count()
}

/// Has this happen to the listing, or nothing.
async fn strike(company: &Company, mut fault: Value) {
    if fault.is_null() {
        return company.sandbox.faults(&[]).await;
    }
    fault["match"] = json!({"pathPrefix": company.system.dialect().listing});
    company.sandbox.faults(&[fault]).await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_sweep_leaves_it_to_the_next_run() {
    let company = company().await;
    let place = Place::postgres().await;
    let file = company.file(&place);
    company.synced(&file).await;
    let gone = oldest(&company).await;
    take_away(&company, &gone).await;

    let Place::Postgres(url) = &place else {
        panic!("is a database");
    };
    let holder = postgres::connect(url).await.expect("connects");
    hold(&holder, &gone[1]).await;
    // Within a transaction, what others do is as it was when it was first asked for.
    let watcher = postgres::connect(url).await.expect("connects");
    let mut run = company.sync(&file).arg("--resync").arg("once").start();
    wait::until("the sweep to wait for a row", async || {
        assert!(run.is_running(), "{}", run.log());
        (others(&watcher, "wait_event_type = 'Lock'").await > 0).then_some(())
    })
    .await;
    run.kill();
    holder.batch_execute("ROLLBACK").await.expect("lets go");
    wait::until("its transaction to end", async || {
        (others(&watcher, "xact_start IS NOT NULL").await == 0).then_some(())
    })
    .await;
    assert!(place.deleted(LISTED).await.is_empty());

    company.synced(&file).await;
    assert_deleted(&place, &gone).await;
    compare::equal(&company, &place).await;
}

/// Keeps a row from being changed.
async fn hold(holder: &Client, id: &str) {
    let lock = format!("BEGIN; SELECT FROM deputy.{LISTED} WHERE id = '{id}' FOR UPDATE");
    holder.batch_execute(&lock).await.expect("locks a row");
}

/// How many other connections to this database are in this state.
async fn others(watcher: &Client, state: &str) -> i64 {
    let query = format!(
        "SELECT count(*) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND {state}"
    );
    watcher.query_one(&query, &[]).await.expect("counts").get(0)
}
