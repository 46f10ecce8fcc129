//! Edits, failures and runs in any order.

use proptest::prelude::*;

use super::{Always, Bench};

#[derive(Debug, Clone)]
enum Step {
    Put(u8, i64),
    Remove(u8),
    Forget,
    Run {
        requests: Option<usize>,
        commits: Option<(usize, bool)>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let run = (
        prop::option::of(0..6_usize),
        prop::option::of((0..3_usize, any::<bool>())),
    );
    prop_oneof![
        6 => (0..20_u8, any::<i64>()).prop_map(|(id, size)| Step::Put(id, size)),
        3 => (0..20_u8).prop_map(Step::Remove),
        1 => Just(Step::Forget),
        4 => run.prop_map(|(requests, commits)| Step::Run { requests, commits }),
    ]
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_doubled(steps in prop::collection::vec(step(), 0..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            for step in steps {
                match step {
                    Step::Put(id, size) => bench.vendor.edit(&format!("m{id}"), Some(size)),
                    Step::Remove(id) => bench.vendor.edit(&format!("m{id}"), None),
                    Step::Forget => {
                        let mut state = bench.vendor.state.lock().unwrap();
                        state.forgotten = state.journal.len();
                    }
                    Step::Run { requests, commits } => {
                        *bench.vendor.fuse.lock().unwrap() = requests;
                        *bench.table.fuse.lock().unwrap() = commits;
                        // Whether it fails or not: the last run has to mend everything.
                        let _ = bench.run_with(None, &Always).await;
                    }
                }
            }
            *bench.vendor.fuse.lock().unwrap() = None;
            *bench.table.fuse.lock().unwrap() = None;
            bench.run().await;
            bench.assert_equal();
        });
    }
}
