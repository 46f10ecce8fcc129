"""A PostgreSQL server of one's own, as it is installed: what it promises about the disk stays on."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path


class Postgres:
    """Runs until it is left. It refuses to be root, so it is `nobody` then."""

    def __init__(self, folder):
        self.folder = Path("/tmp" if os.getuid() == 0 else folder) / f"deputy-bench-{secrets.token_hex(4)}"
        self.identity = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        self.password = secrets.token_hex(8)

    def __enter__(self):
        self.folder.mkdir(mode=0o700)
        password = self.folder / "password"
        password.write_text(self.password)
        if self.identity:
            for path in (self.folder, password):
                os.chown(path, 65534, 65534)
        data, programs = self.folder / "data", self._programs()
        initdb = ["--username=deputy", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", f"--pwfile={password}"]
        subprocess.run([programs / "initdb", "-D", data, *initdb], check=True, capture_output=True, cwd="/", **self.identity)
        self.port = free_port()
        serve = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(self.port), *serve],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self.identity)
        self._wait(programs)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def destination(self):
        """The connection's destination, and the Secret that it names."""
        url = f"postgresql://deputy:{self.password}@127.0.0.1:{self.port}/postgres?sslmode=disable"
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "database"}, "stringData": {"url": url}}
        return {"postgres": {"credentialsSecretRef": {"name": "database"}}}, [secret]

    def _programs(self):
        installed = [Path(found).parent for found in [shutil.which("initdb")] if found]
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        fetched = Path(os.environ["DEPUTY_CACHE"]) / "postgres/bin"
        return next(place for place in [*debian, *installed, fetched] if (place / "postgres").is_file())

    def _wait(self, programs):
        ready = [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-d", "postgres"]
        for _ in range(300):
            if subprocess.run(ready, capture_output=True).returncode == 0:
                return
            time.sleep(0.1)
        raise SystemExit("bench: PostgreSQL did not start")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
