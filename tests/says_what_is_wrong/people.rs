//! What is wrong with one person, while the connection is well.

use serde_json::{Value, json};

use super::{Class, Reads, Reconciling, Stalled, answers, api_error, reads};
use crate::support::stage::{
    CLIENT_ID, CONNECTION, SCOPES, Stage, USER, company, employee, person,
};

/// A person's row: what a path of the vendor's answers to them, then what a user reads.
type Row = (
    &'static str,
    u16,
    Value,
    &'static str,
    &'static str,
    &'static str,
    Class,
);

const GMAIL: &str = "/google/gmail/";
const CALENDAR: &str = "/google/calendar/";
const DRIVE: &str = "/google/drive/";

fn denied(reason: &str, message: &str) -> Value {
    api_error(403, "PERMISSION_DENIED", reason, message)
}

fn disabled(api: &str) -> Value {
    let mut body = denied(
        "accessNotConfigured",
        &format!("{api} has not been used in project 1 before or it is disabled."),
    );
    body["error"]["details"] = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED", "domain": "googleapis.com",
        "metadata": {"activationUrl": "https://console.developers.google.com/apis/api/x?project=1"},
    }]);
    body
}

/// The APIs' table, but for what asks to wait.
#[rustfmt::skip] // a row a line
fn rows() -> Vec<Row> {
    let precondition =
        |message: &str| api_error(400, "FAILED_PRECONDITION", "failedPrecondition", message);
    let unauthorized = |message: &str| api_error(401, "UNAUTHENTICATED", "authError", message);
    let scopes = "Request had insufficient authentication scopes.";
    let signed_up = "The user must be signed up for Google Calendar.";
    let session = "Active session is invalid. Error code: 4";
    let service = "The authenticated user cannot access this service";
    let policy = "The domain administrators have disabled Drive apps.";
    vec![
        (GMAIL, 403, disabled("Gmail API"), "False", "ApiDisabled", "Enable it: https://console.developers", Stalled),
        (CALENDAR, 403, disabled("Google Calendar API"), "False", "ApiDisabled", "Enable it", Stalled),
        (GMAIL, 403, denied("insufficientPermissions", scopes), "False", "ScopeNotAuthorized", "Delegate one of", Stalled),
        (GMAIL, 403, denied("forbidden", "Delegation denied for x@acme.example"), "False", "UserNotAccessible", "the person's own", Stalled),
        (GMAIL, 400, precondition("Mail service not enabled"), "False", "MailboxNotEnabled", "assign a licence", Stalled),
        (GMAIL, 400, precondition("Precondition check failed."), "False", "MailboxNotEnabled", "assign a licence", Stalled),
        (CALENDAR, 403, denied("notACalendarUser", signed_up), "False", "CalendarNotEnabled", "Turn Calendar on", Stalled),
        (DRIVE, 401, unauthorized(session), "False", "DriveNotEnabled", "Turn Drive", Stalled),
        (DRIVE, 403, denied("forbidden", service), "False", "DriveNotEnabled", "Turn Drive", Stalled),
        (DRIVE, 403, denied("domainPolicy", policy), "False", "DriveNotEnabled", "Turn Drive", Stalled),
        (GMAIL, 401, unauthorized("Invalid Credentials"), "False", "UserNotAccessible", "is it suspended", Stalled),
        (GMAIL, 403, denied("forbidden", "Something else"), "False", "PermissionDenied", "Look at the account", Stalled),
        (CALENDAR, 400, api_error(400, "INVALID_ARGUMENT", "badRequest", "Odd"), "False", "RequestRefused", "report it", Stalled),
        (GMAIL, 500, api_error(500, "INTERNAL", "backendError", "Backend Error"), "Unknown", "ProviderUnavailable", "tried again", Reconciling),
        (DRIVE, 503, api_error(503, "UNAVAILABLE", "backendError", "Backend Error"), "Unknown", "ProviderUnavailable", "tried again", Reconciling),
    ]
}

fn email_of(row: usize) -> String {
    format!("row-{row}@acme.example")
}

#[tokio::test]
async fn each_row_of_the_apis_tables() {
    let rows = rows();
    let people: Vec<_> = (0..rows.len())
        .map(|row| employee(&email_of(row), 2))
        .collect();
    let stage = Stage::new(&company(&people)).await;
    let faults = rows
        .iter()
        .enumerate()
        .map(|(row, (path, status, body, ..))| answers(path, &email_of(row), *status, body));
    stage.sandbox.faults(&faults.collect::<Vec<_>>()).await;
    stage.store_new_key("key").await;
    stage.apply(stage.connection("acme")).await;
    for row in 0..rows.len() {
        stage
            .apply(person(&format!("row-{row}"), &email_of(row)))
            .await;
    }
    let mut operator = stage.operator();
    for (row, (_, _, _, status, reason, remedy, class)) in rows.into_iter().enumerate() {
        let wanted = Reads {
            type_: "Synced",
            status,
            reason,
            remedy,
            class,
        };
        reads(&stage, USER, &format!("row-{row}"), wanted).await;
    }
    stage
        .until_condition(CONNECTION, "acme", ("Ready", "True", "Verified"))
        .await;
    assert!(operator.is_running());
}

/// What asks to wait, each with a company of its own: some of it concerns the whole project.
#[tokio::test]
async fn each_way_to_be_asked_to_wait() {
    let queries = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service 'gmail.googleapis.com'";
    let rows = [
        (
            403,
            denied("userRateLimitExceeded", "User Rate Limit Exceeded"),
            "RateLimited",
            "goes on by itself",
        ),
        (
            403,
            denied("rateLimitExceeded", queries),
            "RateLimited",
            "goes on by itself",
        ),
        (
            403,
            denied("quotaExceeded", "Quota exceeded"),
            "RateLimited",
            "goes on by itself",
        ),
        (
            429,
            api_error(
                429,
                "RESOURCE_EXHAUSTED",
                "rateLimitExceeded",
                "Too many concurrent requests for user",
            ),
            "RateLimited",
            "goes on by itself",
        ),
        (
            503,
            api_error(
                503,
                "UNAVAILABLE",
                "backendError",
                "quota exceeded for the current request",
            ),
            "RateLimited",
            "goes on by itself",
        ),
        (
            403,
            denied("dailyLimitExceeded", "Daily Limit Exceeded"),
            "QuotaExhausted",
            "when Google's day ends",
        ),
    ];
    let cases = rows
        .into_iter()
        .map(async |(status, body, reason, remedy)| {
            let stage = Stage::new(&company(&[employee(&email_of(0), 2)])).await;
            stage
                .sandbox
                .faults(&[answers(GMAIL, &email_of(0), status, &body)])
                .await;
            stage.store_new_key("key").await;
            stage.apply(stage.connection("acme")).await;
            stage.apply(person("row", &email_of(0))).await;
            let mut operator = stage.operator();
            let wanted = Reads {
                type_: "Synced",
                status: "Unknown",
                reason,
                remedy,
                class: Reconciling,
            };
            reads(&stage, USER, "row", wanted).await;
            assert!(operator.is_running());
        });
    futures::future::join_all(cases).await;
}

const PEOPLE: [(&str, Option<(&str, bool)>, &str, &str, &str); 9] = [
    (
        "nobody",
        None,
        "Eligible",
        "UserNotFound",
        "create or restore",
    ),
    (
        "suspended",
        Some(("suspended", true)),
        "Eligible",
        "UserSuspended",
        "Restore it",
    ),
    (
        "archived",
        Some(("archived", true)),
        "Eligible",
        "UserArchived",
        "Unarchive it",
    ),
    (
        "no-mailbox",
        Some(("mailbox", false)),
        "Eligible",
        "MailboxNotEnabled",
        "The other streams go on",
    ),
    (
        "no-calendar",
        Some(("calendar", false)),
        "Synced",
        "CalendarNotEnabled",
        "Turn Calendar on",
    ),
    (
        "no-drive",
        Some(("drive", false)),
        "Synced",
        "DriveNotEnabled",
        "Turn Drive",
    ),
    (
        "wrong-alias",
        Some(("admin", false)),
        "Eligible",
        "AliasNotFound",
        "Choose one of its own",
    ),
    (
        "no-licence",
        Some(("mailbox", false)),
        "Eligible",
        "UserNotLicensed",
        "Assign one",
    ),
    (
        "other-licence",
        Some(("admin", false)),
        "Eligible",
        "UserNotLicensed",
        "has Google Workspace Enterprise Plus (1010020020). Assign one",
    ),
];

#[tokio::test]
async fn each_state_that_a_person_can_be_in() {
    let states = PEOPLE.iter().filter_map(|(name, state, ..)| {
        let (field, value) = (*state)?;
        let mut one = employee(&format!("{name}@acme.example"), 2);
        one[field] = json!(value);
        if *name == "other-licence" {
            one["licenses"] = json!(["1010020020"]);
        }
        Some(one)
    });
    let mut company = company(&states.collect::<Vec<_>>());
    company["google"]["otherCustomers"][0]["domains"] = json!(["other.example"]);
    company["google"]["users"]
        .as_array_mut()
        .unwrap()
        .push(json!({"email": "stranger@other.example"}));
    let stage = Stage::new(&company).await;
    stage.store_new_key("key").await;
    let mut connection = stage.connection("acme");
    connection["spec"]["allowedUsers"] = json!(["*@acme.example", "*@other.example"]);
    stage.apply(connection.clone()).await;
    connection["metadata"]["name"] = json!("licensed");
    let licensing = "https://www.googleapis.com/auth/apps.licensing";
    stage.sandbox.google().grant(CLIENT_ID, licensing).await;
    let scopes = SCOPES.into_iter().chain([licensing]).collect::<Vec<_>>();
    connection["spec"]["provider"]["google"]["scopes"] = json!(scopes);
    connection["spec"]["licensing"] = json!({"requireLicense": true});
    stage.apply(connection.clone()).await;
    connection["metadata"]["name"] = json!("editions");
    connection["spec"]["licensing"]["skus"] = json!(["1010020025"]);
    stage.apply(connection).await;
    for (name, ..) in PEOPLE {
        let mut object = person(name, &format!("{name}@acme.example"));
        match name {
            "wrong-alias" => object["spec"]["connectedEmail"] = json!("spidey@acme.example"),
            "no-licence" => object["spec"]["connectionRef"]["name"] = json!("licensed"),
            "other-licence" => object["spec"]["connectionRef"]["name"] = json!("editions"),
            _ => {}
        }
        stage.apply(object).await;
    }
    stage
        .apply(person("stranger", "stranger@other.example"))
        .await;
    let mut operator = stage.operator();
    for (name, _, type_, reason, remedy) in PEOPLE {
        reads(
            &stage,
            USER,
            name,
            Reads {
                type_,
                status: "False",
                reason,
                remedy,
                class: Stalled,
            },
        )
        .await;
    }
    let stranger = Reads {
        type_: "Eligible",
        status: "False",
        reason: "UserOfAnotherTenant",
        remedy: "belongs to another tenant",
        class: Stalled,
    };
    reads(&stage, USER, "stranger", stranger).await;
    assert!(operator.is_running());
}
