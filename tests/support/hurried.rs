//! The operator in this process, on a clock that runs faster than the sun.

use std::sync::Arc;
use std::time::Duration;

use deputy::controllers::dropzone::Service;
use deputy::controllers::operator::{Operator, Started};
use deputy::http;
use deputy::kube_io::events::Events;
use deputy::kube_io::key::Scope;
use deputy::kube_io::lease::Leadership;
use deputy::kube_io::runner::Runtime;
use deputy::model::clock::{Clock, FastClock, SystemClock};
use deputy::providers::Clients;
use deputy::server::dropzone::{self, Dropzone};
use deputy::server::edge::{Edge, EdgeSettings, Proxies, Services};
use deputy::server::scim::{self, Scim};
use deputy::supervisor::{Supervisor, SupervisorError};
use deputy::telemetry::metrics::Metrics;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::stage::Stage;

/// How long it may take to end.
const GRACE: Duration = Duration::from_secs(10);

/// The operator in this process, on a clock that runs faster.
pub(crate) struct Running {
    task: JoinSet<Result<(), SupervisorError>>,
    stop: CancellationToken,
}

impl Running {
    pub(crate) fn start(stage: &Stage, clock: FastClock) -> Self {
        let mut supervisor = Supervisor::new();
        operate(stage, clock, &mut supervisor);
        Self::under(supervisor)
    }

    /// Starts one that serves clients outside of the cluster, and returns what their URLs begin with.
    pub(crate) async fn serving(stage: &Stage, clock: FastClock) -> (Self, Url) {
        let mut supervisor = Supervisor::new();
        let (started, tools) = operate(stage, clock, &mut supervisor);
        let settings = EdgeSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: None,
            is_plain_meant: false,
            url: None,
            proxies: Proxies::default(),
        };
        let edge = Edge::bind(settings, services(started, tools))
            .await
            .unwrap();
        let url = format!("http://{}/", edge.address());
        supervisor.service("edge", edge.run(supervisor.closing()));
        (Self::under(supervisor), url.parse().unwrap())
    }

    /// Starts one that serves SCIM, and returns where.
    pub(crate) async fn serving_scim(stage: &Stage, clock: FastClock) -> (Self, Url) {
        let (running, url) = Self::serving(stage, clock).await;
        (running, url.join("scim/v2/").unwrap())
    }

    fn under(supervisor: Supervisor) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let mut task = JoinSet::new();
        task.spawn(supervisor.run(stopped, GRACE));
        Self { task, stop }
    }

    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        let ended = self.task.join_next().await;
        ended.unwrap().unwrap().expect("ends as it should");
    }
}

/// What an endpoint beside the controllers works with.
struct Tools {
    clock: Arc<dyn Clock>,
    events: Events,
    metrics: Arc<Metrics>,
}

fn services(started: Started, tools: Tools) -> Services {
    let Tools {
        clock,
        events,
        metrics,
    } = tools;
    let scim = Scim::new(scim::Parts {
        cluster: started.cluster.clone(),
        clock: Arc::clone(&clock),
        events: events.clone(),
        metrics: Arc::clone(&metrics),
    });
    let dropzone = Dropzone::new(dropzone::Parts {
        cluster: started.cluster,
        clock,
        events,
        metrics,
        depots: started.depots,
        notifier: started.notifier,
        suspects: started.suspects,
    });
    Services {
        scim: Some(scim),
        dropzone: Some(dropzone),
    }
}

/// Starts the controllers, and returns what an endpoint beside them works with.
fn operate(stage: &Stage, clock: FastClock, supervisor: &mut Supervisor) -> (Started, Tools) {
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let settings = http::Settings {
        allowed: vec!["127.0.0.1".parse().unwrap()],
        ..http::Settings::default()
    };
    let clients = Clients {
        http: http::Client::new(settings).unwrap(),
        clock: Arc::clone(&clock),
        home: None,
    };
    let (events, metrics) = (
        Events::new(stage.client.clone(), None),
        Arc::new(Metrics::new()),
    );
    let runtime = Runtime {
        events: events.clone(),
        client: stage.client.clone(),
        clock: Arc::clone(&clock),
        metrics: Arc::clone(&metrics),
        leadership: Leadership::unchallenged(),
        stop: supervisor.stop(),
    };
    let operator = Operator {
        runtime,
        scope: Scope::Namespace(stage.namespace.clone()),
        clients,
        dropzone: Some(Service::default()),
    };
    let tools = Tools {
        clock,
        events,
        metrics,
    };
    (operator.start(supervisor), tools)
}

/// Lets the vendor's clock run as fast, so that nobody finds the other's wrong.
pub(crate) fn keep_in_step(stage: &Stage, clock: FastClock) -> DropGuard {
    let url = stage.sandbox.url().join("_sandbox/clock").unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let done = CancellationToken::new();
    let until = done.clone();
    #[allow(clippy::disallowed_methods, reason = "it ends with the test")]
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        while until.run_until_cancelled(tick.tick()).await.is_some() {
            let ahead = clock.now().duration_since(SystemClock.now()).as_secs();
            let body = json!({"offsetSeconds": ahead});
            let asked = client.request(Method::PUT, url.clone()).json(&body).send();
            let _gone = asked.await; // the test has ended
        }
    });
    done.drop_guard()
}
