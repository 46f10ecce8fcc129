//! Cut connections, storms, cursors that the vendor has forgotten, and a database that goes down in mid-sync.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use super::Random;
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, SMALL, Size, compare};
use crate::support::postgres::Postgres;

/// Everything that the network and a vendor under load do, all at once. Only data is struck: a token that is refused
/// for good is another story.
fn storm(system: System) -> Vec<Value> {
    let fault = |probability: f64, seed: u64, what: Value| {
        let api = json!({"pathPrefix": format!("/{}/", system.name())});
        json!({"match": api, "do": what, "probability": probability, "seed": seed})
    };
    let reply = |status: u16| json!({"reply": {"status": status, "body": "busy"}});
    let patience =
        json!({"reply": {"status": 429, "headers": {"Retry-After": "1"}, "body": "slow down"}});
    let mut storm = vec![
        fault(0.04, 1, patience),
        fault(0.06, 2, reply(500)),
        fault(0.06, 3, reply(503)),
        fault(0.05, 4, json!({"cut": {"afterBytes": 100}})),
        fault(0.05, 5, json!({"close": true})),
        fault(0.05, 6, json!({"apply_then_close": true})),
    ];
    let own = (system.dialect().overloaded)();
    storm.extend(
        own.into_iter()
            .zip(7..)
            .map(|(what, seed)| fault(0.04, seed, what)),
    );
    storm
}

#[tokio::test]
async fn a_storm_of_every_kind_of_failure_costs_nothing() {
    weathers_a_storm(System::Google, SMALL).await;
}

#[tokio::test]
async fn a_storm_at_microsoft_365_costs_nothing() {
    weathers_a_storm(System::Microsoft365, SMALL).await;
}

#[tokio::test]
async fn a_storm_at_sendsafely_costs_nothing() {
    // All is in lists, of which a request brings a hundred rows.
    let large = Size {
        messages: 600,
        ..SMALL
    };
    weathers_a_storm(System::SendSafely, large).await;
}

async fn weathers_a_storm(system: System, size: Size) {
    let company = Company::of(system, size).await;
    for (place, seed) in [(Place::files(), 10), (Place::postgres().await, 20)] {
        let file = company.file(&place);
        for round in 0..4 {
            company.edit(25, seed + round).await;
            company.sandbox.faults(&storm(system)).await;
            // It may or may not get through; what counts is that it never goes on over a gap.
            let launch = company
                .sync(&file)
                .arg("--resync")
                .arg((round / 2).to_string());
            launch.output().await;
        }
        company.sandbox.faults(&[]).await;
        company.synced(&file).await;
        compare::equal(&company, &place).await;
    }
    let struck = struck(&company).await;
    assert!(struck > 20, "only {struck} calls were struck");
}

/// How many calls were answered with a failure of the storm that the log shows: a status, or a word in a reply that says 200.
async fn struck(company: &Company) -> usize {
    let log = company.sandbox.ask(Method::GET, &["log"], None).await;
    let calls = log["calls"].as_array().expect("a log has calls");
    let failed = |call: &&Value| match call["status"].as_u64() {
        Some(200) => call["reason"].is_string(),
        status => matches!(status, Some(429 | 500 | 503)),
    };
    calls.iter().filter(failed).count()
}

#[tokio::test]
async fn what_was_deleted_while_the_cursor_expired_is_swept() {
    sweeps(System::Google).await;
}

#[tokio::test]
async fn what_was_deleted_while_microsoft_365_forgot_the_links_is_swept() {
    sweeps(System::Microsoft365).await;
}

async fn sweeps(system: System) {
    let company = Company::of(system, SMALL).await;
    for (place, seed) in [(Place::files(), 30), (Place::postgres().await, 40)] {
        let file = company.file(&place);
        company.synced(&file).await;
        let before = place.rows("mail").await;
        let gone: Vec<String> = before.keys().take(7).map(|(_, id)| id.clone()).collect();
        for id in &gone {
            company.delete_message(id).await;
        }
        company.edit(40, seed).await;
        for cursor in system.cursors() {
            company.expire(cursor).await;
        }
        company.synced(&file).await;
        compare::equal(&company, &place).await;
        let after = place.rows("mail").await;
        assert!(
            gone.iter()
                .all(|id| !after.contains_key(&(String::new(), id.clone())))
        );
        company.edit(20, seed + 1).await;
        company.synced(&file).await;
        compare::equal(&company, &place).await;
    }
}

#[tokio::test]
async fn a_database_that_crashes_in_mid_sync_loses_nothing() {
    survives_a_crash_of_the_database(System::Google).await;
}

#[tokio::test]
async fn a_database_that_crashes_in_mid_sync_of_microsoft_365_loses_nothing() {
    survives_a_crash_of_the_database(System::Microsoft365).await;
}

#[tokio::test]
async fn a_database_that_crashes_in_mid_sync_of_sendsafely_loses_nothing() {
    survives_a_crash_of_the_database(System::SendSafely).await;
}

async fn survives_a_crash_of_the_database(system: System) {
    let company = Company::of(system, SMALL).await;
    let mut server = Postgres::start().await;
    let place = Place::Postgres(server.database().await);
    let file = company.file(&place);
    let began = Instant::now();
    company.synced(&file).await;
    let life = began.elapsed();
    let mut random = Random(50);
    for round in 0..5_u64 {
        company.edit(20, 50 + round).await;
        let launch = company.sync(&file).arg("--resync").arg(round.to_string());
        let mut run = launch.start();
        tokio::time::sleep(random.moment(life)).await;
        server.crash();
        server.resume().await;
        // It ends by itself, whether it noticed or not.
        run.ended().await;
    }
    company.synced(&file).await;
    compare::equal(&company, &place).await;
}
