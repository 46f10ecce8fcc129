//! Replies that ask to wait, that say that the vendor failed, and that are none.

use std::time::{Duration, Instant};

use deputy::providers::{Class, Reason};
use futures::future::join_all;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{kind, refusal};
use crate::company::PETER;
use crate::providers::subject::{STRUCK, Subject, first, ids};

/// How often a request is sent at the most.
const TRIES: usize = 5;

pub(in crate::providers) async fn a_throttled_request_waits_as_long_as_it_is_asked_to(
    subject: &Subject,
) {
    let request = subject.request(PETER).await;
    let asks = |seconds: Option<u64>| {
        let mut reply = refusal(subject, 429);
        if let Some(seconds) = seconds {
            reply["reply"]["headers"]["Retry-After"] = json!(seconds.to_string());
        }
        reply
    };
    for seconds in [None, Some(3)] {
        subject
            .strike([subject.fault(Some(1), &asks(seconds))])
            .await;
        let began = Instant::now();
        first(&subject.session, &request).await.unwrap();
        let least = Duration::from_secs(seconds.unwrap_or_default());
        assert!(
            began.elapsed() >= least,
            "{seconds:?}: {:?}",
            began.elapsed()
        );
        assert_eq!(subject.asked().await, 2, "{seconds:?}");
    }
    // An hour is not sat out: whoever asked is told, and nobody is kept from other work.
    subject
        .strike([subject.fault(None, &asks(Some(3_600)))])
        .await;
    let error = first(&subject.session, &request).await.unwrap_err();
    assert_eq!(kind(&error), (Class::Throttled, Reason::RateLimited));
    assert_eq!(error.retry_after, Some(Duration::from_hours(1)));
    assert_eq!(subject.asked().await, 1);
}

pub(in crate::providers) async fn a_failure_that_passes_costs_one_request_more(subject: &Subject) {
    let request = subject.request(PETER).await;
    let whole = subject.read(&request).await.unwrap();
    for status in [500, 502, 503, 504] {
        subject
            .strike([subject.fault(Some(1), &refusal(subject, status))])
            .await;
        let pages = subject.read(&request).await.unwrap();
        assert_eq!(ids(&pages), ids(&whole), "{status}");
        assert_eq!(subject.asked().await, pages.len() + 1, "{status}");
    }
}

pub(in crate::providers) async fn what_is_no_reply_is_told_as_such_and_is_not_asked_for_ever(
    subject: &Subject,
) {
    let wrecks = [
        (json!({"malformed": true}), Reason::MalformedReply),
        (
            json!({"reply": {"status": 200, "body": "<html>"}}),
            Reason::MalformedReply,
        ),
        (json!({"endless": true}), Reason::MalformedReply),
        (
            json!({"cut": {"afterBytes": 20}}),
            Reason::ProviderUnreachable,
        ),
        (json!({"close": true}), Reason::ProviderUnreachable),
    ];
    let struck = wrecks.iter().zip(STRUCK);
    let requests = join_all(STRUCK.map(|person| subject.request(person))).await;
    let faults = struck.map(|((wreck, _), person)| subject.fault_for(person, wreck));
    subject.strike(faults).await;
    let read = requests.iter().zip(&wrecks);
    let errors = read.map(async |(request, (wreck, reason))| {
        let error = subject.read(request).await.unwrap_err();
        assert_eq!(kind(&error), (Class::Retry, *reason), "{wreck}: {error}");
        assert!(!error.to_string().contains("<html>"), "{error}");
    });
    join_all(errors).await;
    assert_eq!(subject.asked().await, TRIES * wrecks.len());

    subject.strike([]).await;
    for request in &requests {
        assert_eq!(ids(&subject.read(request).await.unwrap()).len(), 3);
    }
}
