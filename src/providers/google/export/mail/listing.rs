//! Reading a mailbox once, newest messages first.

use super::ahead::{Ahead, OpenPage};
use super::cursor::MailPlace;
use super::fetch::{Fetched, Fetcher};
use super::judge::Unwanted;
use super::labels::ExcludedLabels;
use super::wire::{Listed, MESSAGES, PROFILE, Profile};
use crate::model::cursor::Cursor;
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};
use crate::providers::google::export::{cursor, fault, window};
use crate::providers::{Error, Page, Position};

/// Most ids on a page: the vendor's limit.
const PAGE_IDS: &str = "500";

/// A place in a full listing.
pub(super) struct Listing<'a, A> {
    source: Source<'a, A>,
    fetcher: Fetcher<'a, A>,
    /// The end of the history before the first request.
    history_id: String,
    /// The token of the page that is being read.
    token: Option<String>,
    /// Whether the token was stored: then the vendor may have forgotten it.
    resumed: bool,
    open: Option<OpenPage>,
    /// The page after that, asked for while this one's messages are fetched.
    ahead: Ahead<'a>,
}

impl<'a, A: Ask> Listing<'a, A> {
    /// Pins the end of the history, then begins: what changes during the listing is found by following from there.
    pub(super) async fn begin(source: Source<'a, A>) -> Result<Self, Error> {
        let query = [("fields", "historyId")];
        let profile: Profile = source.get(Method::Profile, PROFILE, &query).await?;
        Ok(Self::resumed(source, profile.history_id, None))
    }

    /// Goes on where an earlier run stopped, with the history id that it pinned.
    pub(super) fn resumed(
        source: Source<'a, A>,
        history_id: String,
        token: Option<String>,
    ) -> Self {
        Self {
            source,
            fetcher: Fetcher::new(source, fault::FAILED_PER_PAGE),
            history_id,
            resumed: token.is_some(),
            token,
            open: None,
            ahead: Ahead::default(),
        }
    }

    /// Returns the next page. One page of ids is several where its messages are large; all but the last of them leave
    /// the cursor before it.
    pub(super) async fn next(&mut self, labels: &mut ExcludedLabels) -> Result<Page, Error> {
        let source = self.source;
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.open_page().await?,
        };
        let fetched = self.fetch(&mut open).await?;
        super::resolve(source, labels, &fetched).await?;
        let judge = super::judge(source, labels);
        open.too_old &= judge.all_too_old(&fetched);
        let Fetched {
            read, gone, failed, ..
        } = fetched;
        let changes = judge.changes(read, gone, Unwanted::Omit);
        let (position, cursor) = self.leave(open)?;
        Ok(Page {
            changes,
            failed,
            cursor,
            position,
        })
    }

    async fn open_page(&mut self) -> Result<OpenPage, Error> {
        let page = match self.ahead.take().await {
            Some(page) => page,
            None => list(self.source, self.token.clone()).await,
        };
        match page {
            Err(error) if self.resumed && error.status == Some(400) => {
                self.token = None;
                self.resumed = false;
                list(self.source, None).await
            }
            page => {
                self.resumed = false;
                page
            }
        }
    }

    /// Fetches messages and, meanwhile, the next page of ids and the first of its messages.
    async fn fetch(&mut self, open: &mut OpenPage) -> Result<Fetched, Error> {
        if let (true, Some(token)) = (self.ahead.is_none(), &open.next) {
            self.ahead.ask(list(self.source, Some(token.clone())));
        }
        let may_be_last = self.source.request.since.is_some() && !searches(self.source);
        loop {
            self.fetcher.ask(&mut open.ids);
            if let (0, false, Some(ids)) = (open.ids.len(), may_be_last, self.ahead.ids()) {
                self.fetcher.ask_early(ids);
            }
            tokio::select! {
                () = self.ahead.arrive() => {}
                more = self.fetcher.step() => if !more? {
                    return self.fetcher.finish().await;
                }
            }
        }
    }

    fn leave(&mut self, open: OpenPage) -> Result<(Position, Cursor), Error> {
        let history_id = self.history_id.clone();
        if open.ids.len() > 0 {
            self.open = Some(open);
        } else if open.next.is_none() || open.too_old {
            let place = MailPlace::Following { history_id };
            return Ok((Position::Listed, cursor::write(&place)?));
        } else {
            self.token = open.next;
        }
        let place = MailPlace::Listing {
            history_id,
            page_token: self.token.clone(),
            searched: searches(self.source),
        };
        Ok((Position::Listing, cursor::write(&place)?))
    }
}

/// Returns whether the vendor itself leaves out what is too old. Where no scope lets it search, the listing ends with
/// the first page that is too old as a whole.
pub(super) fn searches<A: Ask>(source: Source<'_, A>) -> bool {
    source.request.since.is_some() && source.api.may(Method::MessagesSearch)
}

/// Lists a page of ids.
async fn list<A: Ask>(source: Source<'_, A>, token: Option<String>) -> Result<OpenPage, Error> {
    let after = window::start(source.request.since)
        .filter(|_| searches(source))
        .map(|start| format!("after:{}", start.as_second() - 1));
    let method = match after {
        Some(_) => Method::MessagesSearch,
        None => Method::MessagesList,
    };
    let mut query = vec![
        ("maxResults", PAGE_IDS),
        ("includeSpamTrash", "true"),
        ("fields", "messages/id,nextPageToken,resultSizeEstimate"),
    ];
    query.extend(after.as_deref().map(|after| ("q", after)));
    query.extend(token.as_deref().map(|token| ("pageToken", token)));
    let reply: Listed = source.get(method, MESSAGES, &query).await?;
    if let Some(what) = wrong(&reply, token.as_deref()) {
        return Err(fault::malformed(method.name(), what));
    }
    let ids: Vec<String> = reply.messages.into_iter().map(|it| it.id).collect();
    Ok(OpenPage {
        too_old: source.request.since.is_some() && !ids.is_empty(),
        ids: ids.into_iter(),
        next: reply.next_page_token,
    })
}

/// An empty mailbox is a mailbox, and its listing ends in the deletion of what is stored: so it has to be said.
fn wrong(reply: &Listed, token: Option<&str>) -> Option<&'static str> {
    if reply.messages.is_empty() && reply.result_size_estimate.is_none() {
        Some("it lists nothing and does not say so")
    } else if token.is_some() && reply.next_page_token.as_deref() == token {
        Some("the next page has the token of this one")
    } else {
        None
    }
}
