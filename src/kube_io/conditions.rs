//! The conditions of an object, kept by the API conventions: one per type, in a stable order, and a transition time
//! that moves only when the status does. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// The most bytes that a message or the note of an event may have.
pub const MESSAGE_BYTES: usize = 1024;

/// Conditions that are there only while something is out of the ordinary.
const ABNORMAL: [&str; 4] = ["Reconciling", "Stalled", "Suspended", "Throttled"];

/// The three things that a condition can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::Display)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nobody can tell. Never to be taken for `True`.
    Unknown,
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// Tells whether a condition is bad news when it is true, and absent otherwise.
pub fn is_abnormal(type_: &str) -> bool {
    ABNORMAL.contains(&type_)
}

/// Finds a condition by its type.
pub fn find<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}

/// Tells whether the condition is there and true.
pub fn is_true(conditions: &[Condition], type_: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status == "True")
}

/// The conditions of an object while a pass rewrites them.
///
/// **Shape**: the order in which types first appeared is kept, so that a rewritten list compares equal.
#[derive(Debug, Clone)]
pub struct Conditions {
    list: Vec<Condition>,
    generation: Option<i64>,
    now: Timestamp,
}

impl Conditions {
    /// Starts from the stored list, for an object of the given `metadata.generation`, at `now`.
    pub fn new(stored: &[Condition], generation: Option<i64>, now: Timestamp) -> Self {
        Self {
            list: stored.to_vec(),
            generation,
            now: whole_seconds(now),
        }
    }

    /// Says what holds. `message` is cut at 1 kB; it must not hold what differs from pass to pass.
    pub fn set(&mut self, type_: &str, status: ConditionStatus, reason: &str, message: &str) {
        let status: &str = status.into();
        let now = self.now;
        let since = match find(&self.list, type_) {
            Some(old) if old.status == status => old.last_transition_time.clone(),
            _ => Time(now),
        };
        self.put(Condition {
            type_: type_.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: capped(message),
            observed_generation: self.generation,
            last_transition_time: since,
        });
    }

    /// Removes a condition: how one that is there only while true vanishes.
    pub fn clear(&mut self, type_: &str) {
        self.list.retain(|condition| condition.type_ != type_);
    }

    /// Returns the condition as it stands.
    pub fn get(&self, type_: &str) -> Option<&Condition> {
        find(&self.list, type_)
    }

    /// Tells whether the condition is there and true.
    pub fn is_true(&self, type_: &str) -> bool {
        is_true(&self.list, type_)
    }

    /// Returns the list for the status.
    pub fn into_vec(self) -> Vec<Condition> {
        self.list
    }

    fn put(&mut self, condition: Condition) {
        let place = self
            .list
            .iter_mut()
            .find(|there| there.type_ == condition.type_);
        match place {
            Some(there) => *there = condition,
            None => self.list.push(condition),
        }
    }
}

/// Cuts a text at 1 kB without breaking a character, and shows that it was cut.
pub(crate) fn capped(text: &str) -> String {
    const MARK: &str = "…";
    if text.len() <= MESSAGE_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MESSAGE_BYTES - MARK.len());
    text.get(..end).unwrap_or_default().to_owned() + MARK
}

/// Finer parts would not survive every client that reads and writes a status.
fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn first(status: ConditionStatus) -> Vec<Condition> {
        let mut conditions = Conditions::new(&[], Some(1), at(100));
        conditions.set("Ready", status, "Reason", "message");
        conditions.into_vec()
    }

    #[test]
    fn the_transition_time_moves_only_when_the_status_flips() {
        use ConditionStatus::{False, True, Unknown};
        let cases = [
            (True, True, 100),
            (False, False, 100),
            (Unknown, Unknown, 100),
            (True, False, 200),
            (False, True, 200),
            (Unknown, True, 200),
            (True, Unknown, 200),
        ];
        for (old, new, expected) in cases {
            let mut conditions = Conditions::new(&first(old), Some(2), at(200));
            conditions.set("Ready", new, "Another", "another message");
            let ready = conditions.get("Ready").unwrap();
            assert_eq!(ready.last_transition_time.0, at(expected), "{old} to {new}");
            assert_eq!(ready.reason, "Another");
            assert_eq!(ready.message, "another message");
            assert_eq!(ready.observed_generation, Some(2));
        }
    }

    #[test]
    fn saying_the_same_again_changes_nothing() {
        let stored = first(ConditionStatus::True);
        let mut conditions = Conditions::new(&stored, Some(1), at(999));
        conditions.set("Ready", ConditionStatus::True, "Reason", "message");
        assert_eq!(conditions.into_vec(), stored);
    }

    #[test]
    fn the_order_is_that_of_first_appearance() {
        let mut conditions = Conditions::new(&first(ConditionStatus::True), None, at(200));
        conditions.set("Authenticated", ConditionStatus::True, "A", "");
        conditions.set("Ready", ConditionStatus::False, "B", "");
        let types: Vec<_> = conditions
            .into_vec()
            .into_iter()
            .map(|condition| condition.type_)
            .collect();
        assert_eq!(types, ["Ready", "Authenticated"]);
    }

    #[test]
    fn a_cleared_condition_is_gone_and_begins_anew() {
        let mut conditions = Conditions::new(&first(ConditionStatus::True), None, at(200));
        conditions.clear("Ready");
        assert!(conditions.get("Ready").is_none());
        assert!(!conditions.is_true("Ready"));
        conditions.set("Ready", ConditionStatus::True, "Reason", "message");
        assert_eq!(
            conditions.get("Ready").unwrap().last_transition_time.0,
            at(200)
        );
    }

    #[test]
    fn messages_are_cut_between_characters() {
        let cases = [
            ("short".to_owned(), 5),
            ("x".repeat(MESSAGE_BYTES), MESSAGE_BYTES),
            ("x".repeat(MESSAGE_BYTES + 1), MESSAGE_BYTES),
            ("ü".repeat(MESSAGE_BYTES), MESSAGE_BYTES - 1),
            ("🦀".repeat(MESSAGE_BYTES), MESSAGE_BYTES - 1),
        ];
        for (text, length) in cases {
            let cut = capped(&text);
            assert_eq!(cut.len(), length);
            assert!(text.starts_with(cut.trim_end_matches('…')));
        }
    }

    #[test]
    fn fractions_of_a_second_do_not_get_in() {
        let now = Timestamp::from_millisecond(100_987).unwrap();
        let mut conditions = Conditions::new(&[], None, now);
        conditions.set("Ready", ConditionStatus::True, "Reason", "");
        assert_eq!(
            conditions.get("Ready").unwrap().last_transition_time.0,
            at(100)
        );
    }
}
