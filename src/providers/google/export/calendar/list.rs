//! The list of a person's calendars, and how it came to differ from what is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::cursor::{Calendar, MOST_CALENDARS, Progress};
use super::wire::{CALENDAR_LIST, Entry, Listed};
use crate::model::account::UserId;
use crate::model::clock::Clock;
use crate::providers::Error;
use crate::providers::google::api::Method;
use crate::providers::google::export::ask::{Ask, Source};
use crate::providers::google::export::fault;

/// How long a look at the list is good for, so that a quiet run costs one request a calendar.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// When each person's list was last looked at.
pub(in crate::providers::google::export) struct Looks {
    clock: Arc<dyn Clock>,
    /// Only of those that are still good.
    at: Mutex<HashMap<UserId, Timestamp>>,
}

impl Looks {
    /// Makes a note of nobody.
    pub(in crate::providers::google::export) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            at: Mutex::default(),
        }
    }

    /// Returns whether the list has to be looked at.
    pub(super) fn are_due(&self, user: &UserId) -> bool {
        let looks = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        !looks.get(user).is_some_and(|at| self.is_good(*at))
    }

    fn note(&self, user: &UserId) {
        let mut looks = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|_, at| self.is_good(*at));
        looks.insert(user.clone(), self.clock.now());
    }

    fn is_good(&self, at: Timestamp) -> bool {
        let age = self.clock.now().duration_since(at);
        (SignedDuration::ZERO..GOOD_FOR).contains(&age)
    }
}

/// Reads the whole list, which is one request. Hidden calendars are part of it: hiding one changes no event.
pub(super) async fn read<A: Ask>(
    source: Source<'_, A>,
    looks: &Looks,
) -> Result<Vec<Entry>, Error> {
    let mut entries = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut query = vec![
            ("maxResults", "250"),
            ("showHidden", "true"),
            ("fields", "items(id,primary),nextPageToken"),
        ];
        query.extend(token.as_deref().map(|token| ("pageToken", token)));
        let method = Method::CalendarListList;
        let reply: Listed = source.get(method, CALENDAR_LIST, &query).await?;
        entries.extend(reply.items);
        if entries.len() > MOST_CALENDARS {
            return Err(fault::too_many_calendars(MOST_CALENDARS));
        }
        if reply.next_page_token.is_some() && reply.next_page_token == token {
            let what = "the next page has the token of this one";
            return Err(fault::malformed(method.name(), what));
        }
        token = reply.next_page_token;
        if token.is_none() {
            looks.note(&source.request.user.id);
            return Ok(entries);
        }
    }
}

/// Returns the calendars of a list, the person's own first, none of them read.
pub(super) fn unread(entries: Vec<Entry>) -> Vec<Calendar> {
    let mut entries = entries;
    entries.sort_by_key(|entry| !entry.primary);
    let calendars = entries.into_iter();
    calendars
        .map(|entry| Calendar::unread(entry.id, entry.primary))
        .collect()
}

/// Takes what is new in a list into `known`: a new calendar is to be read, and one that was refused is tried again.
///
/// # Errors
/// [`Class::Expired`](crate::providers::Class) where a calendar whose events are stored has left the list: only
/// reading everything anew finds which rows were its own.
pub(super) fn reconcile(known: &mut Vec<Calendar>, entries: Vec<Entry>) -> Result<(), Error> {
    let is_listed = |calendar: &Calendar| entries.iter().any(|entry| entry.id == calendar.id);
    if known
        .iter()
        .any(|it| it.at != Progress::Refused && !is_listed(it))
    {
        return Err(fault::calendar_left());
    }
    known.retain(is_listed);
    for Entry { id, primary } in entries {
        match known.iter_mut().find(|calendar| calendar.id == id) {
            None => known.push(Calendar::unread(id, primary)),
            Some(calendar) if calendar.at == Progress::Refused => {
                *calendar = Calendar::unread(id, primary);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clock::ManualClock;
    use crate::providers::Class;

    fn at(id: &str, at: Progress) -> Calendar {
        Calendar {
            id: id.into(),
            primary: false,
            at,
        }
    }

    fn followed(id: &str) -> Calendar {
        let sync_token = "s".to_owned();
        at(id, Progress::Following { sync_token })
    }

    fn entries(ids: &[&str]) -> Vec<Entry> {
        let one = |id: &&str| Entry {
            id: (*id).to_owned(),
            primary: false,
        };
        ids.iter().map(one).collect()
    }

    #[test]
    fn a_look_is_good_for_an_hour_and_for_one_person() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        let looks = Looks::new(Arc::new(clock.clone()));
        let (peter, mary) = (UserId::new("1"), UserId::new("2"));
        assert!(looks.are_due(&peter));
        looks.note(&peter);
        assert!(!looks.are_due(&peter));
        assert!(looks.are_due(&mary));
        clock.advance(SignedDuration::from_mins(59));
        assert!(!looks.are_due(&peter));
        clock.advance(SignedDuration::from_mins(1));
        assert!(looks.are_due(&peter));
        looks.note(&mary);
        assert_eq!(looks.at.lock().unwrap().len(), 1);
        clock.advance(SignedDuration::from_hours(-2));
        assert!(
            looks.are_due(&mary),
            "a clock that was put back proves nothing"
        );
    }

    #[test]
    fn new_and_refused_calendars_are_read() {
        let mut known = vec![
            followed("a"),
            at("b", Progress::Refused),
            at("c", Progress::Refused),
        ];
        reconcile(&mut known, entries(&["c", "a", "d"])).unwrap();
        let unread = |id: &str| Calendar::unread(id.into(), false);
        assert_eq!(known, [followed("a"), unread("c"), unread("d")]);
    }

    #[test]
    fn a_calendar_that_left_makes_a_new_generation() {
        let mut known = vec![followed("a"), followed("b")];
        let error = reconcile(&mut known, entries(&["a"])).unwrap_err();
        assert_eq!(error.class, Class::Expired);
    }
}
