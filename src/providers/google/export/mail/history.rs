//! From what happened to messages to what is to be done about each.

use std::collections::BTreeMap;

use super::wire::{Happening, Touched};

/// What is to be done about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there, or was: fetch it as it is now.
    Fetch,
    /// It was deleted for ever.
    Delete,
}

/// Folds a page of the history into one fate a message, so that each is fetched at most once.
pub(super) fn fold(happenings: &[Happening]) -> BTreeMap<String, Fate> {
    let mut fates = BTreeMap::new();
    for happening in happenings {
        let fetched = [
            &happening.messages_added,
            &happening.labels_added,
            &happening.labels_removed,
        ];
        for touched in fetched {
            mark(&mut fates, touched, Fate::Fetch);
        }
        mark(&mut fates, &happening.messages_deleted, Fate::Delete);
    }
    fates
}

fn mark(fates: &mut BTreeMap<String, Fate>, touched: &[Touched], fate: Fate) {
    for Touched { message } in touched {
        match fates.get_mut(&message.id) {
            Some(known) => *known = fate,
            None => drop(fates.insert(message.id.clone(), fate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::Happenings;
    use super::*;

    #[test]
    fn the_last_word_on_a_message_counts() {
        let reply = r#"{"history": [
            {"id": "101", "messages": [{"id": "a"}, {"id": "zzz"}], "messagesAdded": [{"message": {"id": "a", "threadId": "t"}}]},
            {"id": "102", "messagesAdded": [{"message": {"id": "b"}}]},
            {"id": "105", "labelsAdded": [{"message": {"id": "c", "labelIds": ["TRASH"]}, "labelIds": ["TRASH"]}]},
            {"id": "106", "messagesDeleted": [{"message": {"id": "a"}}]},
            {"id": "109", "labelsRemoved": [{"message": {"id": "c"}, "labelIds": ["INBOX"]}],
             "messagesDeleted": [{"message": {"id": "d"}}]}
        ], "historyId": "120"}"#;
        let page: Happenings = serde_json::from_str(reply).unwrap();
        let fates: Vec<_> = fold(&page.history).into_iter().collect();
        let expected = [
            ("a", Fate::Delete),
            ("b", Fate::Fetch),
            ("c", Fate::Fetch),
            ("d", Fate::Delete),
        ];
        assert_eq!(fates, expected.map(|(id, fate)| (id.to_owned(), fate)));
    }

    #[test]
    fn a_page_without_the_key_is_an_empty_one() {
        let page: Happenings = serde_json::from_str(r#"{"nextPageToken": "n"}"#).unwrap();
        assert!(fold(&page.history).is_empty());
        assert_eq!(page.next_page_token.as_deref(), Some("n"));
    }
}
