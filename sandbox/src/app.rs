//! Everything that answers: the vendors, the console and the instruments.

use std::path::Path;

use http::StatusCode;

use crate::call::{Call, Reply};
use crate::google::Google;
use crate::instruments::Instruments;
use crate::instruments::clock::Clock;
use crate::instruments::faults::Action;
use crate::instruments::log::{Entry, Witness};
use crate::microsoft365::Microsoft365;
use crate::scenario::{self, Scenario};
use crate::vendor::Vendor;

type Open = fn(&Scenario, &Path, &Clock) -> anyhow::Result<Box<dyn Vendor>>;

/// Every vendor; a new one is a line here.
const ALL: &[Open] = &[Google::open, Microsoft365::open];

/// One sandbox.
pub(crate) struct App {
    vendors: Vec<Box<dyn Vendor>>,
    pub(crate) instruments: Instruments,
}

impl App {
    /// Reads a scenario and everything that it points at.
    pub(crate) fn load(file: &Path) -> anyhow::Result<Self> {
        let scenario = scenario::read(file)?;
        let base = file.parent().unwrap_or_else(|| Path::new("."));
        let instruments = Instruments::default();
        let opened = ALL
            .iter()
            .map(|open| open(&scenario, base, &instruments.clock));
        Ok(Self {
            vendors: opened.collect::<anyhow::Result<_>>()?,
            instruments,
        })
    }

    pub(crate) fn vendors(&self) -> impl Iterator<Item = &dyn Vendor> {
        self.vendors.iter().map(AsRef::as_ref)
    }

    /// The vendor that a word stands for.
    pub(crate) fn vendor(&self, name: &str) -> Option<&dyn Vendor> {
        self.vendors().find(|vendor| vendor.name() == name)
    }

    /// The vendor that a call is for.
    pub(crate) fn vendor_of(&self, call: &Call) -> Option<&dyn Vendor> {
        self.vendor(call.segments.first()?)
    }

    /// The vendor's right answer, without faults and log.
    pub(crate) fn answer(&self, call: &Call, seq: u64) -> Reply {
        match self.vendor_of(call) {
            Some(vendor) => vendor.answer(self, call, seq),
            None => Reply::empty(StatusCode::NOT_FOUND).because("notFound"),
        }
    }

    /// The answer to a part of a batch, with the faults that make sense there, logged as an entry of its own.
    pub(crate) fn answer_part(&self, call: &Call) -> Reply {
        let seq = self.instruments.log.reserve();
        let witness = self.noted(call);
        let subject = witness
            .as_ref()
            .and_then(|witness| witness.subject.as_deref());
        let fault = self.fault(call, subject);
        let reply = match &fault {
            Some(Action::Reply(replacement)) => replacement.reply(),
            _ => self.answer(call, seq),
        };
        self.record(call, seq, witness, &reply);
        reply
    }

    /// Notes a part of a batch that is refused before it is looked at.
    pub(crate) fn refuse_part(&self, call: &Call, reply: Reply) -> Reply {
        self.record(
            call,
            self.instruments.log.reserve(),
            self.noted(call),
            &reply,
        );
        reply
    }

    pub(crate) fn fault(&self, call: &Call, subject: Option<&str>) -> Option<Action> {
        self.instruments.faults.strike(call, subject)
    }

    /// The witness, if anyone wants it.
    pub(crate) fn noted(&self, call: &Call) -> Option<Witness> {
        let wanted = self.instruments.log.enabled() || !self.instruments.faults.is_empty();
        // It costs something, so it is only worked out when the log or a fault needs it.
        wanted.then(|| match self.vendor_of(call) {
            Some(vendor) => vendor.witness(call),
            None => Witness::default(),
        })
    }

    pub(crate) fn record(&self, call: &Call, seq: u64, witness: Option<Witness>, reply: &Reply) {
        let log = &self.instruments.log;
        let vendor = self.vendor_of(call);
        log.count(
            vendor.map_or("", Vendor::name),
            vendor.map_or("unknown", |vendor| vendor.api_of(call)),
            reply.status == StatusCode::TOO_MANY_REQUESTS || is_quota(reply),
        );
        let Some(witness) = witness.filter(|_| log.enabled()) else {
            return;
        };
        log.push(Entry {
            seq,
            witness,
            method: call.method.to_string(),
            path: call.path.clone(),
            query: without_token(&call.raw_query),
            status: reply.status.as_u16(),
            reason: reply.reason.clone(),
            batch: call.batch,
        });
    }
}

fn is_quota(reply: &Reply) -> bool {
    let reason = reply.reason.as_deref().unwrap_or_default();
    reason.ends_with("RateLimitExceeded") || matches!(reason, "rateLimitExceeded" | "quotaExceeded")
}

fn without_token(query: &str) -> String {
    if !query.contains("access_token=") {
        return query.to_owned();
    }
    let kept = query.split('&').map(|pair| match pair.split_once('=') {
        Some(("access_token", _)) => "access_token=redacted",
        _ => pair,
    });
    kept.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_never_reach_the_log() {
        assert_eq!(
            without_token("a=1&access_token=ya29.x&b=2"),
            "a=1&access_token=redacted&b=2"
        );
        assert_eq!(without_token("a=1"), "a=1");
    }
}
