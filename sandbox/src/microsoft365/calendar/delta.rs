//! `calendarView/delta`.
//!
//! Source: learn.microsoft.com/graph/api/event-delta and delta-query-events (read 2026-11-22). Of an occurrence only its id,
//! series and times are told; whether the series itself is told sources disagree about, so that here it depends on the
//! series.

use serde_json::{Value, json};

use super::event::{View, occurrence, resource};
use super::store::{Calendar, WHOLE};
use super::{view as view_of, window};
use crate::call::Reply;
use crate::microsoft365::errors::GraphError;
use crate::microsoft365::graph::access::Context;
use crate::microsoft365::graph::chain::{Chains, Key, Options, Resumed, Scope, State, Walk};
use crate::microsoft365::graph::many;
use crate::microsoft365::mail::delta::{link, onward, size};
use crate::random::mix;

const REFUSED: &[&str] = &[
    "$select", "$filter", "$expand", "$orderby", "$search", "$top", "$skip",
];

/// A window, in milliseconds since 1970.
type Window = (i64, i64);

pub(crate) fn delta(context: &Context<'_>) -> Result<Reply, GraphError> {
    if let Some(name) = REFUSED.iter().find(|name| context.param(name).is_some()) {
        let message = format!(
            "The following parameters are not supported with change tracking over the 'CalendarView' resource: \
             '{name}'."
        );
        return Err(GraphError::new(400, "ErrorInvalidUrlQuery", message));
    }
    context.needs_room()?;
    let view = view_of(context)?;
    let user = context.user()?;
    let mut chains = user.chains.lock();
    let calendar = user.calendar.lock();
    let (resumed, window) = resumed(context, &mut chains, &calendar)?;
    let walk = match &resumed.state {
        State::Waiting { since } => {
            let silent = context.world.quirks.read().silent_occurrence_deletions;
            Walk {
                plan: later_plan(&calendar, *since, window, silent).into(),
                ..Walk::begin(Some(*since), calendar.seq, 0)
            }
        }
        State::Walking(walk) => walk.clone(),
    };
    let size = size(context, &resumed.options);
    let rest = walk.plan.get(walk.at..).unwrap_or_default();
    let page = rest.get(..size.min(rest.len())).unwrap_or_default();
    let (page, next) = if !page.is_empty() && walk.pauses(resumed.salt) {
        (
            &[][..],
            State::Walking(Walk {
                paused: true,
                ..walk.clone()
            }),
        )
    } else if rest.len() > size {
        let at = walk.at + size;
        (
            page,
            State::Walking(Walk {
                at,
                paused: false,
                ..walk.clone()
            }),
        )
    } else {
        (page, State::Waiting { since: walk.until })
    };
    let repeats = !page.is_empty() && walk.repeats(resumed.salt);
    let before = walk.at.checked_sub(1).and_then(|at| walk.plan.get(at));
    let keys = before.filter(|_| repeats).into_iter().chain(page);
    let items: Vec<Value> = keys
        .map(|key| shown(&calendar, *key, window, &view))
        .collect();
    let link = onward(context, &mut chains, resumed.chain, next);
    Ok(many(context, "Collection(event)", items, Some(link)))
}

fn resumed(
    context: &Context<'_>,
    chains: &mut Chains,
    calendar: &Calendar,
) -> Result<(Resumed, Window), GraphError> {
    if let Some(token) = link(context) {
        let resumed = chains.resume(token, Scope::is_calendar, context.immutable_ids())?;
        return match resumed.scope {
            Scope::Calendar { from, until } => Ok((resumed, (from, until))),
            _ => Err(GraphError::invalid_sync_state()),
        };
    }
    let (from, until) = window(context)?;
    let options = Options {
        select: None,
        page_size: context.preferred_page(),
        immutable_ids: context.immutable_ids(),
        only: None,
        received_from: None,
        most: None,
    };
    let walk = Walk {
        plan: first_plan(calendar, (from, until)).into(),
        ..Walk::begin(None, calendar.seq, 0)
    };
    let scope = Scope::Calendar { from, until };
    Ok((chains.open(scope, options, walk), (from, until)))
}

/// Whether a series itself is told besides its occurrences.
fn tells_series(number: u64) -> bool {
    mix(0x5E21, number).is_multiple_of(2)
}

/// What the window holds; a series comes before its occurrences.
fn first_plan(calendar: &Calendar, (from, until): Window) -> Vec<Key> {
    let mut plan = Vec::new();
    let mut told = 0;
    for key in calendar.view(from, until) {
        let series = (key.0, WHOLE);
        if key.1 != WHOLE && told != key.0 && tells_series(key.0) {
            plan.push(series);
        }
        told = key.0;
        plan.push(key);
    }
    plan
}

/// What changed: of a series all of its occurrences in the window, and those that are gone.
fn later_plan(calendar: &Calendar, since: u64, (from, until): Window, silent: bool) -> Vec<Key> {
    let mut plan: Vec<Key> = Vec::new();
    for ((number, original), gone) in calendar.touched(since, calendar.seq) {
        let key = (number, original);
        let event = calendar.events.get(&key);
        let live = event.filter(|event| !event.deleted);
        if original != WHOLE {
            if live.is_some() || !silent {
                plan.push(key);
            }
            continue;
        }
        let series = live.is_some_and(|event| event.rule.is_some());
        let inside = calendar.occurrence_keys(number, from, until);
        if !series || inside.is_empty() || tells_series(number) {
            plan.push(key);
        }
        plan.extend(inside);
        plan.extend(gone.into_iter().map(|original| (number, original)));
    }
    plan.sort_unstable();
    plan.dedup();
    plan
}

fn shown(calendar: &Calendar, key: Key, window: Window, view: &View) -> Value {
    let (from, until) = window;
    let Some(event) = calendar.get(key) else {
        return removed(key, view);
    };
    let inside = if event.rule.is_some() {
        calendar.shows(key.0, from, until)
    } else {
        event.overlaps(from, until)
    };
    match (inside, key.1 == WHOLE || calendar.events.contains_key(&key)) {
        (false, _) => removed(key, view),
        (true, true) => resource(calendar, key, &event, view),
        (true, false) => occurrence(key, &event, view),
    }
}

/// Also for what was added or changed outside the window.
fn removed(key: Key, view: &View) -> Value {
    json!({ "@removed": { "reason": "deleted" }, "id": view.id(key) })
}
