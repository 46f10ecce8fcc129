//! Nothing is lost and nothing is doubled, whatever happens to Deputy, the network, the vendor and the destination.
//!
//! Every test ends with the same comparison: the destination's rows, read without Deputy, against the vendor's state.

mod changes;
mod gone;
mod kills;
mod operator;
mod outages;
mod writers;

use tokio_util::sync::CancellationToken;

use crate::company::compare::{self, differences};
use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, SMALL};

/// Numbers that look random and are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A moment between now and then.
    fn moment(&mut self, within: std::time::Duration) -> std::time::Duration {
        let micros = u64::try_from(within.as_micros()).expect("is short").max(1);
        std::time::Duration::from_micros(self.next() % micros)
    }
}

/// Edits everything, again and again, while something is done. The last edit is waited for: given up, it might still reach the
/// vendor, and come after the last sync.
async fn while_edited<T>(company: &Company, seed: u64, done: impl Future<Output = T>) -> T {
    let over = CancellationToken::new();
    let edits = async {
        let mut round = seed;
        while !over.is_cancelled() {
            company.edit(2, round).await;
            round += 1;
            let pause = tokio::time::sleep(std::time::Duration::from_millis(100));
            over.run_until_cancelled(pause).await;
        }
    };
    let done = async {
        let result = done.await;
        over.cancel();
        result
    };
    tokio::join!(done, edits).0
}

#[tokio::test]
async fn the_comparison_sees_a_lost_a_doubled_and_a_changed_row() {
    for system in System::ALL {
        let company = Company::of(system, SMALL).await;
        for dataset in system.datasets() {
            let wanted = company.truth(dataset).await;
            assert_eq!(differences(&wanted, &wanted), [""; 0]);
            let (key, row) = wanted.first_key_value().expect("has a row");
            let mut lost = wanted.clone();
            lost.remove(key);
            let mut doubled = wanted.clone();
            doubled.insert((key.0.clone(), format!("{}-again", key.1)), row.clone());
            let mut changed = wanted.clone();
            changed.insert(key.clone(), serde_json::json!({}));
            for found in [lost, doubled, changed] {
                assert_eq!(differences(&wanted, &found).len(), 1, "{dataset}");
            }
        }
    }
}

#[tokio::test]
async fn a_sync_brings_all_there_is() {
    brings_all(System::Google).await;
}

#[tokio::test]
async fn a_sync_of_microsoft_365_brings_all_there_is() {
    brings_all(System::Microsoft365).await;
}

#[tokio::test]
async fn a_sync_of_sendsafely_brings_all_there_is() {
    brings_all(System::SendSafely).await;
}

async fn brings_all(system: System) {
    let company = Company::of(system, SMALL).await;
    for place in [Place::files(), Place::postgres().await] {
        let file = company.file(&place);
        company.synced(&file).await;
        compare::equal(&company, &place).await;
        company.edit(60, 3).await;
        company.synced(&file).await;
        compare::equal(&company, &place).await;
    }
}
