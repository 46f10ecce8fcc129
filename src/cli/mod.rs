//! The command line: the operator, and the same work by hand without a cluster.

mod check;
mod controller;
mod edge;
mod input;
mod manifests;
mod remedy;
mod sync;
mod table;

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::http;
use crate::model::clock::SystemClock;
use crate::providers::Clients;
use crate::telemetry::logs;
use crate::telemetry::metrics::Metrics;

/// Service-account connections to `SaaS` systems, for Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "deputy", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,

    /// What is logged, as `info` or `info,deputy=debug`. Credentials never are, whatever is asked for.
    #[arg(
        long,
        global = true,
        env = "DEPUTY_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    log: String,

    /// A host, with its port where it is not 443, that credentials may be sent to although it is not the vendor's own: a sandbox. May
    /// be given several times. Plain HTTP and inside addresses are allowed for these alone.
    #[arg(
        long,
        global = true,
        env = "DEPUTY_ALLOW_ENDPOINT",
        value_delimiter = ',',
        value_name = "HOST[:PORT]"
    )]
    allow_endpoint: Vec<http::Allowed>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the operator.
    Controller(Box<controller::Args>),
    /// Verify a connection without a cluster, and print what holds and what does not.
    ///
    /// Exits with 0 where everything holds, 1 where something does not, 2 where something cannot be known.
    Check(input::InputArgs),
    /// Print what an administrator has to grant, with the values to paste, without asking anybody.
    Remedy(input::InputArgs),
    /// Sync every enabled `SyncedUser` of the files once, without a cluster.
    ///
    /// Exits with 0 where everybody was synced, 1 where somebody was not.
    Sync(sync::Args),
    /// Print the definitions of the three kinds.
    Crds(manifests::CrdArgs),
    /// Print examples.
    Examples(manifests::ExampleArgs),
}

/// Runs what the command line asks for.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Crds(args) => manifests::crds(&args),
        Command::Examples(args) => manifests::examples(&args),
        Command::Controller(args) => in_runtime(&cli.log, async {
            let metrics = Arc::new(Metrics::new());
            let counted = Arc::new(Counted(Arc::clone(&metrics)));
            let clients = clients(cli.allow_endpoint, Some(counted))?;
            controller::run(*args, clients, metrics).await
        }),
        Command::Check(args) => in_runtime(&cli.log, async {
            check::run(&args, &clients(cli.allow_endpoint, None)?).await
        }),
        Command::Remedy(args) => in_runtime(&cli.log, async {
            remedy::run(&args, &clients(cli.allow_endpoint, None)?).await
        }),
        Command::Sync(args) => in_runtime(&cli.log, async {
            sync::run(&args, &clients(cli.allow_endpoint, None)?).await
        }),
    }
}

fn in_runtime(
    log: &str,
    work: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    logs::init(log)?;
    // One thread: nearly all of the work is waiting, and handing each reply from thread to thread costs more than reading
    // it. What computes for longer, such as encoding a file, goes to threads of its own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(work)
}

fn clients(
    allowed: Vec<http::Allowed>,
    observer: Option<Arc<dyn http::Observer>>,
) -> anyhow::Result<Clients> {
    let settings = http::Settings {
        allowed,
        observer,
        ..http::Settings::default()
    };
    Ok(Clients {
        http: http::Client::new(settings)?,
        clock: Arc::new(SystemClock),
        home: None,
    })
}

/// Counts requests to vendors.
struct Counted(Arc<Metrics>);

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}

impl http::Observer for Counted {
    fn requested(&self, host: &str, outcome: Result<u16, &'static str>) {
        self.0.provider_requested(host, outcome);
    }
}
