//! Two at once on the same destination: one loses, and nothing is doubled.

use crate::company::place::Place;
use crate::company::system::System;
use crate::company::{Company, SMALL, compare, said};

/// Two runs that begin together get in each other's way sooner or later.
const ROUNDS: u64 = 6;

#[tokio::test]
async fn of_two_writers_of_files_one_loses() {
    fenced(System::Google, Place::files()).await;
}

#[tokio::test]
async fn of_two_writers_of_tables_one_loses() {
    fenced(System::Google, Place::postgres().await).await;
}

#[tokio::test]
async fn of_two_writers_of_files_of_microsoft_365_one_loses() {
    fenced(System::Microsoft365, Place::files()).await;
}

#[tokio::test]
async fn of_two_writers_of_tables_of_microsoft_365_one_loses() {
    fenced(System::Microsoft365, Place::postgres().await).await;
}

#[tokio::test]
async fn of_two_writers_of_files_of_sendsafely_one_loses() {
    fenced(System::SendSafely, Place::files()).await;
}

#[tokio::test]
async fn of_two_writers_of_tables_of_sendsafely_one_loses() {
    fenced(System::SendSafely, Place::postgres().await).await;
}

async fn fenced(system: System, place: Place) {
    let company = Company::of(system, SMALL).await;
    let file = company.file(&place);
    company.synced(&file).await;
    let mut lost = 0;
    for round in 0..ROUNDS {
        company.edit(15, 60 + round).await;
        let run = || {
            company
                .sync(&file)
                .arg("--resync")
                .arg(round.to_string())
                .output()
        };
        let (one, other) = tokio::join!(run(), run());
        for output in [&one, &other] {
            let text = said(output);
            let contested = text.contains("DestinationContested");
            assert!(
                output.status.success() || contested,
                "lost for another reason: {text}"
            );
            lost += u64::from(contested);
        }
    }
    assert!(lost > 0, "two at once were never in each other's way");
    company.synced(&file).await;
    compare::equal(&company, &place).await;
}
