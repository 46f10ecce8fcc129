//! No request names, or acts for, anyone who is not enabled and allowed: by the log of the vendor itself.
//!
//! ```text
//! cluster ─┬─► google         with a directory, and without
//!          ├─► microsoft365   and of the decoy only what is said
//!          ├─► sendsafely     where a search finds more than was asked for
//!          └─► disabling      in the middle of a sync
//! by_hand                     the same without a cluster
//! ```

mod by_hand;
mod cluster;
mod disabling;
mod google;
mod microsoft365;
mod sendsafely;

use std::collections::BTreeSet;

use crate::company::microsoft365::DECOY;
use crate::support::sandbox_log::Call;

const PETER: &str = "peter.parker@acme.example";
const MARY: &str = "mary.jane@acme.example";
/// Denied; the alias is not.
const HARRY: &str = "harry.osborn@acme.example";
const HARRYS_ALIAS: &str = "h.osborn@acme.example";

/// Everyone whom these calls name or act for.
fn named(calls: &[Call]) -> BTreeSet<&str> {
    let names = calls
        .iter()
        .flat_map(|call| call.names.iter().chain(&call.subject));
    names
        .map(String::as_str)
        .filter(|name| name.contains('@'))
        .collect()
}

fn is_about(call: &Call, who: &str) -> bool {
    named(std::slice::from_ref(call)).contains(who)
}

/// Who the decoy is, and whether the inbox opens: nothing else.
fn only_the_decoys_inbox_is_looked_at(calls: &[Call]) {
    let about = calls.iter().filter(|call| is_about(call, DECOY));
    let looks: BTreeSet<_> = about
        .map(|call| {
            let what = call.path.rsplit('/').next().unwrap_or_default();
            let what = if call.api == "users" { "" } else { what };
            (call.api.as_str(), what, call.query.to_string())
        })
        .collect();
    let looks: Vec<_> = looks.into_iter().collect();
    assert!(
        matches!(&looks[..], [("mail", "inbox", select), ("users", "", _)] if select.contains("id")),
        "{looks:?}"
    );
}
