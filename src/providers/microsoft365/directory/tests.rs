use serde_json::{Value, json};

use crate::model::account::{Known, RemoteUser};
use crate::model::email::Email;
use crate::providers::microsoft365::testing::{FakeGraph, email, spec};
use crate::providers::{Error, Reason, Session as _};

fn plan(service: &str) -> Value {
    json!({"service": service, "capabilityStatus": "Enabled"})
}

/// A person with all that comes with a licence.
fn licensed(id: &str, address: &str) -> Value {
    json!({
        "id": id, "userPrincipalName": address, "mail": address, "accountEnabled": true,
        "proxyAddresses": [format!("SMTP:{address}")], "assignedPlans": [plan("exchange"), plan("SharePoint")],
    })
}

fn with(mut user: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        user[name] = value.clone();
    }
    user
}

async fn find(graph: &FakeGraph, wanted: &[&str]) -> Vec<(Email, Result<RemoteUser, Error>)> {
    let session = graph.open(spec());
    // A token has been got by the time people are looked for: its roles are known.
    session.api.tokens.find().await.unwrap();
    let wanted: Vec<Email> = wanted.iter().map(|one| email(one)).collect();
    let directory = session.directory().unwrap();
    let mut settled = Vec::new();
    for (email, found) in directory.find(&wanted).await {
        let account = match found {
            Ok(account) => directory.settle(account).await,
            Err(error) => Err(error),
        };
        settled.push((email, account));
    }
    settled
}

/// Finds one person whose entry this is.
async fn one(
    roles: &[&str],
    user: Value,
    answers: &[(&str, u16, Value)],
) -> (RemoteUser, Vec<String>) {
    let graph = FakeGraph::start(roles).await;
    let peter = "/graph/v1.0/users/peter%40acme%2Eexample";
    graph.answer(peter, 200, user).await;
    for (at, status, body) in answers {
        graph
            .answer(&format!("/graph/v1.0/{at}"), *status, body.clone())
            .await;
    }
    let found = find(&graph, &["peter@acme.example"]).await;
    let (_, user) = found.into_iter().next().unwrap();
    (user.unwrap(), graph.calls().await)
}

fn failed(code: &str) -> Value {
    json!({"error": {"code": code, "message": ""}})
}

#[tokio::test]
async fn a_licensed_person_is_one_look_up_and_nothing_else() {
    let user = with(
        licensed("1", "peter@acme.example"),
        json!({"proxyAddresses": ["smtp:spidey@acme.example", "SMTP:peter@acme.example"]}),
    );
    let (user, calls) = one(&["User.Read.All", "Mail.Read"], user, &[]).await;
    assert_eq!(user.id.as_str(), "1");
    assert_eq!(user.primary_email, email("peter@acme.example"));
    assert_eq!(user.aliases, [email("spidey@acme.example")]);
    assert_eq!(
        (user.suspended, user.licensed, user.mailbox, user.drive),
        (Known::False, Known::True, Known::Unknown, Known::Unknown)
    );
    assert_eq!(calls.len(), 1, "{calls:?}");
}

#[tokio::test]
async fn a_disabled_person_is_suspended_although_the_mailbox_still_opens() {
    let user = with(
        licensed("1", "peter@acme.example"),
        json!({"accountEnabled": false}),
    );
    let inbox = ("users/1/mailFolders/inbox", 200, json!({"id": "x"}));
    let (user, _) = one(&["User.Read.All", "Mail.Read"], user, &[inbox]).await;
    assert_eq!(
        (user.suspended, user.licensed, user.mailbox),
        (Known::True, Known::True, Known::True)
    );
}

#[tokio::test]
async fn a_shared_mailbox_is_neither_suspended_nor_in_want_of_a_licence() {
    let shared = with(
        licensed("1", "peter@acme.example"),
        json!({"accountEnabled": false, "assignedPlans": []}),
    );
    // By what it is for, where that may be read; else by being alive without a licence.
    let settings = (
        "users/1/mailboxSettings",
        200,
        json!({"userPurpose": "shared"}),
    );
    let inbox = ("users/1/mailFolders/inbox", 200, json!({"id": "x"}));
    for (roles, answer) in [
        (&["User.Read.All", "MailboxSettings.Read"][..], settings),
        (&["User.Read.All", "Mail.Read"][..], inbox),
    ] {
        let (user, _) = one(roles, shared.clone(), &[answer]).await;
        assert_eq!(
            (user.suspended, user.licensed, user.mailbox),
            (Known::False, Known::True, Known::True),
            "{roles:?}"
        );
    }
}

#[tokio::test]
async fn a_disabled_account_whose_mailbox_is_refused_may_be_either() {
    let user = with(
        licensed("1", "peter@acme.example"),
        json!({"accountEnabled": false, "assignedPlans": []}),
    );
    let inbox = (
        "users/1/mailFolders/inbox",
        403,
        failed("ErrorAccessDenied"),
    );
    let (user, _) = one(&["User.Read.All"], user, &[inbox]).await;
    assert_eq!(
        (user.suspended, user.licensed, user.mailbox),
        (Known::Unknown, Known::False, Known::Unknown)
    );
}

#[tokio::test]
async fn a_disabled_person_with_a_licence_is_not_taken_for_a_shared_mailbox() {
    let user = with(
        licensed("1", "peter@acme.example"),
        json!({"accountEnabled": false}),
    );
    let settings = (
        "users/1/mailboxSettings",
        200,
        json!({"userPurpose": "user"}),
    );
    let roles = ["User.Read.All", "MailboxSettings.Read"];
    let (user, _) = one(&roles, user, &[settings]).await;
    assert_eq!((user.suspended, user.mailbox), (Known::True, Known::True));
}

#[tokio::test]
async fn without_a_licence_the_services_are_asked() {
    let user = with(
        licensed("1", "peter@acme.example"),
        json!({"assignedPlans": []}),
    );
    let roles = ["User.Read.All", "Mail.Read", "Files.Read.All"];
    let off = [
        (
            "users/1/mailFolders/inbox",
            404,
            failed("MailboxNotEnabledForRESTAPI"),
        ),
        (
            "users/1/drive",
            404,
            json!({"error": {"code": "ResourceNotFound", "message": "User's mysite not found."}}),
        ),
    ];
    let (found, _) = one(&roles, user.clone(), &off).await;
    assert_eq!(
        (
            found.suspended,
            found.licensed,
            found.mailbox,
            found.calendar,
            found.drive
        ),
        (
            Known::False,
            Known::False,
            Known::False,
            Known::False,
            Known::False
        )
    );
    let refused = [
        (
            "users/1/mailFolders/inbox",
            403,
            failed("ErrorAccessDenied"),
        ),
        ("users/1/drive", 200, json!({"id": "d"})),
    ];
    let (found, _) = one(&roles, user, &refused).await;
    assert_eq!(
        (found.licensed, found.mailbox, found.drive),
        (Known::False, Known::Unknown, Known::True)
    );
}

#[tokio::test]
async fn an_alias_is_found_where_nobody_signs_in_with_it() {
    let graph = FakeGraph::start(&["User.Read.All"]).await;
    let at = "/graph/v1.0/users/spidey%40acme%2Eexample";
    graph.fail(at, 404, "Request_ResourceNotFound", "no").await;
    let peter = with(
        licensed("1", "peter@acme.example"),
        json!({"proxyAddresses": ["SMTP:peter@acme.example", "smtp:spidey@acme.example"]}),
    );
    graph
        .answer("/graph/v1.0/users", 200, json!({"value": [peter]}))
        .await;
    let found = find(&graph, &["spidey@acme.example"]).await;
    let user = found[0].1.as_ref().unwrap();
    assert_eq!(user.primary_email, email("peter@acme.example"));
    let calls = graph.calls().await;
    assert!(calls[1].contains("proxyAddresses%2Fany"), "{calls:?}");
}

#[tokio::test]
async fn nobody_is_nobody() {
    let graph = FakeGraph::start(&["User.Read.All"]).await;
    let at = "/graph/v1.0/users/peter%40acme%2Eexample";
    graph.fail(at, 404, "Request_ResourceNotFound", "no").await;
    graph
        .answer("/graph/v1.0/users", 200, json!({"value": []}))
        .await;
    let found = find(&graph, &["peter@acme.example"]).await;
    let error = found[0].1.as_ref().unwrap_err();
    assert_eq!(error.reason, Reason::UserNotFound);
}

#[tokio::test]
async fn a_missing_role_is_said_and_not_taken_for_a_missing_person() {
    let graph = FakeGraph::start(&[]).await;
    let at = "/graph/v1.0/users/peter%40acme%2Eexample";
    let message = "Insufficient privileges to complete the operation.";
    graph
        .fail(at, 403, "Authorization_RequestDenied", message)
        .await;
    let found = find(&graph, &["peter@acme.example"]).await;
    let error = found[0].1.as_ref().unwrap_err();
    assert_eq!(error.reason, Reason::ScopeNotAuthorized);
    assert!(error.remedy.contains("adminconsent?client_id="), "{error}");
}

#[tokio::test]
async fn many_are_found_in_pages_of_everybody() {
    let graph = FakeGraph::start(&["User.Read.All"]).await;
    let page = |from: usize, next: Option<String>| {
        let users: Vec<Value> = (from..from + 8)
            .map(|n| licensed(&n.to_string(), &format!("p{n}@acme.example")))
            .collect();
        let mut page = json!({"value": users});
        if let Some(next) = next {
            page["@odata.nextLink"] = json!(next);
        }
        page
    };
    let next = format!("{}/graph/v1.0/users?$skiptoken=2", graph.server.uri());
    graph
        .answer_once("/graph/v1.0/users", 200, page(0, Some(next)))
        .await;
    graph.answer("/graph/v1.0/users", 200, page(8, None)).await;
    let wanted: Vec<String> = (0..12).map(|n| format!("P{n}@acme.example")).collect();
    let mut wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    wanted.push("nobody@acme.example");
    let found = find(&graph, &wanted).await;
    assert_eq!(found.len(), 13);
    assert!(found[..12].iter().all(|(_, user)| user.is_ok()));
    let error = found[12].1.as_ref().unwrap_err();
    assert_eq!(error.reason, Reason::UserNotFound);
    let calls = graph.calls().await;
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(calls[1], "users?$skiptoken=2");
}

#[tokio::test]
async fn a_page_that_leads_away_is_not_followed() {
    let graph = FakeGraph::start(&["User.Read.All"]).await;
    let page = json!({"value": [], "@odata.nextLink": "https://evil.example/v1.0/users"});
    graph.answer("/graph/v1.0/users", 200, page).await;
    let wanted: Vec<String> = (0..12).map(|n| format!("p{n}@acme.example")).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let found = find(&graph, &wanted).await;
    let error = found[0].1.as_ref().unwrap_err();
    assert_eq!(error.reason, Reason::EndpointRefused);
}

#[tokio::test]
async fn licences_stand_with_their_ids_and_are_named_where_that_may_be_read() {
    let user = with(
        licensed("1", "peter@acme.example"),
        json!({"assignedLicenses": [{"disabledPlans": [], "skuId": "6FD2C87F-b296"}, {"skuId": "f30db892"}]}),
    );
    let skus = json!({"value": [{"skuId": "6fd2c87f-b296", "skuPartNumber": "ENTERPRISEPACK"}]});
    let answer = ("subscribedSkus", 200, skus);
    let shown = |user: &RemoteUser| -> Vec<String> {
        let licenses = user.licenses.as_ref().unwrap();
        licenses.iter().map(ToString::to_string).collect()
    };
    let (found, calls) = one(&["User.Read.All"], user.clone(), &[answer.clone()]).await;
    assert_eq!(shown(&found), ["6FD2C87F-b296", "f30db892"]);
    assert_eq!(calls.len(), 1, "{calls:?}");
    let roles = ["User.Read.All", "LicenseAssignment.Read.All"];
    let (found, calls) = one(&roles, user.clone(), &[answer]).await;
    assert_eq!(
        shown(&found),
        ["ENTERPRISEPACK (6FD2C87F-b296)", "f30db892"]
    );
    assert_eq!(calls.len(), 2, "{calls:?}");
    // An outage of the list leaves the ids.
    let down = ("subscribedSkus", 403, failed("Authorization_RequestDenied"));
    let (found, _) = one(&roles, user, &[down]).await;
    assert_eq!(shown(&found), ["6FD2C87F-b296", "f30db892"]);
}

#[tokio::test]
async fn an_entry_that_does_not_tell_leaves_licences_unknown() {
    let (user, _) = one(&["User.Read.All"], licensed("1", "peter@acme.example"), &[]).await;
    assert_eq!(user.licenses, None);
}

#[tokio::test]
async fn names_of_licences_are_told_only_once_they_have_been_read() {
    let graph = FakeGraph::start(&["User.Read.All", "LicenseAssignment.Read.All"]).await;
    let skus = json!({"value": [{"skuId": "e3", "skuPartNumber": "ENTERPRISEPACK"}]});
    graph.answer("/graph/v1.0/subscribedSkus", 200, skus).await;
    let session = graph.open(spec());
    session.api.tokens.find().await.unwrap();
    let directory = session.directory().unwrap();
    assert!(directory.untold("ENTERPRISEPACK").is_some());
    directory.find(&[email("peter@acme.example")]).await;
    assert_eq!(directory.untold("ENTERPRISEPACK"), None);
}
