//! Hundreds of times `kill -9`, at moments that cover the whole life of a run.

use std::time::{Duration, Instant};

use super::{Random, while_edited};
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, Size, compare};
use crate::support::aim::Aim;

/// How often each destination's runs are killed.
const KILLS: u32 = 100;
/// The same for another system, which differs in how it is read and in nothing of how it is written.
const KILLS_OF_ANOTHER: u32 = 30;
/// So often in a test a cursor becomes too old.
const EXPIRIES: u32 = 5;

/// A listing of files is more than one commit, so that it can be cut between two.
const SIZE: Size = Size {
    messages: 120,
    files: 4_500,
};

/// So many runs in a row share one wish for a new generation: the first ones list, the later ones follow.
const RUNS_OF_A_GENERATION: u32 = 6;

#[tokio::test]
async fn files_are_equal_after_a_hundred_kills() {
    let place = Place::files();
    survives(System::Google, KILLS, place, 1).await;
}

#[tokio::test]
async fn tables_are_equal_after_a_hundred_kills() {
    let place = Place::postgres().await;
    survives(System::Google, KILLS, place, 2).await;
}

#[tokio::test]
async fn files_of_microsoft_365_are_equal_after_thirty_kills() {
    let place = Place::files();
    survives(System::Microsoft365, KILLS_OF_ANOTHER, place, 3).await;
}

#[tokio::test]
async fn tables_of_microsoft_365_are_equal_after_thirty_kills() {
    let place = Place::postgres().await;
    survives(System::Microsoft365, KILLS_OF_ANOTHER, place, 4).await;
}

#[tokio::test]
async fn files_of_sendsafely_are_equal_after_thirty_kills() {
    let place = Place::files();
    survives(System::SendSafely, KILLS_OF_ANOTHER, place, 5).await;
}

#[tokio::test]
async fn tables_of_sendsafely_are_equal_after_thirty_kills() {
    let place = Place::postgres().await;
    survives(System::SendSafely, KILLS_OF_ANOTHER, place, 6).await;
}

async fn survives(system: System, kills: u32, place: Place, seed: u64) {
    let company = Company::of(system, SIZE).await;
    company.sandbox.log_calls(false).await;
    let life = life_of_a_run(&company).await;
    while_edited(
        &company,
        seed << 32,
        kill_again_and_again(&company, &place, life, (kills, seed)),
    )
    .await;
    company.synced(&company.file(&place)).await;
    compare::equal(&company, &place).await;
}

/// How long an uninterrupted run takes that lists everything.
async fn life_of_a_run(company: &Company) -> Duration {
    let file = company.file(&Place::files());
    let began = Instant::now();
    company.synced(&file).await;
    began.elapsed()
}

async fn kill_again_and_again(
    company: &Company,
    place: &Place,
    life: Duration,
    (wanted, seed): (u32, u64),
) {
    let file = company.file(place);
    let mut random = Random(seed);
    let (mut kills, mut runs) = (0, 0);
    let mut aim = Aim::at(life);
    let mut cursors = company.system.cursors().iter().cycle();
    while kills < wanted {
        runs += 1;
        assert!(
            runs < wanted * 4,
            "of {runs} runs only {kills} could be killed"
        );
        if runs % (wanted / EXPIRIES) == 0 {
            // A system without cursors has none that end.
            if let Some(what) = cursors.next() {
                company.expire(what).await;
            }
        }
        let generation = (runs / RUNS_OF_A_GENERATION).to_string();
        let launch = company.sync(&file).arg("--resync").arg(generation);
        let mut run = launch.start();
        tokio::time::sleep(aim.moment(random.next())).await;
        if run.is_running() {
            run.kill();
            kills += 1;
            aim.learn(106);
        } else {
            aim.learn(80);
        }
    }
    eprintln!("{kills} of {runs} runs were killed; {aim:?}");
}
