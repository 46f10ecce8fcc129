//! Whatever happens in whatever order, and wherever it breaks off: what is read is what was committed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Faulty, Limits, bucket, commit, file, gone, objects, owner, stream, view};
use crate::destinations::{Destination, Error};
use crate::model::row::Change;

const LIMITS: Limits = Limits {
    width: 3,
    keys_per_pass: 4,
};

#[derive(Debug, Clone)]
enum Step {
    /// Ids and what becomes of them: none is a deletion.
    Commit(Vec<(u8, Option<u8>)>),
    NewGeneration,
    Compact,
    Erase,
}

/// At which operation it breaks off, and whether that operation still takes effect.
type Fault = Option<(u32, bool)>;

fn steps() -> impl Strategy<Value = Vec<(Step, Fault)>> {
    let change = (0u8..8, proptest::option::weighted(0.7, any::<u8>()));
    let step = prop_oneof![
        12 => proptest::collection::vec(change, 0..5).prop_map(Step::Commit),
        1 => Just(Step::NewGeneration),
        6 => Just(Step::Compact),
        1 => Just(Step::Erase),
    ];
    let fault = proptest::option::weighted(0.4, (0u32..40, any::<bool>()));
    proptest::collection::vec((step, fault), 1..40)
}

/// What ought to be stored.
struct Model {
    rows: BTreeMap<String, (String, u64)>,
    sequence: u64,
    generation: u64,
}

impl Model {
    fn empty() -> Self {
        Self {
            rows: BTreeMap::new(),
            sequence: 0,
            generation: 1,
        }
    }

    fn apply(&mut self, changes: &[(u8, Option<u8>)]) {
        self.sequence += 1;
        for (id, value) in changes {
            match value {
                Some(value) => {
                    let row = (format!("name {value}"), self.generation);
                    self.rows.insert(format!("id-{id}"), row);
                }
                None => {
                    self.rows.remove(&format!("id-{id}"));
                }
            }
        }
    }

    async fn agrees_with(&self, store: &Faulty) {
        let folder = bucket(store, LIMITS);
        let stored = folder.last_commit(&stream()).await.unwrap();
        let sequence = stored.as_ref().map_or(0, |commit| commit.sequence);
        assert_eq!(sequence, self.sequence);
        if let Some(stored) = stored {
            assert_eq!(stored, commit(self.sequence, stored.checkpoint.generation));
        }
        assert_eq!(view(&*store.inner).await, self.rows);
    }

    /// Compares also what takes several passes.
    async fn agrees_in_all_with(&self, store: &Faulty) {
        self.agrees_with(store).await;
        let folder = bucket(store, LIMITS);
        assert_eq!(
            folder.count(&stream()).await.unwrap(),
            self.rows.len() as u64
        );
        let stale = folder.stale(&stream(), self.generation, 100).await.unwrap();
        let mut stale: Vec<String> = stale.into_iter().map(|key| key.id).collect();
        stale.sort();
        let old = self.rows.iter().filter(|(_, row)| row.1 < self.generation);
        assert_eq!(stale, old.map(|(id, _)| id.clone()).collect::<Vec<_>>());
    }
}

fn changes(of: &[(u8, Option<u8>)]) -> Vec<Change> {
    let change = |(id, value): &(u8, Option<u8>)| match value {
        Some(value) => file(&format!("id-{id}"), &format!("name {value}")),
        None => gone(&format!("id-{id}")),
    };
    of.iter().map(change).collect()
}

async fn take(step: &Step, fault: Fault, store: &mut Faulty, model: &mut Model) {
    if let Some((operations, after)) = fault {
        store.after = after;
        store.fail_after(Some(operations));
    }
    let folder = bucket(store, LIMITS);
    let outcome: Result<(), Error> = match step {
        Step::Commit(of) => {
            let next = commit(model.sequence + 1, model.generation);
            folder.commit(&stream(), &next, changes(of)).await
        }
        Step::Compact => folder.compact(&stream()).await,
        Step::Erase => folder.erase(&owner()).await.map(drop),
        Step::NewGeneration => {
            model.generation += 1;
            Ok(())
        }
    };
    store.fail_after(None);
    let outcome = outcome.map_err(|error| assert!(error.kind.is_transient(), "{error}"));
    let stored = bucket(store, LIMITS).last_commit(&stream()).await.unwrap();
    let stored = stored.map_or(0, |commit| commit.sequence);
    match step {
        Step::Commit(of) if outcome.is_ok() || stored > model.sequence => model.apply(of),
        // Broken off before anything happened, or done: nothing between.
        Step::Erase if outcome.is_ok() || stored == 0 => *model = Model::empty(),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_was_committed(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut store, mut model) = (Faulty::new(), Model::empty());
            for (step, fault) in &steps {
                take(step, *fault, &mut store, &mut model).await;
                match step {
                    Step::Compact | Step::NewGeneration => model.agrees_in_all_with(&store).await,
                    Step::Commit(_) | Step::Erase => model.agrees_with(&store).await,
                }
            }
            // Whatever is left over is mended at the latest by a fold that nothing disturbs.
            bucket(&store, LIMITS).compact(&stream()).await.unwrap();
            model.agrees_in_all_with(&store).await;
            let files = objects(&*store.inner).await.len();
            assert!(files <= 12, "{files} files");
        });
    }
}

/// Breaks a fold off at every single operation, before and after it takes effect.
#[tokio::test]
async fn a_fold_that_breaks_off_anywhere_changes_nothing_and_is_mended() {
    for after in [false, true] {
        for operation in 0.. {
            let (mut store, mut model) = (Faulty::new(), Model::empty());
            for round in 0..9u8 {
                let of = [(round % 4, Some(round)), (round % 3, None)];
                take(&Step::Commit(of.to_vec()), None, &mut store, &mut model).await;
            }
            store.after = after;
            store.fail_after(Some(operation));
            let broke_off = bucket(&store, LIMITS).compact(&stream()).await.is_err();
            store.fail_after(None);
            model.agrees_with(&store).await;
            bucket(&store, LIMITS).compact(&stream()).await.unwrap();
            model.agrees_in_all_with(&store).await;
            assert_eq!(objects(&*store.inner).await.len(), 1);
            if !broke_off {
                assert!(operation > 20, "only {operation} operations");
                break;
            }
        }
    }
}
