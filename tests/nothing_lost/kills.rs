//! Two hundred times `kill -9`, at moments that cover the whole life of a run.

use std::time::{Duration, Instant};

use super::{Random, edit_for_ever};
use crate::company::place::Place;
use crate::company::{Company, PETER, Size, compare};

/// How often each destination's runs are killed.
const KILLS: u32 = 100;

/// A listing of files is more than one commit, so that it can be cut between two.
const SIZE: Size = Size {
    messages: 120,
    files: 4_500,
};

/// So many runs in a row share one wish for a new generation: the first ones list, the later ones follow.
const RUNS_OF_A_GENERATION: u32 = 6;

#[tokio::test]
async fn files_are_equal_after_a_hundred_kills() {
    survives(Place::files(), 1).await;
}

#[tokio::test]
async fn tables_are_equal_after_a_hundred_kills() {
    survives(Place::postgres().await, 2).await;
}

async fn survives(place: Place, seed: u64) {
    let company = Company::start(SIZE).await;
    company.sandbox.log_calls(false).await;
    let life = life_of_a_run(&company).await;
    tokio::select! {
        () = edit_for_ever(&company, seed << 32) => {}
        () = kill_again_and_again(&company, &place, life, seed) => {}
    }
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

async fn kill_again_and_again(company: &Company, place: &Place, life: Duration, seed: u64) {
    let file = company.file(place);
    let mut random = Random(seed);
    let (mut kills, mut runs) = (0, 0);
    while kills < KILLS {
        runs += 1;
        assert!(
            runs < KILLS * 4,
            "of {runs} runs only {kills} could be killed"
        );
        if runs % 20 == 0 {
            let what = if runs % 40 == 0 {
                "calendar"
            } else {
                "history"
            };
            company.sandbox.google().expire(PETER, what).await;
        }
        let generation = (runs / RUNS_OF_A_GENERATION).to_string();
        let launch = company.sync(&file).arg("--resync").arg(generation);
        let mut run = launch.start();
        tokio::time::sleep(random.moment(life)).await;
        if run.is_running() {
            run.kill();
            kills += 1;
        }
    }
    eprintln!("{kills} of {runs} runs were killed; one lives for {life:?}");
}
