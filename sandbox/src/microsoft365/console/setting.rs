//! Settings that can be changed, taken away or left as they are.

use serde::{Deserialize, Deserializer};

/// What a change says about something that there may be none of.
#[derive(Default)]
pub(crate) enum Setting<T> {
    /// It is not named.
    #[default]
    Kept,
    /// It is `null`.
    Cleared,
    Given(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Setting<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Option::<T>::deserialize(deserializer)?;
        Ok(given.map_or(Self::Cleared, Self::Given))
    }
}

impl<T> Setting<T> {
    pub(crate) fn apply(self, place: &mut Option<T>) {
        match self {
            Self::Kept => {}
            Self::Cleared => *place = None,
            Self::Given(value) => *place = Some(value),
        }
    }
}
