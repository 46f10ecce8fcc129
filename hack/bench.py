"""Measures `deputy sync` on what is large, a mailbox or a list, and in the same run what it is measured against."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HACK = Path(__file__).resolve().parent
sys.path.insert(0, str(HACK.parent / "sandbox/clients"))

import vendors  # noqa: E402
from bench_google import Google  # noqa: E402
from bench_microsoft365 import Microsoft365  # noqa: E402
from bench_postgres import Postgres  # noqa: E402
from bench_sendsafely import SendSafely  # noqa: E402

TARGET = Path(os.environ["DEPUTY_TARGET"])
SYSTEMS = {system.name: system for system in (Google, Microsoft365, SendSafely)}
QUOTA_MINUTES = 2
#: Runs a program and tells what it used. A process of its own, since a program begins with its parent's peak.
MEASURE = """
import json, os, sys, time
began = time.monotonic()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(json.dumps({"seconds": time.monotonic() - began, "peak": used.ru_maxrss / 1024,
                  "cpu": used.ru_utime + used.ru_stime, "code": os.waitstatus_to_exitcode(status)}))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="whose")
    parser.add_argument("--sizes", default="10000,200000", help="messages, or packages, of the person")
    parser.add_argument("--parts", default="parquet,postgres,quota")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    with tempfile.TemporaryDirectory(prefix="deputy-bench-") as folder:
        for name in arguments.systems.split(","):
            system = SYSTEMS[name]
            for size in map(int, filter(None, arguments.sizes.split(","))):
                Round(Path(folder), system, size).run(parts)
            if "quota" in parts:
                quota(Path(folder), system)


def show(what, **figures):
    print(f"{what:<42}" + "  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)


def company(folder, system, records, quota_profile):
    """A sandbox with one person who has much."""
    folder.mkdir()
    sandbox = vendors.Sandbox(system.scenario(records, quota_profile), folder)
    return sandbox, system(sandbox)


class Round:
    """All that is measured of one size.

    Rates depend on who else uses the machine; CPU seconds, of the program and of the sandbox together, hardly do.
    """

    def __init__(self, folder, system, records):
        self.folder, self.kind, self.records = folder / f"{system.name}-{records}", system, records

    def run(self, parts):
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        connections = self.kind.connections
        at_once = "one request at a time" if connections == 1 else f"{connections} requests at a time"
        print(f"\n{self.kind.title}: {self.records} {self.kind.record}s, no quotas, {at_once}, {load}", flush=True)
        self.sandbox, self.system = company(self.folder, self.kind, self.records, "off")
        try:
            self.sandbox.ask("PUT", "log", {"enabled": False})
            limit = self.limit()
            client = self.official_client()
            if "parquet" in parts:
                self.deputy("deputy sync into Parquet", parquet(self.folder), [], limit, client)
            if "postgres" in parts:
                with Postgres(self.folder) as postgres:
                    self.deputy("deputy sync into Postgres", *postgres.destination(), limit, client)
            self.limit()
        finally:
            self.system.close()
            self.sandbox.close()

    def limit(self):
        """The same replies, thrown away."""
        load = {
            "address": self.sandbox.url.removeprefix("http://"),
            "connections": self.kind.connections,
            **self.system.load(),
        }
        found, own, vendor = self.measured([TARGET / "deputy-load"], json.dumps(load))
        found = json.loads(found)
        rate, record = self.records / found["seconds"], self.kind.record
        show("bare load generator (the limit)", **{
            f"{record}s/s": f"{rate:.0f}", f"CPU µs/{record}": f"{own['cpu'] / self.records * 1e6:.0f}",
            f"sandbox CPU µs/{record}": f"{vendor / self.records * 1e6:.0f}",
            f"requests/{record}": f"{found['requests'] / self.records:.4f}",
            "bytes/reply": f"{found['bytes'] / found['requests']:.0f}"})
        return rate, (own["cpu"] + vendor) / self.records

    def official_client(self):
        began = time.monotonic()
        read = self.system.read(min(self.kind.client_records, self.records))
        rate, record = read / (time.monotonic() - began), self.kind.record
        show(self.kind.client, **{f"{record}s/s": f"{rate:.0f}", f"{record}s": read})
        return rate

    def deputy(self, what, destination, secrets, limit, client):
        before = self.calls()
        manifests = connection(self.folder, self.system, "unlimited", destination, secrets)
        text, own, vendor = self.measured(sync(self.sandbox.url, manifests))
        if own["code"] or records(text) != self.records:
            raise SystemExit(f"bench: it did not sync {self.records} {self.kind.record}s:\n{text}")
        requests, rate = self.calls() - before, self.records / own["seconds"]
        limit_rate, limit_cpu = limit
        cpu, record = (own["cpu"] + vendor) / self.records, self.kind.record
        show(what, **{
            f"{record}s/s": f"{rate:.0f}", "of the limit": f"{rate / limit_rate:.0%}", "by CPU": f"{limit_cpu / cpu:.0%}",
            "of the client": f"{rate / client:.1f}×",
            f"requests/{record}": f"{requests / self.records:.4f}", "peak": f"{own['peak']:.1f} MiB",
            f"CPU µs/{record}": f"{own['cpu'] / self.records * 1e6:.0f}",
            f"sandbox CPU µs/{record}": f"{vendor / self.records * 1e6:.0f}"})

    def measured(self, command, text=None):
        """Runs a program; returns what it printed, what it used, and the CPU seconds of the sandbox meanwhile."""
        before = self.sandbox_cpu()
        python = [sys.executable, "-S", "-E", "-c", MEASURE, *map(str, command)]
        done = subprocess.run(python, input=text, text=True, capture_output=True, check=True)
        *lines, own = done.stdout.splitlines()
        if text is not None and json.loads(own)["code"]:
            raise SystemExit(f"bench: {command[0].name} failed: {done.stderr}")
        return "\n".join([*lines, done.stderr]) if text is None else lines[-1], json.loads(own), self.sandbox_cpu() - before

    def sandbox_cpu(self):
        fields = Path(f"/proc/{self.sandbox._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def calls(self):
        return sum(self.sandbox.ask("GET", "stats")["calls"].values())


def records(text):
    """The column RECORDS of what `deputy sync` printed of its one stream."""
    rows = [line.split() for line in text.splitlines()]
    found = [row[rows[0].index("RECORDS")] for row in rows[1:] if row[2:3] == ["Synced"]]
    return int(found[0]) if found else None


def parquet(folder):
    data = folder / "data"
    data.mkdir()
    return {"objectStore": {"url": f"file://{data}"}}


def connection(folder, system, profile, destination, secrets):
    """Writes the manifests of a connection and its one person."""
    about = {"apiVersion": "deputy.dev/v1alpha1", "metadata": {"name": "acme"}}
    spec = {
        "provider": {system.name: system.provider(profile)},
        "credentialsSecretRef": {"name": "key"},
        "allowedUsers": [system.person],
        "privacy": {"mail": {"level": "Metadata"}},
        "sync": {"streams": [system.stream], "concurrency": {"perUser": system.connections}},
        "destination": destination,
    }
    person = {"connectionRef": {"name": "acme"}, "email": system.person, "enabled": True}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": system.entries()}
    objects = [{**about, "kind": "ServiceAccountConnection", "spec": spec},
               {**about, "kind": "SyncedUser", "spec": person}, secret, *secrets]
    file = folder / "connection.yaml"
    file.write_text("\n---\n".join(map(json.dumps, objects)))
    return file


def sync(url, manifests):
    return [TARGET / "deputy", "sync", "-f", manifests, "--allow-endpoint", url.removeprefix("http://"), "--log", "warn"]


def quota(folder, kind):
    """How much of an allowance is used, and whether the vendor ever complains."""
    print(f"\n{kind.title}: {kind.allowance}", flush=True)
    if kind.units_per_minute is None:
        return
    folder = folder / f"{kind.name}-quota"
    sandbox, system = company(folder, kind, 2_000, kind.quota)
    try:
        manifests = connection(folder, system, kind.quota, parquet(folder), [])
        process = subprocess.Popen(list(map(str, sync(sandbox.url, manifests))), stdout=subprocess.DEVNULL)
        try:
            began, before = first_mail_call(sandbox, kind), 0
            for minute in range(1, QUOTA_MINUTES + 1):
                time.sleep(began + 60 * minute - time.monotonic())
                before = report_quota(sandbox.calls(), kind, minute, before)
        finally:
            process.terminate()
            process.wait(30)
    finally:
        system.close()
        sandbox.close()


def first_mail_call(sandbox, kind):
    while not any(call["api"] == kind.mail for call in sandbox.calls()):
        time.sleep(0.02)
    return time.monotonic()


def report_quota(calls, kind, minute, before):
    """Reports what was spent since `before` and returns what was spent so far."""
    mail = [call for call in calls if call["api"] == kind.mail]
    spent = sum(kind.units(call["path"]) for call in mail if call["status"] == 200)
    refused = sum(call["status"] in (403, 429) for call in mail)
    share = (spent - before) / kind.units_per_minute
    show(f"deputy sync, minute {minute}", units=spent - before, share=f"{share:.1%}", refused=refused)
    return spent


if __name__ == "__main__":
    main()
