//! The operator as a user runs it: the `deputy` program, started, killed and read from outside.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Output};

use url::Url;

use super::cluster_config::ClusterConfig;
use super::postgres_programs::as_nobody_if_root;
use super::process::Process;
use super::{guard, random, wait};
use crate::support::wait::PATIENCE;

/// The program that Cargo built for these tests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_deputy");

/// How to start the operator: its environment is empty but for what is given here.
#[derive(Debug)]
pub(crate) struct Launch(Command, Option<PathBuf>);

impl Launch {
    /// A run of `deputy` with this subcommand and its arguments.
    pub(crate) fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Self {
        let mut command = Command::new(PROGRAM);
        command
            .env_clear()
            .env("RUST_BACKTRACE", "1")
            .args(arguments);
        Self(command, None)
    }

    /// The operator itself, with its lease in this namespace, on a free port.
    pub(crate) fn controller(config: &ClusterConfig, lease_namespace: &str) -> Self {
        let arguments = [
            "controller",
            "--listen",
            "127.0.0.1:0",
            "--lease-namespace",
            lease_namespace,
        ];
        Self::new(arguments).cluster(config).with_address_file()
    }

    /// Has it write down where it listens, for [`Operator::url`].
    pub(crate) fn with_address_file(mut self) -> Self {
        let address_file = guard::folder().join(random::name("address"));
        self.0.arg("--address-file").arg(&address_file);
        self.1 = Some(address_file);
        self
    }

    /// Has it run as `nobody` when we are root, to whom no folder is read-only. It may then write to no file of ours.
    pub(crate) fn by_nobody_if_root(mut self) -> Self {
        // The folder that it was built in may be closed to everybody else.
        let program = guard::folder().join(random::name("deputy"));
        std::fs::hard_link(PROGRAM, &program)
            .or_else(|_| std::fs::copy(PROGRAM, &program).map(drop))
            .expect("copies the program");
        let mut command = as_nobody_if_root(&program);
        command.args(self.0.get_args());
        for (name, value) in self.0.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        self.0 = command;
        self
    }

    /// Confines the operator to one namespace, as every test does that shares the API server.
    pub(crate) fn confined_to(self, namespace: &str) -> Self {
        self.arg("--namespace").arg(namespace)
    }

    /// Lets it send credentials to this place: a sandbox.
    pub(crate) fn allow_endpoint(self, url: &Url) -> Self {
        let host = url.host_str().expect("has a host");
        let port = url.port_or_known_default().expect("has a port");
        self.arg("--allow-endpoint").arg(format!("{host}:{port}"))
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.0.arg(argument);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// Lets it into the cluster.
    pub(crate) fn cluster(self, config: &ClusterConfig) -> Self {
        let file = config.file();
        self.env("KUBECONFIG", file)
    }

    /// Starts it and returns at once.
    pub(crate) fn start(mut self) -> Operator {
        Operator {
            process: Process::start("deputy", &mut self.0),
            address_file: self.1,
        }
    }

    /// Runs it to its end, outputs apart, for subcommands that end by themselves.
    pub(crate) async fn output(mut self) -> Output {
        let run =
            tokio::task::spawn_blocking(move || self.0.stdin(std::process::Stdio::null()).output());
        let ended = tokio::time::timeout(PATIENCE, run)
            .await
            .expect("deputy ends in time");
        ended.expect("waits for deputy").expect("starts deputy")
    }
}

/// A running operator. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Operator {
    process: Process,
    address_file: Option<PathBuf>,
}

impl Operator {
    /// Everything that it has printed so far, to both outputs.
    pub(crate) fn log(&self) -> String {
        self.process.log()
    }

    /// Whether it is still running.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Waits until it has printed a line with this text, and returns the line. Fails at once when it ends first.
    pub(crate) async fn printed(&mut self, text: &str) -> String {
        wait::until(&format!("deputy to print {text:?}"), async || {
            let running = self.is_running();
            let found = self
                .log()
                .lines()
                .find(|line| line.contains(text))
                .map(str::to_owned);
            assert!(
                running || found.is_some(),
                "deputy ended and never printed {text:?}"
            );
            found
        })
        .await
    }

    /// Where it serves `/healthz`, `/readyz` and `/metrics`, once it does.
    pub(crate) async fn url(&mut self) -> Url {
        let file = self
            .address_file
            .clone()
            .expect("only a controller has an address");
        let address = wait::until("the operator to listen", async || {
            assert!(
                self.process.is_running(),
                "deputy has ended:\n{}",
                self.process.last_lines()
            );
            std::fs::read_to_string(&file)
                .ok()
                .filter(|address| !address.is_empty())
        })
        .await;
        Url::parse(&format!("http://{address}")).expect("is an address")
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.process.terminate().await
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        self.process.ended().await
    }

    /// Kills it at once (SIGKILL).
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it in its tracks (SIGSTOP), as a frozen machine would, until [`Self::thaw`].
    pub(crate) fn freeze(&mut self) {
        self.process.signal("STOP");
    }

    /// Lets it go on (SIGCONT).
    pub(crate) fn thaw(&mut self) {
        self.process.signal("CONT");
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}
