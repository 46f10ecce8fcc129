//! The command line of the sandbox.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use deputy_sandbox::Sandbox;
use tokio::signal::unix::{SignalKind, signal};

/// Simulates the vendors that Deputy talks to, over HTTP on one port.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The scenario file (YAML).
    #[arg(long)]
    scenario: PathBuf,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Also write the address to this file once connections are accepted.
    #[arg(long)]
    url_file: Option<PathBuf>,
    /// Start without the request log, for measurements.
    #[arg(long)]
    no_log: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let sandbox = Sandbox::start(&arguments.scenario, arguments.listen).await?;
    if arguments.no_log {
        sandbox.disable_log();
    }
    announce(sandbox.url(), arguments.url_file.as_deref())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}

/// Prints the address; a reader of the file never sees half of it, because it is renamed into place.
fn announce(url: &str, file: Option<&Path>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::json!({ "url": url }))?;
    out.flush()?;
    if let Some(file) = file {
        let partial = file.with_extension("partial");
        std::fs::write(&partial, url).with_context(|| format!("write {}", partial.display()))?;
        std::fs::rename(&partial, file).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}
