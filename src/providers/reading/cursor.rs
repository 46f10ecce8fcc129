//! How a place in a stream is written down: with a version, so that a later reading knows what it has before it.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::fault;
use crate::model::cursor::Cursor;
use crate::model::dataset::Dataset;
use crate::providers::Error;

/// The version that is written, and the only one that is read.
const VERSION: u32 = 1;

/// A place in one kind of stream.
pub(in crate::providers) trait Place: Serialize + DeserializeOwned {
    /// Whose stream it is.
    const PROVIDER: &'static str;
    /// The kind of data that it is a place in.
    const DATASET: Dataset;
}

#[derive(Serialize, Deserialize)]
struct Written<P> {
    version: u32,
    dataset: Dataset,
    place: P,
}

/// Writes a place down.
pub(in crate::providers) fn write<P: Place>(place: &P) -> Result<Cursor, Error> {
    let written = Written {
        version: VERSION,
        dataset: P::DATASET,
        place,
    };
    match serde_json::to_value(written) {
        Ok(value) => Ok(Cursor(value)),
        Err(_) => Err(fault::unreadable_cursor(P::PROVIDER)),
    }
}

/// Reads a place.
///
/// # Errors
/// [`Class::Invalid`](crate::providers::Class) where it was written by another version or for other data: that the
/// vendor no longer knows it would be another thing, and reading everything anew would hide the mistake.
pub(in crate::providers) fn read<P: Place>(cursor: Cursor) -> Result<P, Error> {
    match serde_json::from_value::<Written<P>>(cursor.0) {
        Ok(written) if written.version == VERSION && written.dataset == P::DATASET => {
            Ok(written.place)
        }
        _ => Err(fault::unreadable_cursor(P::PROVIDER)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::providers::{Class, Reason};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Spot(String);

    impl Place for Spot {
        const PROVIDER: &'static str = "vendor";
        const DATASET: Dataset = Dataset::Mail;
    }

    #[test]
    fn what_is_written_is_read() {
        let cursor = write(&Spot("17".into())).unwrap();
        assert_eq!(
            cursor.0,
            json!({"version": 1, "dataset": "mail", "place": "17"})
        );
        assert_eq!(read::<Spot>(cursor).unwrap(), Spot("17".into()));
    }

    #[test]
    fn a_foreign_cursor_is_refused_and_not_taken_for_an_expired_one() {
        for foreign in [
            json!({"version": 2, "dataset": "mail", "place": "17"}),
            json!({"version": 1, "dataset": "drive", "place": "17"}),
            json!({"version": 1, "dataset": "mail", "place": 17}),
            json!("17"),
            json!(null),
        ] {
            let error = read::<Spot>(Cursor(foreign)).unwrap_err();
            assert_eq!(
                (error.class, error.reason),
                (Class::Invalid, Reason::CursorExpired)
            );
        }
    }
}
