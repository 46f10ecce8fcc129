use serde_json::{Value, json};
use wiremock::matchers::{path, query_param, query_param_is_missing};
use wiremock::{Mock, ResponseTemplate};

use crate::model::account::{Known, RemoteUser};
use crate::model::email::Email;
use crate::providers::google::spec::GoogleSpec;
use crate::providers::google::testing::{FakeGoogle, email, listing, spec};
use crate::providers::{Error, Reason, Session as _};

fn user(number: usize) -> Value {
    json!({"id": number.to_string(), "customerId": "C01", "primaryEmail": format!("u{number}@acme.example"),
        "aliases": [format!("Alias{number}@acme.example")], "suspended": number == 3, "archived": false,
        "isMailboxSetup": number != 4})
}

fn with_admin(customer: Option<&str>) -> GoogleSpec {
    GoogleSpec {
        admin_email: Some(email("admin@acme.example")),
        customer: customer.map(str::to_owned),
        ..spec()
    }
}

async fn find(
    google: &FakeGoogle,
    spec: GoogleSpec,
    wanted: &[Email],
) -> Vec<(Email, Result<RemoteUser, Error>)> {
    let session = google.open(spec).await;
    session.directory().unwrap().find(wanted).await
}

fn not_found() -> Value {
    json!({"error": {"code": 404, "message": "Resource Not Found: userKey", "errors": [{"reason": "notFound"}]}})
}

#[tokio::test]
async fn a_few_are_looked_up_and_nobody_else_is_asked_for() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly"]).await;
    google
        .answer(
            "/admin/directory/v1/users/alias3%40acme.example",
            200,
            user(3),
        )
        .await;
    google
        .answer(
            "/admin/directory/v1/users/gone%40acme.example",
            404,
            not_found(),
        )
        .await;
    let wanted = [email("alias3@acme.example"), email("gone@acme.example")];
    let found = find(&google, with_admin(None), &wanted).await;
    let three = found[0].1.as_ref().unwrap();
    assert_eq!(three.id.as_str(), "3");
    assert_eq!(three.suspended, Known::True);
    assert_eq!(
        (three.mailbox, three.licensed, three.drive),
        (Known::True, Known::True, Known::Unknown)
    );
    assert!(three.answers_to(&wanted[0]));
    assert_eq!(
        found[1].1.as_ref().unwrap_err().reason,
        Reason::UserNotFound
    );
    let calls = google.calls().await;
    assert_eq!(calls.len(), 2);
    assert!(
        calls
            .iter()
            .all(|call| call.contains("fields=id%2CcustomerId")),
        "{calls:?}"
    );
}

/// Everybody on two pages.
async fn two_pages(google: &FakeGoogle) {
    let pages = [(0..500, Some("next")), (500..620, None)];
    for (numbers, next) in pages {
        let users: Vec<Value> = numbers.map(user).collect();
        let mut body = json!({"users": users});
        let mut asked = Mock::given(path("/admin/directory/v1/users"));
        match next {
            Some(token) => {
                body["nextPageToken"] = json!(token);
                asked = asked.and(query_param_is_missing("pageToken"));
            }
            None => asked = asked.and(query_param("pageToken", "next")),
        }
        let reply = ResponseTemplate::new(200).set_body_json(body);
        asked.respond_with(reply).mount(&google.server).await;
    }
}

#[tokio::test]
async fn many_are_listed_in_pages_and_only_they_come_back() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly"]).await;
    two_pages(&google).await;
    let mut wanted: Vec<Email> = (0..600)
        .step_by(40)
        .map(|number| email(&format!("u{number}@acme.example")))
        .collect();
    wanted.push(email("alias599@acme.example"));
    wanted.push(email("gone@acme.example"));
    let found = find(&google, with_admin(Some("C01")), &wanted).await;
    assert_eq!(
        found
            .iter()
            .map(|(email, _)| email.clone())
            .collect::<Vec<_>>(),
        wanted
    );
    let (gone, rest) = found.split_last().unwrap();
    assert_eq!(gone.1.as_ref().unwrap_err().reason, Reason::UserNotFound);
    assert!(
        rest.iter()
            .all(|(email, user)| user.as_ref().unwrap().answers_to(email))
    );
    let calls = google.calls().await;
    assert_eq!(calls.len(), 2);
    assert!(
        calls[0].contains("customer=C01") && calls[0].contains("maxResults=500"),
        "{calls:?}"
    );
}

#[tokio::test]
async fn once_the_size_is_known_the_cheaper_way_is_taken() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly"]).await;
    two_pages(&google).await;
    google
        .answer("/admin/directory/v1/users/u1%40acme.example", 200, user(1))
        .await;
    let session = google.open(with_admin(None)).await;
    let directory = session.directory().unwrap();
    let wanted: Vec<Email> = (600..619)
        .map(|number| email(&format!("u{number}@acme.example")))
        .collect();
    directory.find(&wanted).await;
    assert_eq!(google.calls().await.len(), 2);
    directory.find(&wanted[..3]).await;
    assert_eq!(
        google.calls().await.len(),
        4,
        "two pages are fewer than three look-ups"
    );
    directory.find(&[email("u1@acme.example")]).await;
    assert_eq!(
        google.calls().await.len(),
        5,
        "one look-up is fewer than two pages"
    );
}

#[tokio::test]
async fn a_user_of_another_tenant_is_refused() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly"]).await;
    google
        .answer("/admin/directory/v1/users/u1%40acme.example", 200, user(1))
        .await;
    let found = find(
        &google,
        with_admin(Some("C99")),
        &[email("u1@acme.example")],
    )
    .await;
    assert_eq!(
        found[0].1.as_ref().unwrap_err().reason,
        Reason::UserOfAnotherTenant
    );
}

#[tokio::test]
async fn a_directory_that_refuses_is_told_for_each() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly"]).await;
    let body = json!({"error": {"code": 403, "errors": [{"reason": "forbidden"}]}});
    google.answer("/admin/directory/v1/users", 403, body).await;
    let wanted: Vec<Email> = (0..20)
        .map(|number| email(&format!("u{number}@acme.example")))
        .collect();
    let found = find(&google, with_admin(None), &wanted).await;
    assert_eq!(found.len(), 20);
    assert!(
        found
            .iter()
            .all(|(_, user)| user.as_ref().unwrap_err().reason == Reason::AdminNotPrivileged)
    );
}

#[tokio::test]
async fn without_a_directory_each_ones_services_tell() {
    let pasted = [
        "gmail.readonly",
        "gmail.send",
        "calendar",
        "drive.metadata.readonly",
    ];
    let google = FakeGoogle::start(&pasted).await;
    google
        .answer(
            "/gmail/v1/users/me/profile",
            200,
            json!({"emailAddress": "Peter@acme.example"}),
        )
        .await;
    let off = json!({"error": {"code": 403, "message": "The user must be signed up for Google Calendar.",
        "errors": [{"reason": "notACalendarUser"}]}});
    google
        .answer("/calendar/v3/calendars/primary", 403, off)
        .await;
    google
        .answer("/drive/v3/about", 200, json!({"kind": "drive#about"}))
        .await;
    google.forget("gone@acme.example");
    let wanted = [email("spidey@acme.example"), email("gone@acme.example")];
    let found = find(&google, listing(&pasted), &wanted).await;
    let peter = found[0].1.as_ref().unwrap();
    assert_eq!(peter.id.as_str(), "address:peter@acme.example");
    assert!(peter.answers_to(&wanted[0]));
    assert_eq!(
        (peter.mailbox, peter.calendar, peter.drive),
        (Known::True, Known::False, Known::True)
    );
    let unknown = [peter.suspended, peter.archived, peter.licensed];
    assert_eq!(unknown, [Known::Unknown; 3]);
    assert_eq!(
        found[1].1.as_ref().unwrap_err().reason,
        Reason::UserNotFound
    );
    let subjects: Vec<_> = google
        .asked()
        .into_iter()
        .map(|asked| asked.subject.unwrap())
        .collect();
    assert!(
        subjects
            .iter()
            .all(|one| one == "spidey@acme.example" || one == "gone@acme.example")
    );
}

#[tokio::test]
async fn an_api_that_is_off_leaves_the_service_unknown() {
    let google = FakeGoogle::start(&["gmail.readonly"]).await;
    let body = json!({"error": {"code": 403, "errors": [{"reason": "accessNotConfigured"}]}});
    google.answer("/gmail/v1/users/me/profile", 403, body).await;
    let found = find(
        &google,
        listing(&["gmail.readonly"]),
        &[email("peter@acme.example")],
    )
    .await;
    let peter = found[0].1.as_ref().unwrap();
    assert_eq!(
        (peter.mailbox, peter.calendar, peter.drive),
        (Known::Unknown, Known::Unknown, Known::Unknown)
    );
}

#[tokio::test]
async fn licences_are_read_only_with_the_scope_for_them() {
    let google = FakeGoogle::start(&["admin.directory.user.readonly", "apps.licensing"]).await;
    for number in [1, 2, 5] {
        let at = format!("/admin/directory/v1/users/u{number}%40acme.example");
        google.answer(&at, 200, user(number)).await;
    }
    let items = json!({"items": [
        {"userId": "u1@acme.example", "skuId": "1010020028", "skuName": "Google Workspace Business Standard"},
        {"userId": "stranger@acme.example", "skuId": "1010020028"},
    ]});
    google
        .answer("/apps/licensing/v1/product/Google-Apps/users", 200, items)
        .await;
    let licensing = GoogleSpec {
        scopes: listing(&["admin.directory.user.readonly", "apps.licensing"]).scopes,
        ..with_admin(Some("C01"))
    };
    let wanted = [1, 2, 5].map(|number| email(&format!("u{number}@acme.example")));
    let licensed = |found: &[(Email, Result<RemoteUser, Error>)]| {
        found
            .iter()
            .map(|(_, user)| user.as_ref().unwrap().licensed)
            .collect::<Vec<_>>()
    };
    let found = find(&google, licensing, &wanted).await;
    assert_eq!(licensed(&found), [Known::True, Known::False, Known::False]);
    let held = |at: usize| found[at].1.as_ref().unwrap().licenses.as_ref().unwrap();
    assert!(held(0)[0].is("1010020028") && held(0)[0].is("Google Workspace Business Standard"));
    assert!(held(1).is_empty());
    let found = find(&google, with_admin(Some("C01")), &wanted).await;
    assert_eq!(
        licensed(&found),
        [Known::True; 3],
        "a mailbox stands for a licence"
    );
}
