//! Tokens: how many are asked for, and that nobody sees one.

use deputy::providers::Class;
use futures::future::join_all;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::{kind, refusal, reply};
use crate::company::PETER;
use crate::providers::subject::{STRUCK, Subject, first};

/// How many ask at once.
const CALLERS: usize = 50;

pub(in crate::providers) async fn fifty_callers_begin_with_one_token(subject: &Subject) {
    let request = subject.request(PETER).await;
    let session = subject.anew().await;
    subject.company.sandbox.forget_calls().await;
    let asked = join_all((0..CALLERS).map(|_| first(&session, &request))).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert_eq!(subject.asked().await, CALLERS);
    assert_eq!(subject.tokens().await, subject.one_token());
}

pub(in crate::providers) async fn an_ended_token_is_replaced_once_for_fifty_callers(
    subject: &Subject,
) {
    let request = subject.request(PETER).await;
    first(&subject.session, &request).await.unwrap();
    subject.end_tokens().await;
    let asked = join_all((0..CALLERS).map(|_| first(&subject.session, &request))).await;
    assert!(asked.iter().all(Result::is_ok), "{asked:?}");
    assert_eq!(subject.tokens().await, subject.one_token());
}

pub(in crate::providers) async fn a_401_asks_for_another_token_and_a_403_does_not(
    subject: &Subject,
) {
    let request = subject.request(PETER).await;
    first(&subject.session, &request).await.unwrap();
    let rows = [
        (401, subject.dialect.unauthenticated, subject.one_token()),
        (403, subject.dialect.denied, 0),
    ];
    for (status, reason, tokens) in rows {
        subject
            .strike([subject.fault(None, &refusal(subject, status))])
            .await;
        let error = first(&subject.session, &request).await.unwrap_err();
        assert_eq!(kind(&error), (Class::Park, reason), "{error}");
        assert_eq!(error.status, Some(status));
        assert!(!error.remedy.is_empty(), "{error}");
        assert_eq!(subject.tokens().await, tokens, "{status}");
        assert_eq!(subject.asked().await, 1 + tokens, "{status}");
    }
    assert_ne!(subject.dialect.unauthenticated, subject.dialect.denied);
    subject.strike([]).await;
    first(&subject.session, &request).await.unwrap();
}

/// A vendor, or something between, may repeat what it was sent, and its words are quoted.
pub(in crate::providers) async fn no_error_shows_a_secret(subject: &Subject) {
    let words = "You have sent $authorization and $body.";
    let statuses = [400, 401, 403, 404, 409, 500];
    let requests = join_all(STRUCK.map(|person| subject.request(person))).await;
    let faults = statuses.iter().zip(STRUCK).map(|(&status, person)| {
        let body = (subject.dialect.refusal)(status, words);
        subject.fault_for(person, &reply(status, &body))
    });
    subject.strike(faults).await;
    let errors = requests
        .iter()
        .map(|request| first(&subject.session, request));
    let mut errors = join_all(errors).await;

    let body = json!({"error": "invalid_request", "error_description": words});
    let refused = [400, 401, 500].map(|status| reply(status, &body));
    for refusal in [&refused[..], &[reply(400, &json!(words))]].concat() {
        let Some(token) = subject.dialect.token else {
            break;
        };
        let path = json!({"pathPrefix": token});
        subject
            .strike([json!({"match": path, "do": refusal})])
            .await;
        errors.push(first(&subject.anew().await, &requests[0]).await);
    }
    let errors = errors.into_iter().map(Result::unwrap_err);
    let mut said: Vec<String> = errors.map(|error| format!("{error} {error:?}")).collect();
    said.push(format!("{:?}", subject.credentials));
    let quoted = said.iter().filter(|text| text.contains("[withheld]"));
    assert!(
        quoted.count() >= 2,
        "what was sent came back, and is quoted"
    );
    let secrets = subject.secrets();
    for text in said {
        let shown = secrets.iter().filter(|secret| text.contains(*secret));
        assert_eq!(shown.count(), 0, "{text}");
    }
}
