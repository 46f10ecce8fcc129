//! Which of many scopes are missing, in few requests: one more per halving while little is missing.

use crate::model::account::Known;
use crate::model::email::Email;
use crate::providers::error::{Class, Error, Reason};
use crate::providers::google::api::Api;
use crate::providers::report::ScopeState;

/// Requests after which the rest stays unknown. Fifty scopes of which none is granted need ninety-nine.
const MAX_REQUESTS: usize = 120;

/// What is known of one scope.
pub(super) struct Verdict {
    pub(super) name: String,
    pub(super) granted: Known,
    /// Why not, or why it is unknown.
    pub(super) error: Option<Error>,
}

impl Verdict {
    pub(super) fn state(&self) -> ScopeState {
        ScopeState {
            name: self.name.clone(),
            granted: self.granted,
            reason: self.error.as_ref().map(|error| error.reason),
        }
    }
}

/// Some scopes, from the first up to but not including the last. `refused` holds the error of a request for all of
/// them together, where there was one.
struct Part {
    from: usize,
    to: usize,
    refused: Option<Error>,
}

/// Finds a verdict for each of `wanted`, of which all together were refused with `error`.
pub(super) async fn run(api: &Api, subject: &Email, wanted: &[String], error: Error) -> Vec<Verdict> {
    let mut search = Search {
        api,
        subject,
        wanted,
        granted: vec![Known::Unknown; wanted.len()],
        errors: vec![None; wanted.len()],
        requests: 0,
    };
    let mut parts = vec![Part {
        from: 0,
        to: wanted.len(),
        refused: Some(error),
    }];
    while let Some(part) = parts.pop() {
        let Some(error) = search.refusal(&part).await else {
            continue;
        };
        let middle = part.from.midpoint(part.to);
        if part.to - part.from <= 1 || is_undecided(&error) {
            search.note(&part, &error);
            continue;
        }
        let left = search.ask(part.from, middle).await;
        let right_refused = match left {
            // Of two halves that fail together, the other one fails alone.
            Ok(()) => Some(error),
            Err(_) => None,
        };
        if let Err(error) = left {
            parts.push(Part { from: part.from, to: middle, refused: Some(error) });
        }
        parts.push(Part { from: middle, to: part.to, refused: right_refused });
    }
    search.verdicts()
}

struct Search<'a> {
    api: &'a Api,
    subject: &'a Email,
    wanted: &'a [String],
    granted: Vec<Known>,
    errors: Vec<Option<Error>>,
    requests: usize,
}

impl Search<'_> {
    /// Returns why a part is refused, or none if it is granted.
    async fn refusal(&mut self, part: &Part) -> Option<Error> {
        match &part.refused {
            Some(error) => Some(error.clone()),
            None => self.ask(part.from, part.to).await.err(),
        }
    }

    async fn ask(&mut self, from: usize, to: usize) -> Result<(), Error> {
        let names = self.wanted.get(from..to).unwrap_or_default();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            return Err(exhausted());
        }
        let subject = Some(self.subject.as_str());
        self.api.tokens.mint(subject, &names).await?;
        self.mark(from, to, Known::True, None);
        Ok(())
    }

    fn note(&mut self, part: &Part, error: &Error) {
        let granted = if is_undecided(error) { Known::Unknown } else { Known::False };
        self.mark(part.from, part.to, granted, Some(error));
    }

    fn mark(&mut self, from: usize, to: usize, granted: Known, error: Option<&Error>) {
        let range = from..to;
        if let Some(part) = self.granted.get_mut(range.clone()) {
            part.fill(granted);
        }
        if let Some(part) = self.errors.get_mut(range) {
            part.fill(error.cloned());
        }
    }

    fn verdicts(self) -> Vec<Verdict> {
        let known = self.granted.into_iter().zip(self.errors);
        let named = self.wanted.iter().zip(known);
        named
            .map(|(name, (granted, error))| Verdict {
                name: name.clone(),
                granted,
                error,
            })
            .collect()
    }
}

/// An error that says nothing of the scopes.
fn is_undecided(error: &Error) -> bool {
    matches!(error.class, Class::Retry | Class::Throttled)
}

fn exhausted() -> Error {
    Error {
        class: Class::Retry,
        reason: Reason::RateLimited,
        provider: super::super::NAME,
        operation: "token",
        status: None,
        code: None,
        meaning: "Too many scopes are missing to find out which.".to_owned(),
        remedy: "Delegate all of them; the rest is found out then.".to_owned(),
        retry_after: None,
    }
}
