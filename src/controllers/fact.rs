//! One fact, on its way from whoever found it out into a condition.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::kube_io::conditions::{ConditionStatus, Conditions};
use crate::kube_io::secret::SecretError;
use crate::model::account::Known;
use crate::providers::{Finding, Reason};
use crate::{destinations, providers};

/// What a condition will say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, in one word.
    pub reason: Cow<'static, str>,
    /// What is the matter and what to do about it.
    pub message: String,
    /// It may pass by itself.
    pub transient: bool,
}

impl Fact {
    /// It holds.
    pub fn good(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            status: ConditionStatus::True,
            reason: reason.into(),
            message: message.into(),
            transient: false,
        }
    }

    /// It does not hold, and somebody has to do something.
    pub fn bad(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            status: ConditionStatus::False,
            reason: reason.into(),
            message: message.into(),
            transient: false,
        }
    }

    /// It does not hold yet.
    pub fn not_yet(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            status: ConditionStatus::False,
            reason: reason.into(),
            message: message.into(),
            transient: true,
        }
    }

    /// Nobody can tell; it may pass by itself.
    pub fn unknown(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            status: ConditionStatus::Unknown,
            reason: reason.into(),
            message: message.into(),
            transient: true,
        }
    }

    /// Returns whether it holds.
    pub fn holds(&self) -> bool {
        self.status == ConditionStatus::True
    }

    /// Reads it back from a condition. What is unknown, or may still be on its way, may pass by itself.
    pub fn of(condition: &Condition) -> Self {
        let status = match condition.status.as_str() {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        };
        let on_its_way = condition.reason == Reason::Propagating.as_str();
        Self {
            status,
            reason: condition.reason.clone().into(),
            message: condition.message.clone(),
            transient: status == ConditionStatus::Unknown || on_its_way,
        }
    }

    /// Writes it into a condition.
    pub fn put(&self, conditions: &mut Conditions, type_: &str) {
        conditions.set(type_, self.status, &self.reason, &self.message);
    }
}

impl From<&Finding> for Fact {
    fn from(finding: &Finding) -> Self {
        let status = match finding.verdict {
            Known::True => ConditionStatus::True,
            Known::False => ConditionStatus::False,
            Known::Unknown => ConditionStatus::Unknown,
        };
        Self {
            status,
            reason: finding.reason.as_str().into(),
            message: finding.message.clone(),
            transient: finding.verdict == Known::Unknown,
        }
    }
}

impl From<&providers::Error> for Fact {
    fn from(error: &providers::Error) -> Self {
        Self::from(&Finding::from(error))
    }
}

impl From<&destinations::Error> for Fact {
    fn from(error: &destinations::Error) -> Self {
        let transient = error.kind.is_transient();
        let status = if transient {
            ConditionStatus::Unknown
        } else {
            ConditionStatus::False
        };
        Self {
            status,
            reason: error.kind.as_str().into(),
            message: error.to_string(),
            transient,
        }
    }
}

impl From<&SecretError> for Fact {
    fn from(error: &SecretError) -> Self {
        let message = format!("{error} {}", error.remedy());
        match error {
            SecretError::Unavailable { .. } | SecretError::Changed { .. } => {
                Self::unknown(error.reason(), message)
            }
            _ => Self::bad(error.reason(), message),
        }
    }
}
