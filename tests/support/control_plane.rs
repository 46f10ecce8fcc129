//! The processes of an API server of the tests' own: etcd and kube-apiserver.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kube::Client;

use super::cluster_config::ClusterConfig;
use super::process::Process;
use super::{guard, ports, random, settings, wait};

/// Every change, who made it and to what; reads would drown it.
const AUDIT_POLICY: &str = r#"{"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
"rules": [{"level": "Metadata", "verbs": ["create", "update", "patch", "delete", "deletecollection"]}, {"level": "None"}]}"#;

/// The two processes. The API server is declared first, so that it is dropped, and stopped, before its etcd.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    apiserver: Process,
    _etcd: Process,
    folder: PathBuf,
    token: String,
    port: u16,
    etcd_port: u16,
}

impl ControlPlane {
    /// Starts both and returns at once.
    pub(crate) fn start() -> Self {
        let folder = guard::new_folder("cluster");
        let token = random::name("administrator");
        let row = format!("{token},administrator,administrator,system:masters\n");
        std::fs::write(folder.join("tokens.csv"), row).expect("writes the token file");
        std::fs::write(folder.join("audit-policy.json"), AUDIT_POLICY).expect("writes the policy");
        let (port, etcd_port) = (ports::free(), ports::free());
        let etcd = start_etcd(&folder, etcd_port);
        let apiserver = start_apiserver(&folder, port, etcd_port);
        Self {
            apiserver,
            _etcd: etcd,
            folder,
            token,
            port,
            etcd_port,
        }
    }

    /// The log of all changes.
    pub(crate) fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    /// Starts the API server again on the same port and data, and waits until it is ready.
    pub(crate) async fn resume_apiserver(&mut self) {
        self.apiserver = start_apiserver(&self.folder, self.port, self.etcd_port);
        self.ready().await.expect("the API server starts again");
    }

    /// Stops the API server: it leaves in order or is killed: it waits for its open watches for a minute.
    pub(crate) async fn stop_apiserver(&mut self) {
        self.apiserver.signal("TERM");
        let ended = self.apiserver.ended();
        if tokio::time::timeout(Duration::from_secs(5), ended)
            .await
            .is_err()
        {
            self.apiserver.kill();
        }
    }

    /// Waits until the API server answers. `None` when it has given up, which is what a taken port looks like.
    pub(crate) async fn ready(&mut self) -> Option<ClusterConfig> {
        let certificate = self.folder.join("certificates/apiserver.crt");
        wait::until("the API server to be ready", async || {
            if !self.apiserver.is_running() {
                eprintln!("{}", self.apiserver.last_lines());
                return Some(None);
            }
            if !certificate.is_file() {
                return None;
            }
            let config = self.administrator(&certificate);
            answers(&config.client().await)
                .await
                .then_some(Some(config))
        })
        .await
    }

    fn administrator(&self, certificate: &Path) -> ClusterConfig {
        let server = format!("https://127.0.0.1:{}", self.port);
        let config = serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": server, "certificate-authority": certificate}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "administrator"}}],
            "users": [{"name": "administrator", "user": {"token": self.token}}],
        });
        ClusterConfig::new(serde_json::from_value(config).expect("is a kubeconfig"))
    }
}

async fn answers(client: &Client) -> bool {
    let request = http::Request::get("/readyz")
        .body(Vec::new())
        .expect("is a request");
    client
        .request_text(request)
        .await
        .is_ok_and(|text| text == "ok")
}

fn start_etcd(folder: &Path, port: u16) -> Process {
    let client_url = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(settings::control_plane_program("etcd"));
    command
        .arg("--data-dir")
        .arg(folder.join("etcd"))
        .args([
            "--listen-client-urls",
            &client_url,
            "--advertise-client-urls",
            &client_url,
        ])
        .args(["--listen-peer-urls", "http://127.0.0.1:0"])
        .args(["--unsafe-no-fsync", "--log-level=warn"]);
    Process::start("etcd", &mut command)
}

fn start_apiserver(folder: &Path, port: u16, etcd_port: u16) -> Process {
    let file = |name: &str| folder.join(name).display().to_string();
    let flags = [
        ("etcd-servers", format!("http://127.0.0.1:{etcd_port}")),
        ("bind-address", "127.0.0.1".to_owned()),
        ("advertise-address", "127.0.0.1".to_owned()),
        ("endpoint-reconciler-type", "none".to_owned()),
        ("secure-port", port.to_string()),
        ("cert-dir", file("certificates")),
        ("token-auth-file", file("tokens.csv")),
        ("authorization-mode", "RBAC".to_owned()),
        ("disable-admission-plugins", "ServiceAccount".to_owned()),
        (
            "service-account-issuer",
            "https://kubernetes.default.svc".to_owned(),
        ),
        (
            "service-account-key-file",
            file("certificates/apiserver.key"),
        ),
        (
            "service-account-signing-key-file",
            file("certificates/apiserver.key"),
        ),
        ("service-cluster-ip-range", "10.0.0.0/24".to_owned()),
        ("audit-policy-file", file("audit-policy.json")),
        ("audit-log-path", file("audit.log")),
    ];
    let mut command = Command::new(settings::control_plane_program("kube-apiserver"));
    command.args(flags.map(|(flag, value)| format!("--{flag}={value}")));
    Process::start("kube-apiserver", &mut command)
}
