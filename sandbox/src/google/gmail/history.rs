//! What happened in a mailbox, and `history.list`.
//!
//! Source: developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list (read 2026-11-22). That a page
//! can have a `nextPageToken` and no `history` at all is known from clients (lieer issue 120).

use serde_json::{Map, Value, json};

use super::labels::{LabelSet, LabelTable};
use super::{hex, mailbox_of};
use crate::google::access::{Answer, Context};
use crate::google::errors::ApiError;
use crate::random::mix;

/// One change in so many is preceded by an empty page.
const EMPTY_EVERY: u64 = 40;

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    Added,
    Deleted,
    Labelled(LabelSet),
    Unlabelled(LabelSet),
}

impl Happening {
    /// The word in `historyTypes`.
    fn kind(self) -> &'static str {
        match self {
            Self::Added => "messageAdded",
            Self::Deleted => "messageDeleted",
            Self::Labelled(_) => "labelAdded",
            Self::Unlabelled(_) => "labelRemoved",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Change {
    id: u64,
    message: u64,
    thread: u64,
    /// After the change.
    labels: LabelSet,
    happening: Happening,
}

/// All changes since the sandbox started.
#[derive(Debug)]
pub(crate) struct History {
    seed: u64,
    current: u64,
    /// Ids below this are too old.
    oldest: u64,
    changes: Vec<Change>,
}

impl History {
    pub(crate) fn new(seed: u64) -> Self {
        let current = 100_000 + seed % 900_000;
        Self {
            seed,
            current,
            oldest: current,
            changes: Vec::new(),
        }
    }

    pub(crate) fn current(&self) -> u64 {
        self.current
    }

    /// Ids rise with gaps.
    fn advance(&mut self) -> u64 {
        self.current += 1 + mix(self.seed, self.current) % 30;
        self.current
    }

    pub(crate) fn note(
        &mut self,
        message: u64,
        thread: u64,
        labels: LabelSet,
        happening: Happening,
    ) -> u64 {
        let id = self.advance();
        self.changes.push(Change {
            id,
            message,
            thread,
            labels,
            happening,
        });
        id
    }

    /// Makes every id given out so far too old.
    pub(crate) fn expire(&mut self) {
        self.oldest = self.advance();
        self.changes.clear();
    }

    /// The changes after `start`; `None` if it is too old or was never given out.
    fn since(&self, start: u64) -> Option<&[Change]> {
        if start < self.oldest || start > self.current {
            return None;
        }
        let from = self.changes.partition_point(|change| change.id <= start);
        self.changes.get(from..)
    }
}

/// What `history.list` is asked.
struct Question {
    start: u64,
    size: usize,
    kinds: Vec<String>,
    label: Option<LabelSet>,
    /// Changes after this one, and whether the empty page in front of them has been given.
    resume: Option<(u64, bool)>,
}

pub(crate) fn list(context: &Context<'_>) -> Result<Answer, ApiError> {
    let mailbox = mailbox_of(context);
    let question = question(context, &mailbox.labels)?;
    let changes = mailbox
        .history
        .since(question.start)
        .ok_or_else(ApiError::not_found)?;
    let mut body = page(&mailbox.history, &mailbox.labels, &question, changes);
    body.insert(
        "historyId".to_owned(),
        json!(mailbox.history.current().to_string()),
    );
    Ok(Answer::Json(Value::Object(body)))
}

fn question(context: &Context<'_>, labels: &LabelTable) -> Result<Question, ApiError> {
    let start = context.param("startHistoryId").ok_or_else(|| {
        ApiError::new(400, "required", "Required parameter: startHistoryId")
            .status("INVALID_ARGUMENT")
    })?;
    let invalid = |_| ApiError::invalid_argument(format!("Invalid startHistoryId: {start}"));
    let start = start.parse().map_err(invalid)?;
    let kinds: Vec<String> = context
        .call
        .params("historyTypes")
        .map(str::to_owned)
        .collect();
    let known = [
        "messageAdded",
        "messageDeleted",
        "labelAdded",
        "labelRemoved",
    ];
    if let Some(wrong) = kinds.iter().find(|kind| !known.contains(&kind.as_str())) {
        return Err(ApiError::invalid_argument(format!(
            "Invalid value at 'history_types': \"{wrong}\""
        )));
    }
    let label = context
        .param("labelId")
        .map(|id| labels.set(std::iter::once(id)))
        .transpose();
    Ok(Question {
        start,
        size: context.clamped("maxResults", 100, 500)?,
        kinds,
        label: label.map_err(|_| ApiError::invalid_argument("Invalid label"))?,
        resume: context.param("pageToken").map(resume).transpose()?,
    })
}

fn resume(token: &str) -> Result<(u64, bool), ApiError> {
    let parts = token
        .split_once('.')
        .and_then(|(after, given)| Some((after.parse().ok()?, given.parse::<u8>().ok()? == 1)));
    parts.ok_or_else(|| ApiError::invalid_argument("Invalid pageToken"))
}

fn page(
    history: &History,
    labels: &LabelTable,
    question: &Question,
    changes: &[Change],
) -> Map<String, Value> {
    let (after, pause_over) = question.resume.unwrap_or((question.start, false));
    let mut wanted = changes
        .iter()
        .filter(|change| change.id > after && question.wants(change))
        .peekable();
    let mut body = Map::new();
    let pauses = |id: u64| mix(history.seed, id).is_multiple_of(EMPTY_EVERY);
    if !pause_over && wanted.peek().is_some_and(|change| pauses(change.id)) {
        body.insert("nextPageToken".to_owned(), json!(format!("{after}.1")));
        return body;
    }
    let mut last = after;
    let mut items = Vec::new();
    while items.len() < question.size {
        let Some(change) = wanted.next() else { break };
        last = change.id;
        items.push(record(change, labels));
    }
    if !items.is_empty() {
        body.insert("history".to_owned(), Value::Array(items));
    }
    if wanted.peek().is_some() {
        body.insert("nextPageToken".to_owned(), json!(format!("{last}.0")));
    }
    body
}

impl Question {
    fn wants(&self, change: &Change) -> bool {
        let kind = self.kinds.is_empty()
            || self
                .kinds
                .iter()
                .any(|kind| kind == change.happening.kind());
        let touched = match change.happening {
            Happening::Labelled(set) | Happening::Unlabelled(set) => change.labels.plus(set),
            Happening::Added | Happening::Deleted => change.labels,
        };
        kind && self.label.is_none_or(|label| touched.contains(label))
    }
}

fn record(change: &Change, labels: &LabelTable) -> Value {
    let (id, thread) = (hex(change.message), hex(change.thread));
    let full = json!({ "id": id, "threadId": thread, "labelIds": labels.ids(change.labels) });
    let (list, item) = match change.happening {
        Happening::Added => ("messagesAdded", json!({ "message": full })),
        Happening::Deleted => ("messagesDeleted", json!({ "message": full })),
        Happening::Labelled(set) => (
            "labelsAdded",
            json!({ "message": full, "labelIds": labels.ids(set) }),
        ),
        Happening::Unlabelled(set) => (
            "labelsRemoved",
            json!({ "message": full, "labelIds": labels.ids(set) }),
        ),
    };
    json!({ "id": change.id.to_string(), "messages": [{ "id": id, "threadId": thread }], list: [item] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(start: u64, size: usize, resume: Option<(u64, bool)>) -> Question {
        Question {
            start,
            size,
            kinds: Vec::new(),
            label: None,
            resume,
        }
    }

    /// Every page until the end, and how many of them were empty.
    fn read(history: &History, start: u64, size: usize) -> (Vec<String>, usize) {
        let labels = LabelTable::default();
        let (mut seen, mut empty, mut next) = (Vec::new(), 0, None);
        for _ in 0..10_000 {
            let question = question(start, size, next);
            let body = page(history, &labels, &question, history.since(start).unwrap());
            let items = body
                .get("history")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            empty += usize::from(!body.contains_key("history"));
            seen.extend(
                items
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().to_owned()),
            );
            match body.get("nextPageToken") {
                Some(token) => next = Some(resume(token.as_str().unwrap()).unwrap()),
                None => return (seen, empty),
            }
        }
        panic!("paging does not end");
    }

    #[test]
    fn paging_gives_everything_once_with_empty_pages_between() {
        let mut history = History::new(5);
        let start = history.current();
        let ids: Vec<String> = (0..300)
            .map(|message| {
                history
                    .note(message, message, LabelSet::default(), Happening::Added)
                    .to_string()
            })
            .collect();
        for size in [1, 7, 100, 500] {
            let (seen, empty) = read(&history, start, size);
            assert_eq!(seen, ids, "{size}");
            assert_eq!(empty > 0, size < 100, "{size}: {empty}");
        }
    }

    #[test]
    fn old_and_foreign_ids_are_not_found() {
        let mut history = History::new(5);
        let first = history.current();
        history.note(1, 1, LabelSet::default(), Happening::Added);
        assert_eq!(history.since(first).map(<[Change]>::len), Some(1));
        assert!(
            history.since(first - 1).is_none() && history.since(history.current() + 1).is_none()
        );
        let given = history.current();
        history.expire();
        assert!(history.since(given).is_none());
        assert_eq!(
            history.since(history.current()).map(<[Change]>::len),
            Some(0)
        );
    }
}
