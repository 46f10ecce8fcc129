//! A page of the window: what each item comes to.
//!
//! An item that has left the window may be deleted, or live at another time, or be a series of which only occurrences
//! are in the window. So each is asked for by its id before it is taken for deleted.

use std::collections::{BTreeSet, HashMap};

use futures::{StreamExt as _, TryStreamExt as _};

use super::cursor::Window;
use super::record;
use super::wire::{Head, Page, WireEvent, event_fields};
use crate::model::record::Record;
use crate::model::row::{Change, RecordKey};
use crate::providers::microsoft365::api::{Method, Target};
use crate::providers::microsoft365::export::ask::{Ask, Source};
use crate::providers::microsoft365::export::fault;
use crate::providers::reading::items::{self, Gathered, Item, Misread};
use crate::providers::reading::path::segment;
use crate::providers::{Class, Error};

/// Series that are remembered within a run.
const MOST_SERIES: usize = 500;

/// Reads one person's events within a window.
pub(super) struct Reader<'a, A> {
    source: Source<'a, A>,
    /// Series that were told or looked up in this run; none where one is gone.
    series: HashMap<String, Option<WireEvent>>,
}

impl<'a, A: Ask> Reader<'a, A> {
    pub(super) fn new(source: Source<'a, A>) -> Self {
        Self {
            source,
            series: HashMap::new(),
        }
    }

    /// Makes the changes of a page.
    pub(super) async fn read(&mut self, page: &Page, window: &Window) -> Result<Gathered, Error> {
        let mut gathered = Gathered::default();
        let (mut told, mut left) = (Vec::new(), Vec::new());
        for item in &page.value {
            let head = head(item)?;
            if head.removed.is_some() {
                left.push(head.id);
                continue;
            }
            match items::read::<WireEvent>(item) {
                Ok(event) => told.push(event),
                Err(misread) => {
                    let operation = Method::EventsDelta.name();
                    let noted = gathered.fail(operation, RecordKey::plain(head.id), misread);
                    noted.map_err(|Misread(why)| fault::malformed(operation, why))?;
                }
            }
        }
        // What was told twice counts as it was told last, also where that is its end.
        told.retain(|event| !left.contains(&event.id));
        self.learn(&told).await?;
        for event in told {
            self.take(event, window, &mut gathered)?;
        }
        self.look_after(left, window, &mut gathered).await?;
        Ok(gathered)
    }

    fn take(
        &self,
        event: WireEvent,
        window: &Window,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let key = RecordKey::plain(event.id.clone());
        match self.change(event, window) {
            Ok(change) => gathered.changes.extend(change),
            Err(misread) => {
                let operation = Method::EventsDelta.name();
                let noted = gathered.fail(operation, key, misread);
                noted.map_err(|Misread(why)| fault::malformed(operation, why))?;
            }
        }
        Ok(())
    }

    /// Returns what becomes of an event. The series of an occurrence is known by now; a series itself is no row, since the
    /// vendor tells some and not others, and its occurrences are.
    fn change(&self, event: WireEvent, window: &Window) -> Result<Option<Change>, Misread> {
        if event.is_series() {
            return Ok(None);
        }
        let key = RecordKey::plain(event.id.clone());
        let event = match (event.is_occurrence(), &event.series_master_id) {
            (true, Some(id)) => match self.series.get(id) {
                Some(Some(series)) => {
                    let series = series.clone();
                    event.of_series(&series)
                }
                Some(None) | None => return Ok(Some(Change::Delete(key))),
            },
            _ => event,
        };
        let read = record::read(event, &self.source.request.privacy)?;
        let (starts, ends) = (read.event.starts_at, read.event.ends_at);
        if read.excluded || !window.holds(starts, ends) {
            return Ok(Some(Change::Delete(key)));
        }
        let record = Record::Event(Box::new(read.event));
        Ok(Some(Change::Upsert(key, record)))
    }

    /// Learns the series of the occurrences on a page: from the page itself, else by asking for them.
    async fn learn(&mut self, told: &[WireEvent]) -> Result<(), Error> {
        if self.series.len() > MOST_SERIES {
            self.series.clear();
        }
        for event in told.iter().filter(|event| event.is_series()) {
            let id = event.id.clone();
            self.series.insert(id, Some(event.clone()));
        }
        let occurrences = told.iter().filter(|event| event.is_occurrence());
        let wanted: BTreeSet<String> = occurrences
            .filter_map(|event| event.series_master_id.clone())
            .filter(|id| !self.series.contains_key(id))
            .collect();
        let found = find_all(self.source, wanted).await?;
        self.series.extend(found);
        Ok(())
    }

    /// Asks for what has left the window: is it deleted, or does it live?
    async fn look_after(
        &mut self,
        left: Vec<String>,
        window: &Window,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let found = find_all(self.source, left).await?;
        let alive: Vec<WireEvent> = found
            .iter()
            .filter_map(|(_, event)| event.clone())
            .collect();
        self.learn(&alive).await?;
        for (id, event) in found {
            match event {
                Some(event) => self.take(WireEvent { id, ..event }, window, gathered)?,
                None => gathered.changes.push(Change::Delete(RecordKey::plain(id))),
            }
        }
        Ok(())
    }

    /// Fetches one event again.
    pub(super) async fn one(&mut self, key: RecordKey, window: &Window) -> Result<Change, Error> {
        let Some(event) = find(self.source, &key.id).await? else {
            return Ok(Change::Delete(key));
        };
        self.learn(std::slice::from_ref(&event)).await?;
        let id = key.id.clone();
        let change = self.change(WireEvent { id, ..event }, window);
        let malformed = |Misread(why)| fault::malformed(Method::EventsGet.name(), why);
        Ok(change.map_err(malformed)?.unwrap_or(Change::Delete(key)))
    }
}

/// Asks for several events at once.
async fn find_all<A: Ask>(
    source: Source<'_, A>,
    ids: impl IntoIterator<Item = String>,
) -> Result<Vec<(String, Option<WireEvent>)>, Error> {
    let asked = ids.into_iter().map(|id| async move {
        let event = find(source, &id).await?;
        Ok::<_, Error>((id, event))
    });
    futures::stream::iter(asked)
        .buffered(source.api.per_user())
        .try_collect()
        .await
}

/// Asks for one event; none where it is gone.
async fn find<A: Ask>(source: Source<'_, A>, id: &str) -> Result<Option<WireEvent>, Error> {
    let path = source.path(&format!("events/{}", segment(id)));
    let fields = event_fields(&source.request.privacy);
    let query = [("$select", fields.as_str())];
    match source
        .get(Method::EventsGet, Target::Path(&path, &query))
        .await
    {
        Ok(event) => Ok(Some(event)),
        Err(error) if error.class == Class::Gone => Ok(None),
        Err(error) => Err(error),
    }
}

fn head(item: &Item) -> Result<Head, Error> {
    let malformed = |Misread(_)| fault::malformed(Method::EventsDelta.name(), "an item has no id");
    items::read(item).map_err(malformed)
}
