//! A real Postgres: a server of the tests' own, or the one that `DEPUTY_TEST_POSTGRES_URL` names.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::sync::OnceCell;
use tokio_postgres::NoTls;
use url::Url;

use super::postgres_programs::{as_nobody_if_root, find, give_away};
use super::process::Process;
use super::{guard, ports, random, settings, wait};

const START_ATTEMPTS: usize = 3;

static SHARED: OnceCell<Postgres> = OnceCell::const_new();

/// A running server.
#[derive(Debug)]
pub(crate) struct Postgres {
    url: Url,
    own: Option<Server>,
}

impl Postgres {
    /// The one that all tests share, started by the first that asks.
    pub(crate) async fn shared() -> &'static Self {
        SHARED
            .get_or_init(
                async || match settings::setting("DEPUTY_TEST_POSTGRES_URL") {
                    Some(url) => Self::existing(&url.to_string_lossy()),
                    None => Self::start().await,
                },
            )
            .await
    }

    /// Starts one of the test's own, for tests that stop it.
    pub(crate) async fn start() -> Self {
        let cluster = Cluster::create();
        for _ in 0..START_ATTEMPTS {
            let port = ports::free();
            let mut server = Server {
                process: cluster.serve(port),
                cluster: cluster.clone(),
                port,
            };
            let url = cluster.url(port);
            if server.ready(&url).await {
                return Self {
                    url,
                    own: Some(server),
                };
            }
        }
        panic!("Postgres did not start in {START_ATTEMPTS} attempts");
    }

    fn existing(url: &str) -> Self {
        let url = Url::parse(url).expect("DEPUTY_TEST_POSTGRES_URL is a URL");
        Self { url, own: None }
    }

    /// Makes an empty database and returns its URL.
    pub(crate) async fn database(&self) -> Url {
        let name = random::name("deputy").replace('-', "_");
        self.connect()
            .await
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .expect("makes a database");
        let mut url = self.url.clone();
        url.set_path(&name);
        url
    }

    /// Connects as the owner of the server.
    pub(crate) async fn connect(&self) -> tokio_postgres::Client {
        connect(&self.url).await.expect("connects")
    }

    /// Kills the server (SIGKILL), as a crash would. Its data stays.
    pub(crate) fn crash(&mut self) {
        self.server().process.signal("QUIT"); // the postmaster takes its workers with it and recovers later
    }

    /// Starts it again on the same port and data.
    pub(crate) async fn resume(&mut self) {
        let url = self.url.clone();
        let server = self.server();
        server.process.ended().await;
        server.process = server.cluster.serve(server.port);
        assert!(server.ready(&url).await, "Postgres starts again");
    }

    fn server(&mut self) -> &mut Server {
        self.own
            .as_mut()
            .expect("only a server of the test's own is stopped")
    }
}

/// Connects to a database by its URL.
pub(crate) async fn connect(url: &Url) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends with the client, and reports through it"
    )]
    tokio::spawn(connection);
    Ok(client)
}

/// The server's process.
#[derive(Debug)]
struct Server {
    process: Process,
    cluster: Cluster,
    port: u16,
}

impl Server {
    async fn ready(&mut self, url: &Url) -> bool {
        wait::until("Postgres to be ready", async || {
            if !self.process.is_running() {
                eprintln!("{}", self.process.last_lines());
                return Some(false);
            }
            connect(url).await.is_ok().then_some(true)
        })
        .await
    }
}

/// A data folder and the programs that serve it.
#[derive(Clone, Debug)]
struct Cluster {
    programs: PathBuf,
    data: PathBuf,
    password: String,
}

impl Cluster {
    fn create() -> Self {
        let folder = guard::new_folder("postgres");
        let programs = find();
        let password = format!("CANARY-{}", random::name("postgres"));
        let password_file = folder.join("password");
        std::fs::write(&password_file, &password).expect("writes the password");
        give_away(&folder);
        give_away(&password_file);
        let cluster = Self {
            programs,
            data: folder.join("data"),
            password,
        };
        cluster.initialise(&password_file);
        cluster
    }

    fn initialise(&self, password_file: &Path) {
        let output = self
            .command("initdb")
            .arg("--pgdata")
            .arg(&self.data)
            .args([
                "--username=deputy",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--no-sync",
            ])
            .args(["--locale=C", "--pwfile"])
            .arg(password_file)
            .output()
            .expect("runs initdb");
        assert!(
            output.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Nothing here has to survive a power failure, so nothing waits for the disk.
    fn serve(&self, port: u16) -> Process {
        let settings = [
            "fsync=off",
            "full_page_writes=off",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
        ];
        let mut command = self.command("postgres");
        command
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &port.to_string()]);
        for setting in settings {
            command.args(["-c", setting]);
        }
        Process::start("postgres", &mut command)
    }

    fn command(&self, program: &str) -> Command {
        as_nobody_if_root(&self.programs.join(program))
    }

    fn url(&self, port: u16) -> Url {
        let url = format!(
            "postgres://deputy:{}@127.0.0.1:{port}/postgres",
            self.password
        );
        Url::parse(&url).expect("is a URL")
    }
}
