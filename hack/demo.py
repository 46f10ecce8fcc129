"""The demo: from three YAML files to rows, and a right that is taken away and given back, with each of SYSTEMS."""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from string import Template

import duckdb

import demo_deputy
import demo_systems

OUTSIDER = "norman.osborn@acme.example"
PATIENCE = 120
LIVE_ROWS = """
    SELECT * FROM read_parquet('{data}/*/{connection}/{dataset}/*/*.parquet', hive_partitioning = true, union_by_name = true)
    QUALIFY row_number() OVER (PARTITION BY "user", container, id ORDER BY sequence DESC) = 1 AND NOT deleted
"""


def heading(text):
    print(f"\n\033[1m── {text}\033[0m" if sys.stdout.isatty() else f"\n── {text}", flush=True)


def until(what, condition):
    """Waits for a condition, with a deadline."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise SystemExit(f"demo: gave up waiting for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Processes:
    """What was started, stopped again in the opposite order: an API server hangs when its etcd goes first."""

    def __init__(self, folder):
        self.folder, self.running = folder, []

    def start(self, name, *command, env=None):
        log = open(self.folder / f"{name}.log", "w")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})}
        )
        self.running.append((name, process))

    def check(self):
        for name, process in self.running:
            if process.poll() is not None:
                tail = (self.folder / f"{name}.log").read_text().splitlines()[-15:]
                raise SystemExit("\n".join([f"demo: {name} has ended:", *tail]))

    def stop(self):
        for _, process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Cluster:
    """A real API server and its etcd."""

    def __init__(self, folder, processes):
        self.folder, self.processes = folder, processes
        self.kubeconfig = folder / "kubeconfig"
        etcd, port = free_port(), free_port()
        processes.start(
            "etcd", os.environ["ETCD"], "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--log-level=warn",
            f"--listen-client-urls=http://127.0.0.1:{etcd}", f"--advertise-client-urls=http://127.0.0.1:{etcd}",
            "--listen-peer-urls=http://127.0.0.1:0",
        )
        (folder / "tokens.csv").write_text("demo-token,demo,demo,system:masters\n")
        certificates = folder / "certificates"
        processes.start(
            "kube-apiserver", os.environ["KUBE_APISERVER"], f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
            f"--secure-port={port}", f"--cert-dir={certificates}", f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={certificates}/apiserver.key",
            f"--service-account-signing-key-file={certificates}/apiserver.key", "--service-cluster-ip-range=10.0.0.0/24",
        )
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "demo",
            "clusters": [{"name": "demo", "cluster": {
                "server": f"https://127.0.0.1:{port}", "certificate-authority": f"{certificates}/apiserver.crt"}}],
            "users": [{"name": "demo", "user": {"token": "demo-token"}}],
            "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo", "namespace": "revops"}}],
        }))
        until("the API server", self.is_ready)

    def is_ready(self):
        self.processes.check()
        return self.kubectl("get", "--raw", "/readyz", check=False).stdout == "ok"

    def kubectl(self, *arguments, text=None, check=True):
        command = ["kubectl", "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, input=text, text=True, capture_output=True)
        if check and done.returncode:
            raise SystemExit(f"demo: kubectl {' '.join(arguments)}: {done.stderr}")
        return done

    def show(self, *arguments):
        print(f"$ kubectl {' '.join(arguments)}")
        print(self.kubectl(*arguments).stdout, end="", flush=True)

    def condition(self, name, type_):
        """Returns a condition of an object, or nothing where it is not of the object's present generation."""
        done = self.kubectl("get", name, "-o", "json", check=False)
        if done.returncode:
            return None
        conditions = json.loads(done.stdout).get("status", {}).get("conditions", [])
        return next((found for found in conditions if found["type"] == type_), None)

    def wait_for(self, name, type_, status, reason=None):
        def holds():
            self.processes.check()
            found = self.condition(name, type_)
            fits = found and found["status"] == status and reason in (None, found["reason"])
            return found if fits else None

        return until(f"{name} to be {type_}={status}", holds)

    def request(self, *names):
        """Asks for a reconcile now, as `kubectl annotate` or Flux would."""
        stamp = f"deputy.dev/reconcile-requested-at={time.time()}"
        self.kubectl("annotate", "--overwrite", *names, stamp)


class Console:
    """The vendor's administration console."""

    def __init__(self, folder, processes, scenario):
        self.address_file = folder / "sandbox.url"
        processes.start(
            "sandbox", f"{os.environ['DEPUTY_TARGET']}/deputy-sandbox", "--scenario", str(scenario),
            "--listen", "127.0.0.1:0", "--url-file", str(self.address_file),
        )
        until("the sandbox", self.address_file.exists)
        self.url = self.address_file.read_text().strip()

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as reply:
            return json.loads(reply.read() or b"null")

    @staticmethod
    def text(value):
        return json.dumps(value)

    def people_asked_for(self, system):
        calls = [call for call in self.ask("GET", "log?since=0")["calls"] if call["vendor"] == system.name]
        return len(calls), sorted({name for call in calls for name in call["names"]})


def read(data, dataset, columns, connection="*"):
    query = LIVE_ROWS.format(data=data, dataset=dataset, connection=connection)
    return duckdb.sql(f"SELECT {columns} FROM ({query})")


def chosen():
    names = os.environ.get("SYSTEMS", "google").split(",")
    there = [*demo_systems.ALL, demo_deputy.NAME]
    unknown = [name for name in names if name not in there]
    if unknown:
        raise SystemExit(f"demo: no system {', '.join(unknown)}; there are {', '.join(there)}")
    return [demo_systems.ALL[name] for name in names if name in demo_systems.ALL], demo_deputy.NAME in names


def main(manifests):
    systems, with_account = chosen()
    folder = Path(tempfile.mkdtemp(prefix="deputy-demo-"))
    data = folder / "data"
    data.mkdir()
    processes = Processes(folder)
    try:
        run(systems, with_account, manifests, folder, data, processes)
    finally:
        processes.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run(systems, with_account, manifests, folder, data, processes):
    heading("A real Kubernetes API server comes up, and the simulated vendors beside it")
    cluster = Cluster(folder, processes)
    cluster.kubectl("apply", "--server-side", "-f", str(manifests.parent / "crds"))
    cluster.kubectl("create", "namespace", "revops")
    print(cluster.kubectl("version").stdout.splitlines()[-1])
    console = Console(folder, processes, manifests.parent / "sandbox/scenarios/demo.yaml")
    print(f"Sandbox: {console.url}")
    processes.start(
        "operator", f"{os.environ['DEPUTY_TARGET']}/deputy", "controller", "--listen", "127.0.0.1:0",
        "--lease-namespace", "revops", "--allow-endpoint", console.url.removeprefix("http://"),
        *(demo_deputy.arguments(folder) if with_account else ()), env={"KUBECONFIG": str(cluster.kubeconfig)},
    )
    for system in systems:
        show(system, manifests, data, cluster, console)
    if with_account:
        google = demo_systems.ALL["google"]
        home = google if google in systems or not systems else systems[0]
        if not systems:
            connect(home, manifests, data, cluster, console)
        demo_deputy.show(heading, manifests, cluster, folder, f"acme-{home.name}")
    read_back(data, systems or [home])


def connect(system, manifests, data, cluster, console):
    """Connects a system, and enables nobody."""
    heading(f"{system.title} is connected, and nobody is enabled yet")
    store_key(system, cluster, console)
    connection = min((manifests / system.name).glob("*.yaml"))
    text = Template(connection.read_text()).substitute(SANDBOX=console.url, DATA=data)
    print(cluster.kubectl("apply", "-f", "-", text=text).stdout, end="")
    cluster.wait_for(f"sac/acme-{system.name}", "Ready", "True")


def store_key(system, cluster, console):
    entries = system.credential(console)
    secret = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"acme-{system.name}-key", "namespace": "revops"},
        "data": {entry: base64.b64encode(value.encode()).decode() for entry, value in entries.items()},
    }
    print(cluster.kubectl("apply", "-f", "-", text=json.dumps(secret)).stdout, end="")


def show(system, manifests, data, cluster, console):
    people, connection = [f"su/{person}" for person in system.people], f"sac/acme-{system.name}"
    heading(f"{system.title}: the key of the {system.account} goes into a Secret")
    store_key(system, cluster, console)

    heading("Three YAML files are applied")
    for manifest in sorted((manifests / system.name).glob("*.yaml")):
        text = Template(manifest.read_text()).substitute(SANDBOX=console.url, DATA=data)
        print(cluster.kubectl("apply", "-f", "-", text=text).stdout, end="")
    for person in (*people, f"su/{system.outsider}"):
        cluster.wait_for(person, "Ready", "True")
    cluster.show("get", "sac,su")
    calls, asked_for = console.people_asked_for(system)
    print(f"\n{system.title} was asked {calls} times, about: {', '.join(asked_for)}")
    if OUTSIDER in asked_for:
        raise SystemExit("demo: somebody was asked for who is not enabled")

    heading(f"{system.right} is taken away in the console")
    system.take_away(console)
    cluster.request(connection)
    found = cluster.wait_for(connection, system.condition, "False")
    cluster.show("get", "sac")
    print(f"\n{found['reason']}: {found['message']}")
    system.deliver(console)

    heading("It is given back, and the sync goes on where it stopped")
    system.give_back(console)
    cluster.request(connection)
    cluster.wait_for(connection, "Ready", "True")
    cluster.request(*people)
    dataset, dinner = system.arrived
    until("what has arrived", lambda: read(data, dataset, "*", f"*acme-{system.name}").filter(dinner).project("1").fetchall())
    for person in people:
        cluster.wait_for(person, "Ready", "True")
    cluster.show("get", "sac,su")


def read_back(data, systems):
    heading("The rows, read back by DuckDB")
    samples = list(dict.fromkeys(sample for system in systems for sample in system.samples))
    counts = " UNION ALL ".join(
        f"SELECT '{name}' AS stream, \"user\", count(*) AS records FROM ({LIVE_ROWS.format(data=data, dataset=name, connection='*')}) GROUP BY 2"
        for name, *_ in samples
    )
    print(duckdb.sql(f"{counts} ORDER BY 1, 2"))
    for dataset, columns, order, most in samples:
        print(read(data, dataset, columns).order(order).limit(most))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
