//! A provider under test: a session to a simulated vendor, and what the vendor saw of it.

use std::sync::Arc;

use deputy::http::{Client, Settings};
use deputy::model::clock::SystemClock;
use deputy::model::cursor::Cursor;
use deputy::model::privacy::Privacy;
use deputy::model::secret::Credentials;
use deputy::providers::registry::ProviderSpec;
use deputy::providers::{Clients, Error, ExportRequest, Exporter, Pace, Page, Position, Session};
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::company::dialect::Dialect;
use crate::company::system::System;
use crate::company::{Company, SMALL};

/// A person whose files fill more than one page.
pub(super) const MANY: &str = "many@acme.example";
/// A person with nothing at all.
pub(super) const NOTHING: &str = "nothing@acme.example";
/// A person with an address that not every path and header can hold as it is.
pub(super) const BEYOND_ASCII: &str = "zoë.müller-行@acme.example";
/// People whose calls are struck, each in a way of its own.
pub(super) const STRUCK: [&str; 6] = [
    "a@acme.example",
    "b@acme.example",
    "c@acme.example",
    "d@acme.example",
    "e@acme.example",
    "f@acme.example",
];

/// Small, so that an endless reply is soon too large.
const MAX_BODY_BYTES: usize = 4 << 20;

/// A session and its vendor.
pub(super) struct Subject {
    pub(super) company: Company,
    pub(super) dialect: Dialect,
    pub(super) session: Arc<dyn Session>,
    pub(super) credentials: Credentials,
}

impl Subject {
    pub(super) async fn of(system: System) -> Self {
        let dialect = system.dialect();
        let mut scenario = system.scenario(SMALL);
        let people = [
            (MANY, dialect.more_than_a_page),
            (NOTHING, 0),
            (BEYOND_ASCII, 3),
        ];
        system.add_people(&mut scenario, &people);
        system.add_people(&mut scenario, &STRUCK.map(|person| (person, 3)));
        system.permit_keys(&mut scenario);
        let company = Company::with(system, &scenario).await;
        let credentials = credentials(&company);
        Self {
            session: open(&company, &credentials).await,
            company,
            dialect,
            credentials,
        }
    }

    /// A session that has asked for nothing yet.
    pub(super) async fn anew(&self) -> Arc<dyn Session> {
        open(&self.company, &self.credentials).await
    }

    /// A session that is opened with other entries of the Secret.
    pub(super) async fn opened_with(&self, credentials: &Credentials) -> Arc<dyn Session> {
        open(&self.company, credentials).await
    }

    /// The vendor's address.
    pub(super) fn url(&self) -> &Url {
        self.company.sandbox.url()
    }

    /// What is read of somebody: the listing that the dialect describes.
    pub(super) async fn request(&self, email: &str) -> ExportRequest {
        let subject = email.parse().expect("is an address");
        let directory = self.session.directory().expect("knows people");
        let mut found = directory.find(std::slice::from_ref(&subject)).await;
        let (_, user) = found.pop().expect("answers for everybody");
        ExportRequest {
            user: user.unwrap_or_else(|error| panic!("{email}: {error}")),
            subject,
            dataset: self.dialect.listed,
            privacy: Privacy::default(),
            since: None,
        }
    }

    /// Reads a listing to its end.
    pub(super) async fn read(&self, request: &ExportRequest) -> Result<Vec<Page>, Error> {
        self.read_from(request, None).await
    }

    /// Reads from a cursor to the end of its stream of pages.
    pub(super) async fn read_from(
        &self,
        request: &ExportRequest,
        from: Option<Cursor>,
    ) -> Result<Vec<Page>, Error> {
        let pages = exporter(&self.session).pages(request, from);
        let pages: Vec<_> = pages.collect().await;
        pages.into_iter().collect()
    }

    /// Strikes calls for the listing: each fault takes the calls that those before it have left.
    pub(super) async fn strike(&self, faults: impl IntoIterator<Item = Value>) {
        let faults: Vec<Value> = faults.into_iter().collect();
        self.company.sandbox.faults(&faults).await;
        self.company.sandbox.forget_calls().await;
    }

    /// Strikes calls for the listing in one way: so many of them, or all.
    pub(super) fn fault(&self, times: Option<u32>, what: &Value) -> Value {
        json!({"match": {"pathPrefix": self.dialect.listing}, "do": what, "times": times})
    }

    /// Strikes all calls for the listing of one person.
    pub(super) fn fault_for(&self, person: &str, what: &Value) -> Value {
        json!({"match": {"pathPrefix": self.dialect.listing, "subject": person}, "do": what})
    }

    /// The vendor ends every token before its time, where it has some, and the log begins anew.
    pub(super) async fn end_tokens(&self) {
        if self.dialect.token.is_some() {
            let path = [self.company.system.name(), "tokens"];
            self.company.sandbox.ask(Method::DELETE, &path, None).await;
        }
        self.company.sandbox.forget_calls().await;
    }

    /// How many tokens fifty callers need: one, or none where every request is signed.
    pub(super) fn one_token(&self) -> usize {
        self.dialect.token.map_or(0, |_| 1)
    }

    /// How many tokens were asked for since the log began.
    pub(super) async fn tokens(&self) -> usize {
        let calls = self.company.sandbox.calls().await;
        calls.iter().filter(|call| call.api == "token").count()
    }

    /// How many calls for the listing there were since the log began.
    pub(super) async fn asked(&self) -> usize {
        let calls = self.company.sandbox.calls().await;
        let listing = |path: &str| path.starts_with(self.dialect.listing);
        calls.iter().filter(|call| listing(&call.path)).count()
    }

    /// The texts that nobody may see.
    pub(super) fn secrets(&self) -> Vec<String> {
        let mut secrets = self.company.system.secrets(&self.company.key);
        // Every token of the sandbox has the one in it, and every assertion begins with the other.
        secrets.extend(["sandbox-canary-", "eyJ"].map(str::to_owned));
        secrets
    }
}

/// What a session reads people's data with.
pub(super) fn exporter(session: &Arc<dyn Session>) -> &dyn Exporter {
    session.exporter().expect("reads people's data")
}

/// The first page of a listing.
pub(super) async fn first(
    session: &Arc<dyn Session>,
    request: &ExportRequest,
) -> Result<Page, Error> {
    let mut pages = exporter(session).pages(request, None);
    pages.next().await.expect("a listing has a page")
}

/// The ids of all changes, in order.
pub(super) fn ids(pages: &[Page]) -> Vec<&str> {
    let changes = pages.iter().flat_map(|page| &page.changes);
    changes.map(|change| change.key().id.as_str()).collect()
}

/// Where each page leaves the stream.
pub(super) fn positions(pages: &[Page]) -> Vec<Position> {
    pages.iter().map(|page| page.position).collect()
}

/// The Secret's entries, as the operator reads them.
fn credentials(company: &Company) -> Credentials {
    let secret = company.system.secret("key", &company.key);
    let entries = secret["stringData"].as_object().expect("has entries");
    let entries = entries.iter().map(|(name, value)| {
        let value = value.as_str().expect("is a text");
        (name.clone(), value.as_bytes().to_vec())
    });
    Credentials::new(entries)
}

async fn open(company: &Company, credentials: &Credentials) -> Arc<dyn Session> {
    let provider = company.system.provider(&company.sandbox);
    let spec: ProviderSpec = serde_json::from_value(provider).expect("is a spec");
    let settings = Settings {
        // Any port of the machine, so that what keeps a link from leading away is not this list.
        allowed: vec!["127.0.0.1".parse().expect("is a place")],
        max_body_bytes: MAX_BODY_BYTES,
        ..Settings::default()
    };
    let clients = Clients {
        http: Client::new(settings).expect("sets the stack up"),
        clock: Arc::new(SystemClock),
        home: None,
    };
    let pace = Pace {
        requests_per_second: None,
        per_user: 4,
    };
    let session = spec.open(credentials, pace, &clients).await;
    session.unwrap_or_else(|error| panic!("opens: {error}"))
}
