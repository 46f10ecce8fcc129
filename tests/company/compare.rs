//! Whether a destination has what is true, row for row.

use serde_json::Value;

use super::place::{Place, Rows};
use super::system::System;
use super::{Company, PETER};
use crate::support::sandbox::Sandbox;

/// So many differences are told.
const TOLD: usize = 5;

/// Insists that the destination is equal to the vendor's state.
pub(crate) async fn equal(company: &Company, place: &Place) {
    equal_of(company.system, &company.sandbox, &[PETER], place).await;
}

/// Insists that the destination has what Google has of these people, and nothing else.
pub(crate) async fn equal_for(sandbox: &Sandbox, people: &[&str], place: &Place) {
    equal_of(System::Google, sandbox, people, place).await;
}

/// Insists that the destination has what the system has of these people, and nothing else.
pub(crate) async fn equal_of(system: System, sandbox: &Sandbox, people: &[&str], place: &Place) {
    let states = people.iter().map(|person| system.state(sandbox, person));
    let states = futures::future::join_all(states).await;
    for dataset in system.datasets() {
        let all = states.iter().map(|state| system.rows(state, dataset));
        let count: usize = all.clone().map(|rows| rows.len()).sum();
        let wanted: Rows = all.flatten().collect();
        assert_eq!(wanted.len(), count, "keys in {dataset} are unique");
        assert!(
            !wanted.is_empty(),
            "there is something to compare in {dataset}"
        );
        let found = place.rows(dataset).await;
        let differ = differences(&wanted, &found);
        assert!(
            differ.is_empty(),
            "{dataset}: {} rows wanted, {} found, {} differ, such as\n{}",
            wanted.len(),
            found.len(),
            differ.len(),
            differ[..differ.len().min(TOLD)].join("\n")
        );
    }
}

/// What differs, one line each.
pub(crate) fn differences(wanted: &Rows, found: &Rows) -> Vec<String> {
    let tell = |key: &(String, String), wanted: Option<&Value>, found: Option<&Value>| {
        let show = |row: Option<&Value>| row.map_or_else(|| "nothing".to_owned(), Value::to_string);
        format!(
            "{key:?}\n  wanted {}\n  found  {}",
            show(wanted),
            show(found)
        )
    };
    let missing = wanted
        .iter()
        .filter(|(key, row)| found.get(*key) != Some(*row))
        .map(|(key, row)| tell(key, Some(row), found.get(key)));
    let extra = found
        .iter()
        .filter(|(key, _)| !wanted.contains_key(*key))
        .map(|(key, row)| tell(key, None, Some(row)));
    missing.chain(extra).collect()
}
