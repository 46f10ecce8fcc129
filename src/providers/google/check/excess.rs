//! Grants beyond what is asked for: a request each, so not every time.

use super::{Check, words};
use crate::model::email::Email;
use crate::providers::error::Reason;
use crate::providers::google::scopes::BROAD;
use crate::providers::report::Finding;

impl Check<'_> {
    /// Tries each broad scope that is not wanted. The tokens are thrown away at once.
    pub(super) async fn excess(
        &self,
        subject: &Email,
        wanted: &[String],
    ) -> (Option<Finding>, Vec<String>) {
        let mut excess = Vec::new();
        for &scope in BROAD.iter().filter(|&&scope| wanted.iter().all(|one| one != scope)) {
            match self.api.tokens.mint(Some(subject.as_str()), &[scope]).await {
                Ok(_) => excess.push(scope.to_owned()),
                Err(error) if is_refusal(error.reason) => {}
                Err(error) => return (Some(Finding::unknown(error.reason, error.to_string())), excess),
            }
        }
        (Some(words::excess(&self.identity, &excess)), excess)
    }
}

fn is_refusal(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ScopeNotAuthorized | Reason::ScopeInvalid | Reason::BlockedByPolicy
    )
}
