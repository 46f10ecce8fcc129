//! `deputy controller`: the operator.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use super::edge;
use crate::controllers::operator::Operator;
use crate::kube_io::events::Events;
use crate::kube_io::key::Scope;
use crate::kube_io::lease::{Elector, Leadership, LeaseSettings};
use crate::kube_io::runner::Runtime;
use crate::providers::Clients;
use crate::server::{Checks, Server};
use crate::supervisor::{self, Supervisor};
use crate::telemetry::metrics::Metrics;

/// How the operator runs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Look after this namespace only. Default: all of them.
    #[arg(long, env = "DEPUTY_NAMESPACE", value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// The namespace of the leader's lease. Default: the one that the credentials belong to.
    #[arg(long, env = "POD_NAMESPACE", value_name = "NAMESPACE")]
    lease_namespace: Option<String>,

    /// The name of the leader's lease.
    #[arg(long, default_value = "deputy", value_name = "NAME")]
    lease_name: String,

    /// The name of this replica. Default: the pod's.
    #[arg(long, env = "HOSTNAME", default_value = "deputy", value_name = "NAME")]
    identity: String,

    /// Act without a lease. Only where nothing else can run beside this process.
    #[arg(long)]
    no_leader_election: bool,

    /// Where /healthz, /readyz and /metrics are served; port 0 takes a free one.
    #[arg(
        long,
        env = "DEPUTY_LISTEN",
        default_value = "[::]:8080",
        value_name = "ADDRESS"
    )]
    listen: SocketAddr,

    /// Write the address that was bound to this file.
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,

    #[command(flatten)]
    edge: edge::EdgeArgs,

    /// How long the work that is under way gets to finish at shutdown, in seconds.
    #[arg(long, default_value_t = 20, value_name = "SECONDS")]
    grace: u64,
}

/// A watch that has got nowhere for so long makes the process unhealthy.
const STALLED_AFTER: Duration = Duration::from_mins(5);

pub(super) async fn run(
    args: Args,
    clients: Clients,
    metrics: Arc<Metrics>,
) -> anyhow::Result<ExitCode> {
    let client = Client::try_default().await?;
    let mut supervisor = Supervisor::new();
    let leadership = lead(&args, &client, &clients, &mut supervisor);
    let runtime = Runtime {
        events: Events::new(client.clone(), Some(args.identity.clone())),
        client,
        clock: Arc::clone(&clients.clock),
        metrics: Arc::clone(&metrics),
        leadership: leadership.clone(),
        stop: supervisor.stop(),
    };
    let scope = args
        .namespace
        .clone()
        .map_or(Scope::Cluster, Scope::Namespace);
    let tools = edge::Tools {
        clock: Arc::clone(&runtime.clock),
        events: runtime.events.clone(),
        metrics: Arc::clone(&metrics),
    };
    let operator = Operator {
        runtime,
        scope,
        clients,
        dropzone: args.edge.dropzone(),
    };
    let started = operator.start(&mut supervisor);
    args.edge.serve(&started, &tools, &mut supervisor).await?;
    let checks = Checks {
        watches: started.watches,
        leadership,
        metrics,
        stalled_after: STALLED_AFTER,
    };
    let server = Server::bind(args.listen, checks).await?;
    if let Some(file) = &args.address_file {
        std::fs::write(file, server.address().to_string())?;
    }
    supervisor.service("server", server.run(supervisor.closing()));
    let grace = Duration::from_secs(args.grace);
    supervisor.run(supervisor::signalled()?, grace).await?;
    Ok(ExitCode::SUCCESS)
}

fn lead(
    args: &Args,
    client: &Client,
    clients: &Clients,
    supervisor: &mut Supervisor,
) -> Leadership {
    if args.no_leader_election {
        return Leadership::unchallenged();
    }
    let own = || client.default_namespace().to_owned();
    let namespace = args.lease_namespace.clone().unwrap_or_else(own);
    // Two lives of one pod must not take each other for the same.
    let holder = format!(
        "{}_{}_{}",
        args.identity,
        std::process::id(),
        clients.clock.now().as_millisecond()
    );
    let settings = LeaseSettings::new(namespace, &args.lease_name, holder);
    let (elector, leadership) = Elector::new(client.clone(), settings, Arc::clone(&clients.clock));
    supervisor.service("lease", elector.run(supervisor.closing()));
    leadership
}
