//! Ids of what is in a mailbox: opaque, case-sensitive, and in two forms.
//!
//! Source: learn.microsoft.com/graph/outlook-immutable-id (read 2026-11-22). An ordinary id changes when the item moves,
//! an immutable one does not.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::mix;

const ORDINARY: &str = "AAMkAG";
const IMMUTABLE: &str = "AAkALg";
const END: &str = "AAA=";
/// Bytes that stand for the mailbox.
const MAILBOX: usize = 24;

/// What an id is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Folder = 1,
    Message = 2,
    Event = 3,
    Attachment = 4,
}

/// An id taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ItemId {
    pub(crate) kind: Kind,
    pub(crate) number: u64,
    /// Where the item is, or which occurrence of a series it is.
    pub(crate) place: u64,
    pub(crate) immutable: bool,
}

impl ItemId {
    pub(crate) fn new(kind: Kind, number: u64, place: u64, immutable: bool) -> Self {
        Self {
            kind,
            number,
            place,
            immutable,
        }
    }

    /// `mailbox` is the owner's seed.
    pub(crate) fn encode(&self, mailbox: u64) -> String {
        let mut bytes = owner(mailbox);
        bytes.push(self.kind as u8);
        bytes.extend(self.number.to_be_bytes());
        bytes.extend(self.place.to_be_bytes());
        bytes.push(0);
        let start = if self.immutable { IMMUTABLE } else { ORDINARY };
        format!("{start}{}{END}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// `None` for what is no id of something in this mailbox.
    pub(crate) fn decode(text: &str, mailbox: u64) -> Option<Self> {
        let (immutable, rest) = match text.strip_prefix(IMMUTABLE) {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix(ORDINARY)?),
        };
        let bytes = URL_SAFE_NO_PAD.decode(rest.strip_suffix(END)?).ok()?;
        let (whose, rest) = bytes.split_at_checked(MAILBOX)?;
        let (&kind, rest) = rest.split_first()?;
        let (number, rest) = rest.split_first_chunk::<8>()?;
        let (place, _) = rest.split_first_chunk::<8>()?;
        let kinds = [Kind::Folder, Kind::Message, Kind::Event, Kind::Attachment];
        let kind = kinds.into_iter().find(|known| *known as u8 == kind)?;
        (whose == owner(mailbox)).then(|| {
            let (number, place) = (u64::from_be_bytes(*number), u64::from_be_bytes(*place));
            Self::new(kind, number, place, immutable)
        })
    }
}

fn owner(mailbox: u64) -> Vec<u8> {
    (0..MAILBOX as u64 / 8)
        .flat_map(|nth| mix(mailbox, nth).to_be_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_the_way_and_fit_one_mailbox_only() {
        for immutable in [false, true] {
            let id = ItemId::new(Kind::Message, 77, 5, immutable);
            let text = id.encode(9);
            assert_eq!(ItemId::decode(&text, 9), Some(id));
            assert_eq!(ItemId::decode(&text, 8), None);
            assert_eq!(ItemId::decode(&text.to_lowercase(), 9), None);
        }
        for text in ["", "AAMkAG", "AAMkAGAAA=", "inbox", "AAMkAG!!!!AAA="] {
            assert_eq!(ItemId::decode(text, 9), None, "{text}");
        }
    }
}
