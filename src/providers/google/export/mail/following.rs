//! Following a mailbox through its history.

use std::vec::IntoIter;

use super::cursor::MailPlace;
use super::fetch::{Fetched, Fetcher};
use super::history::{self, Fate};
use super::judge::Unwanted;
use super::labels::ExcludedLabels;
use super::wire::{HISTORY, Happenings};
use crate::model::row::{Change, RecordKey};
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};
use crate::providers::google::export::{cursor, fault};
use crate::providers::{Error, Page, Position};

/// Most records of the history on a page: the vendor's limit.
const PAGE_RECORDS: &str = "500";

/// What is asked of the history: the typed lists, not `messages`, which repeats them.
const FIELDS: &str = "history(id,messagesAdded/message/id,messagesDeleted/message/id,\
                      labelsAdded/message/id,labelsRemoved/message/id),historyId,nextPageToken";

/// A place in the history.
pub(super) struct Following {
    /// The last id that is behind us: where the run began, and where each page of it leaves off.
    after: String,
    /// The id that the run's requests start from: a page token belongs to it.
    start: String,
    token: Option<String>,
    open: Option<OpenPage>,
}

/// A page of the history whose messages are being fetched.
struct OpenPage {
    deletes: Vec<Change>,
    ids: IntoIter<String>,
    /// Where the page leaves off.
    after: String,
    next: Option<String>,
}

impl Following {
    /// Goes on after an id of the history.
    pub(super) fn after(history_id: String) -> Self {
        Self {
            start: history_id.clone(),
            after: history_id,
            token: None,
            open: None,
        }
    }

    /// Returns the next page. One page of the history is several where its messages are large; all but the last of
    /// them leave the cursor before it.
    pub(super) async fn next<A: Ask>(
        &mut self,
        source: Source<'_, A>,
        labels: &mut ExcludedLabels,
    ) -> Result<Page, Error> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.read(source).await?,
        };
        let mut messages = Fetcher::new(source, fault::FAILED_PER_PAGE);
        let fetched = messages.fetch(&mut open.ids).await?;
        super::resolve(source, labels, &fetched).await?;
        let mut changes = std::mem::take(&mut open.deletes);
        let Fetched {
            read, gone, failed, ..
        } = fetched;
        changes.extend(super::judge(source, labels).changes(read, gone, Unwanted::Delete));
        let position = self.leave(open);
        let history_id = self.after.clone();
        Ok(Page {
            changes,
            failed,
            cursor: cursor::write(&MailPlace::Following { history_id })?,
            position,
        })
    }

    async fn read<A: Ask>(&self, source: Source<'_, A>) -> Result<OpenPage, Error> {
        let mut query = vec![
            ("startHistoryId", self.start.as_str()),
            ("maxResults", PAGE_RECORDS),
            ("fields", FIELDS),
        ];
        query.extend(self.token.as_deref().map(|token| ("pageToken", token)));
        let reply: Happenings = source.get(Method::HistoryList, HISTORY, &query).await?;
        let what = match (&reply.next_page_token, &reply.history_id) {
            (None, None) => "the last page has no historyId",
            (Some(next), _) if self.token.as_ref() == Some(next) => {
                "the next page has the token of this one"
            }
            _ => return Ok(self.open(reply)),
        };
        Err(fault::malformed(Method::HistoryList.name(), what))
    }

    fn open(&self, reply: Happenings) -> OpenPage {
        let (mut deletes, mut ids) = (Vec::new(), Vec::new());
        for (id, fate) in history::fold(&reply.history) {
            match fate {
                Fate::Fetch => ids.push(id),
                Fate::Delete => deletes.push(Change::Delete(RecordKey::plain(id))),
            }
        }
        OpenPage {
            deletes,
            ids: ids.into_iter(),
            after: self.end_of(&reply),
            next: reply.next_page_token,
        }
    }

    /// Where a page leaves off: at the mailbox's present end after the last page, else at its own last record. A page
    /// without records, which the vendor does send before others that have some, leaves off where it began.
    fn end_of(&self, reply: &Happenings) -> String {
        let present = reply.history_id.as_ref();
        let present = present.filter(|_| reply.next_page_token.is_none());
        let last_record = reply.history.last().map(|record| &record.id);
        present.or(last_record).unwrap_or(&self.after).clone()
    }

    fn leave(&mut self, open: OpenPage) -> Position {
        if open.ids.len() > 0 {
            self.open = Some(open);
            return Position::Behind;
        }
        self.after = open.after;
        self.token = open.next;
        if self.token.is_some() {
            Position::Behind
        } else {
            Position::Current
        }
    }
}
