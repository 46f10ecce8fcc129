//! Keys of the privileged account: one is made, told of, good at once in a live call, and dead when it is ended.

use deputy::model::secret::Credentials;
use deputy::providers::{IssuedKey, KeyAdopter, KeyIssuer, KeyRequest, Keys};
use pretty_assertions::assert_eq;
use secrecy::ExposeSecret as _;

use crate::company::PETER;
use crate::providers::subject::{Subject, first};

pub(in crate::providers) async fn its_keys_are_made_told_tried_and_ended(subject: &Subject) {
    match subject.session.keys() {
        Some(Keys::Issued(issuer)) => {
            assert_eq!(issuer.purposes(), subject.dialect.purposes);
            for &purpose in issuer.purposes() {
                let request = KeyRequest {
                    name: format!("deputy-contract-{}", purpose.as_str().to_lowercase()),
                    purpose,
                    description: None,
                    expires_at: None,
                };
                lives(subject, issuer, &request).await;
            }
        }
        Some(Keys::Adopted(adopter)) => {
            assert_eq!(subject.dialect.purposes, [], "it makes no key");
            is_adopted(subject, adopter).await;
        }
        None => assert_eq!(subject.dialect.purposes, [], "it has no keys"),
    }
}

/// The whole life of a key that the vendor makes.
async fn lives(subject: &Subject, issuer: &dyn KeyIssuer, request: &KeyRequest) {
    let before = ids(issuer).await;
    let made = issue(issuer, request).await;
    let (id, entries) = (&made.key.id, &made.entries);
    let mut names = issuer.entries().to_vec();
    names.sort_unstable();
    assert_eq!(entries.names().collect::<Vec<_>>(), names);

    let listed = issuer.list().await.unwrap();
    let of_that_name = listed
        .iter()
        .filter(|key| key.name.as_ref() == Some(&request.name));
    assert_eq!(of_that_name.map(|key| &key.id).collect::<Vec<_>>(), [id]);
    let recognized = issuer.recognize(entries).await.unwrap();
    assert_eq!(recognized.map(|key| key.id).as_ref(), Some(id));
    issuer.verify(entries).await.unwrap();
    let session = subject.opened_with(entries).await;
    first(&session, &subject.request(PETER).await)
        .await
        .unwrap();

    issuer.revoke(id).await.unwrap();
    let refused = issuer.verify(entries).await.unwrap_err();
    assert!(!refused.remedy.is_empty(), "{refused}");
    assert_eq!(ids(issuer).await, before, "the others are as they were");
    issuer.revoke(id).await.unwrap();
    let said = format!("{made:?} {refused} {refused:?}");
    // An id may be shown, and may look like a key.
    shows_nothing(entries, &said.replace(id, "[id]"));
}

/// Makes a key. From one draft comes one key, however often it is asked for.
async fn issue(issuer: &dyn KeyIssuer, request: &KeyRequest) -> IssuedKey {
    let draft = issuer.draft(request).await.unwrap();
    let made = issuer.issue(request, draft.as_ref()).await.unwrap();
    if let Some(draft) = draft {
        let again = issuer.issue(request, Some(&draft)).await.unwrap();
        assert_eq!(again.key.id, made.key.id);
        shows_nothing(&draft, &format!("{draft:?}"));
    }
    made
}

async fn ids(issuer: &dyn KeyIssuer) -> Vec<String> {
    let listed = issuer.list().await.unwrap();
    let mut ids: Vec<_> = listed.into_iter().map(|key| key.id).collect();
    ids.sort();
    ids
}

/// A key that is handed over: tried as it is, and the steps of the console are told.
async fn is_adopted(subject: &Subject, adopter: &dyn KeyAdopter) {
    assert!(!adopter.purposes().is_empty());
    let entries = subject.credentials.whole(adopter.entries());
    let entries = entries.expect("the connection is opened with a key");
    let key = adopter.verify(&entries).await.unwrap();
    assert!(!key.id.is_empty());
    for steps in [adopter.how_to_make(), adopter.how_to_revoke()] {
        assert!((1..=300).contains(&steps.len()), "{steps}");
    }
}

/// No line of any value is in what is said.
fn shows_nothing(entries: &Credentials, said: &str) {
    for (name, value) in entries.iter() {
        let value = std::str::from_utf8(value.expose_secret()).expect("is text");
        let lines = value.split(['\n', '\\', '"']);
        let lines: Vec<_> = lines.filter(|line| line.len() >= 40).collect();
        assert!(!lines.is_empty(), "{name} has something to look for");
        let shown = lines.into_iter().filter(|line| said.contains(*line));
        assert_eq!(shown.count(), 0, "{name}: {said}");
    }
}
