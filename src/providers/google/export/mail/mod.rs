//! A mailbox: listed once, newest first, then followed through its history.
//!
//! ```text
//! getProfile (pins the history id) ─► messages.list ─► messages.get … ─► Listed
//!                                                                          │
//!                       history.list ─► fold ─► messages.get … ─► Current ◄┘
//! ```
//!
//! A message is always fetched whole at its level, also where only a label changed: a row is the truth, never a patch.
//! Spam and bin are listed too, since the history reports them; they carry the labels SPAM and TRASH.

mod addresses;
mod ahead;
mod body;
mod bundle;
mod cursor;
mod fetch;
mod following;
mod header;
mod history;
mod judge;
mod labels;
mod listing;
mod record;
#[cfg(test)]
mod tests;
mod wire;

use self::cursor::MailPlace;
use self::fetch::{Fetched, Fetcher};
use self::following::Following;
use self::judge::{Judge, Unwanted};
use self::labels::ExcludedLabels;
use self::listing::Listing;
use super::ask::{Ask, Source};
use super::cursor as written;
use super::pager::Pager;
use super::window;
use crate::model::cursor::Cursor;
use crate::model::privacy::MailLevel;
use crate::model::row::{Change, FailedItem, RecordKey};
use crate::providers::{Error, Page, Position};

/// Makes the pages of one mailbox.
pub(super) struct MailPager<'a, A> {
    source: Source<'a, A>,
    labels: ExcludedLabels,
    stage: Stage<'a, A>,
}

enum Stage<'a, A> {
    Start(Option<Cursor>),
    Listing(Box<Listing<'a, A>>),
    Following(Following),
    Done,
}

impl<'a, A: Ask> MailPager<'a, A> {
    /// Makes a pager that goes on from `from`, or begins a full listing.
    pub(super) fn new(source: Source<'a, A>, from: Option<Cursor>) -> Self {
        Self {
            labels: ExcludedLabels::new(&source.request.privacy.exclude_labels),
            source,
            stage: Stage::Start(from),
        }
    }

    async fn start(&mut self, from: Option<Cursor>) -> Result<Option<Page>, Error> {
        let place = from.map(written::read::<MailPlace>).transpose()?;
        if self.source.request.privacy.mail == MailLevel::None {
            return off(place.is_some()).map(Some);
        }
        self.stage = match place {
            Some(MailPlace::Following { history_id }) => {
                Stage::Following(Following::after(history_id))
            }
            Some(MailPlace::Listing {
                history_id,
                page_token,
                searched,
            }) => {
                let token = page_token.filter(|_| searched == listing::searches(self.source));
                Stage::Listing(Box::new(Listing::resumed(self.source, history_id, token)))
            }
            None | Some(MailPlace::Off) => {
                Stage::Listing(Box::new(Listing::begin(self.source).await?))
            }
        };
        self.advance().await
    }

    async fn advance(&mut self) -> Result<Option<Page>, Error> {
        let page = match &mut self.stage {
            Stage::Listing(listing) => listing.next(&mut self.labels).await?,
            Stage::Following(following) => following.next(self.source, &mut self.labels).await?,
            Stage::Start(_) | Stage::Done => return Ok(None),
        };
        if matches!(page.position, Position::Listed | Position::Current) {
            self.stage = Stage::Done;
        }
        Ok(Some(page))
    }
}

impl<A: Ask> Pager for MailPager<'_, A> {
    async fn next(&mut self) -> Result<Option<Page>, Error> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Start(from) => self.start(from).await,
            stage => {
                self.stage = stage;
                self.advance().await
            }
        }
    }
}

/// Makes the only page of a mailbox that is not read.
fn off(resumed: bool) -> Result<Page, Error> {
    Ok(Page {
        changes: Vec::new(),
        failed: Vec::new(),
        cursor: written::write(&MailPlace::Off)?,
        position: if resumed {
            Position::Current
        } else {
            Position::Listed
        },
    })
}

/// Fetches single messages again.
pub(super) async fn refetch<A: Ask>(
    source: Source<'_, A>,
    keys: &[RecordKey],
) -> Result<(Vec<Change>, Vec<FailedItem>), Error> {
    let mut labels = ExcludedLabels::new(&source.request.privacy.exclude_labels);
    let ids: Vec<String> = keys.iter().map(|key| key.id.clone()).collect();
    let mut ids = ids.into_iter();
    let (mut changes, mut failed) = (Vec::new(), Vec::new());
    if source.request.privacy.mail == MailLevel::None {
        return Ok((
            ids.map(RecordKey::plain).map(Change::Delete).collect(),
            failed,
        ));
    }
    let mut messages = Fetcher::new(source, usize::MAX);
    while ids.len() > 0 {
        let fetched = messages.fetch(&mut ids).await?;
        resolve(source, &mut labels, &fetched).await?;
        let judge = judge(source, &labels);
        changes.extend(judge.changes(fetched.read, fetched.gone, Unwanted::Delete));
        failed.extend(fetched.failed);
    }
    Ok((changes, failed))
}

async fn resolve<A: Ask>(
    source: Source<'_, A>,
    labels: &mut ExcludedLabels,
    fetched: &Fetched,
) -> Result<(), Error> {
    let ids = fetched.read.iter().flat_map(|read| &read.message.labels);
    labels.resolve(source, ids).await
}

fn judge<'a, A>(source: Source<'_, A>, labels: &'a ExcludedLabels) -> Judge<'a> {
    Judge {
        start: window::start(source.request.since),
        labels,
    }
}
