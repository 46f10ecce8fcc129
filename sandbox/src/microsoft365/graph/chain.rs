//! Change tracking of mail and calendars: chains of links whose state the vendor keeps, and forgets.
//!
//! Source: learn.microsoft.com/graph/delta-query-overview and microsoft-graph-docs issues 2877 and 2162 (read
//! 2026-11-22): every page of a chain makes a new generation of its state, and only the newest three can be gone on from.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::microsoft365::errors::GraphError;
use crate::random::mix;

/// Generations of a chain that can be gone on from.
const KEPT_GENERATIONS: usize = 3;
/// Chains per mailbox; the oldest are forgotten first.
const KEPT_CHAINS: usize = 2_000;

/// What a chain tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Folders,
    /// The messages of a folder, by its number.
    Messages(u32),
    /// The primary calendar between two instants, in milliseconds since 1970.
    Calendar {
        from: i64,
        until: i64,
    },
}

impl Scope {
    pub(crate) fn is_calendar(self) -> bool {
        matches!(self, Self::Calendar { .. })
    }
}

/// Kinds of changes that a chain can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Created,
    Updated,
    Deleted,
}

/// What the first request of a chain asked for; its links remember it.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) select: Option<Vec<String>>,
    pub(crate) page_size: Option<usize>,
    pub(crate) immutable_ids: bool,
    pub(crate) only: Option<Change>,
    /// Milliseconds since 1970; older messages are left out.
    pub(crate) received_from: Option<i64>,
    /// At most so many messages in the first round.
    pub(crate) most: Option<usize>,
}

/// Where a chain stands. `since` and `until` are numbers of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// A round has ended.
    Waiting { since: u64 },
    /// A round is under way; the first one has no `since`.
    Walking(Walk),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) since: Option<u64>,
    pub(crate) until: u64,
    /// Where the next page begins.
    pub(crate) at: usize,
    /// The empty page in front of this one has been given.
    pub(crate) paused: bool,
    /// The last item of the page before, which may be given once more.
    pub(crate) last: Option<u64>,
    /// Items given in this round.
    pub(crate) given: usize,
    /// What the round goes through, where that is decided at its beginning.
    pub(crate) plan: Arc<[Key]>,
}

/// A number of an item and which part of it.
pub(crate) type Key = (u64, i64);

impl Walk {
    pub(crate) fn begin(since: Option<u64>, until: u64, at: usize) -> Self {
        Self {
            since,
            until,
            at,
            paused: false,
            last: None,
            given: 0,
            plan: Arc::default(),
        }
    }

    /// Whether an empty page comes before this one, which happens now and then; `salt` is the chain's.
    pub(crate) fn pauses(&self, salt: u64) -> bool {
        !self.paused && mix(salt ^ self.until, self.at as u64).is_multiple_of(11)
    }

    /// Whether this page begins with the last item of the page before, which happens now and then.
    pub(crate) fn repeats(&self, salt: u64) -> bool {
        mix(salt ^ 0x5E17 ^ self.until, self.at as u64).is_multiple_of(5)
    }
}

#[derive(Debug)]
struct Chain {
    scope: Scope,
    options: Options,
    generation: u64,
    states: VecDeque<(u64, State)>,
}

/// A chain that a request goes on with.
#[derive(Debug)]
pub(crate) struct Resumed {
    pub(crate) chain: u64,
    pub(crate) scope: Scope,
    pub(crate) options: Options,
    pub(crate) state: State,
    /// Makes chains differ in what happens now and then: it depends on what is tracked, not on who asks first.
    pub(crate) salt: u64,
}

/// All chains of one mailbox.
#[derive(Debug, Default)]
pub(crate) struct Chains {
    seed: u64,
    opened: u64,
    /// By the order of their beginning.
    all: BTreeMap<u64, Chain>,
}

impl Chains {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }

    /// Begins a chain with its first round.
    pub(crate) fn open(&mut self, scope: Scope, options: Options, walk: Walk) -> Resumed {
        self.opened += 1;
        while self.all.len() >= KEPT_CHAINS {
            self.all.pop_first();
        }
        let chain = Chain {
            scope,
            options: options.clone(),
            generation: mix(self.seed, self.opened) % 900,
            states: VecDeque::new(),
        };
        self.all.insert(self.opened, chain);
        Resumed {
            chain: self.opened,
            scope,
            options,
            state: State::Walking(walk),
            salt: self.salt(scope),
        }
    }

    fn salt(&self, scope: Scope) -> u64 {
        let number = match scope {
            Scope::Folders => 0,
            Scope::Calendar { .. } => 1,
            Scope::Messages(folder) => 2 + u64::from(folder),
        };
        mix(self.seed, number)
    }

    /// Finds where a link goes on. It must be one of this scope and asked with the same kind of ids.
    pub(crate) fn resume(
        &self,
        token: &str,
        fits: impl Fn(Scope) -> bool,
        immutable_ids: bool,
    ) -> Result<Resumed, GraphError> {
        let (number, generation) = self
            .decoded(token)
            .ok_or_else(GraphError::invalid_sync_state)?;
        let Some(chain) = self.all.get(&number) else {
            return Err(forgotten(generation, None));
        };
        if !fits(chain.scope) || chain.options.immutable_ids != immutable_ids {
            return Err(GraphError::invalid_sync_state());
        }
        let known = chain.states.iter().find(|(known, _)| *known == generation);
        match known {
            Some((_, state)) => Ok(Resumed {
                chain: number,
                scope: chain.scope,
                options: chain.options.clone(),
                state: state.clone(),
                salt: self.salt(chain.scope),
            }),
            None => Err(forgotten(generation, Some(chain))),
        }
    }

    /// Keeps a new generation of a chain's state and returns the link's token.
    pub(crate) fn advance(&mut self, number: u64, state: State) -> String {
        let mut generation = 0;
        if let Some(chain) = self.all.get_mut(&number) {
            chain.generation += 1;
            generation = chain.generation;
            chain.states.push_back((generation, state));
            while chain.states.len() > KEPT_GENERATIONS {
                chain.states.pop_front();
            }
        }
        let text = format!("sync:{:x}:{number}:{generation}", self.seed);
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Forgets the states of all links given out so far.
    pub(crate) fn expire(&mut self, which: impl Fn(Scope) -> bool) {
        for chain in self.all.values_mut().filter(|chain| which(chain.scope)) {
            chain.states.clear();
        }
    }

    fn decoded(&self, token: &str) -> Option<(u64, u64)> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.strip_prefix("sync:")?.split(':');
        let seed = u64::from_str_radix(parts.next()?, 16).ok()?;
        let (number, generation) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        (seed == self.seed).then_some((number, generation))
    }
}

fn forgotten(generation: u64, chain: Option<&Chain>) -> GraphError {
    let mut message = format!("The sync state generation is not found; generation={generation};");
    if let Some(chain) = chain {
        message.extend(["[highest=", &chain.generation.to_string(), "]"]);
        let kept = chain.states.iter().rev();
        message.extend(kept.map(|(generation, _)| format!("[{generation}]")));
    }
    message.push('.');
    GraphError::new(410, "SyncStateNotFound", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            select: None,
            page_size: None,
            immutable_ids: true,
            only: None,
            received_from: None,
            most: None,
        }
    }

    fn open(chains: &mut Chains, scope: Scope) -> u64 {
        chains.open(scope, options(), Walk::begin(None, 0, 0)).chain
    }

    fn waiting(since: u64) -> State {
        State::Waiting { since }
    }

    #[test]
    fn the_newest_three_generations_can_be_gone_on_from() {
        let mut chains = Chains::new(5);
        let chain = open(&mut chains, Scope::Messages(1));
        let tokens: Vec<String> = (0..5)
            .map(|since| chains.advance(chain, waiting(since)))
            .collect();
        let resume = |token: &str| chains.resume(token, |scope| scope == Scope::Messages(1), true);
        for (since, token) in tokens.iter().enumerate() {
            match resume(token) {
                Ok(found) => assert_eq!(found.state, waiting(since as u64)),
                Err(error) => assert!(since < 2, "{error:?}"),
            }
        }
        assert!(resume(&tokens[2]).is_ok());
    }

    #[test]
    fn a_link_fits_its_own_scope_and_kind_of_ids() {
        let mut chains = Chains::new(5);
        let chain = open(&mut chains, Scope::Folders);
        let token = chains.advance(chain, waiting(1));
        assert!(
            chains
                .resume(&token, |scope| scope == Scope::Folders, true)
                .is_ok()
        );
        assert!(chains.resume(&token, Scope::is_calendar, true).is_err());
        assert!(
            chains
                .resume(&token, |scope| scope == Scope::Folders, false)
                .is_err()
        );
        assert!(chains.resume("latest", |_| true, true).is_err());
        assert!(Chains::new(6).resume(&token, |_| true, true).is_err());
    }

    #[test]
    fn expiry_and_age_forget() {
        let mut chains = Chains::new(5);
        let first = open(&mut chains, Scope::Folders);
        let token = chains.advance(first, waiting(1));
        chains.expire(Scope::is_calendar);
        assert!(chains.resume(&token, |_| true, true).is_ok());
        chains.expire(|scope| !scope.is_calendar());
        assert!(chains.resume(&token, |_| true, true).is_err());
        for _ in 0..KEPT_CHAINS {
            open(&mut chains, Scope::Folders);
        }
        let last = chains.advance(first, waiting(1));
        assert!(chains.resume(&last, |_| true, true).is_err());
    }
}
