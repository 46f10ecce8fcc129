"""Measures `deputy sync` on a large mailbox, and in the same run what it is measured against."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

HACK = Path(__file__).resolve().parent
sys.path.insert(0, str(HACK.parent / "sandbox/clients"))

import google_tenant  # noqa: E402
import vendors  # noqa: E402
from bench_postgres import Postgres  # noqa: E402

TARGET = Path(os.environ["DEPUTY_TARGET"])
PERSON = google_tenant.PETER
CONNECTIONS = 8
#: What the official client is given; it is slow.
CLIENT_MESSAGES = 5_000
CLIENT_BATCH = 50
QUOTA_MINUTES = 2
UNITS = {"get": 20, "list": 5, "profile": 1}
UNITS_PER_MINUTE = 6_000
#: What a sync at the level Metadata asks of a message.
QUERY = [
    ("format", "metadata"),
    ("fields", "id,threadId,labelIds,sizeEstimate,internalDate,payload/headers"),
    *(("metadataHeaders", name) for name in ("From", "To", "Cc", "Bcc", "Date", "Message-ID", "In-Reply-To")),
]
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
    parser.add_argument("--sizes", default="10000,200000", help="messages in the mailbox")
    parser.add_argument("--parts", default="parquet,postgres,quota")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",")
    with tempfile.TemporaryDirectory(prefix="deputy-bench-") as folder:
        for size in map(int, filter(None, arguments.sizes.split(","))):
            Round(Path(folder), size).run(parts)
        if "quota" in parts:
            quota(Path(folder))


def show(what, **figures):
    print(f"{what:<34}" + "  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)


def mailbox(folder, messages, quota_profile):
    """A sandbox with one large mailbox."""
    folder.mkdir()
    people = {"mail": {"generate": {"messages": messages}}, "calendars": [], "files": {}}
    sandbox = vendors.Sandbox(google_tenant.scenario(quota=quota_profile, peter=people), folder)
    return sandbox, google_tenant.Tenant(sandbox)


class Round:
    """All that is measured on a mailbox of one size.

    Rates depend on who else uses the machine; CPU seconds, of the program and of the sandbox together, hardly do.
    """

    def __init__(self, folder, messages):
        self.folder, self.messages = folder / str(messages), messages

    def run(self, parts):
        load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
        print(f"\n{self.messages} messages, no quotas, {CONNECTIONS} requests at a time, {load}", flush=True)
        self.sandbox, self.tenant = mailbox(self.folder, self.messages, "off")
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
            self.sandbox.close()

    def limit(self):
        """The same replies, thrown away."""
        gmail = self.tenant.gmail()
        messages = gmail.users().messages()
        request = messages.list(userId="me", maxResults=500, includeSpamTrash=True, fields="messages/id,nextPageToken")
        ids = [it["id"] for page in google_tenant.pages(messages, request) for it in page["messages"]]
        query = urlencode(QUERY)
        load = {
            "address": self.sandbox.url.removeprefix("http://"),
            "token": self.tenant.token(google_tenant.GMAIL),
            "connections": CONNECTIONS,
            "paths": [f"/google/gmail/v1/users/me/messages/{id_}?{query}" for id_ in ids],
        }
        found, own, vendor = self.measured([TARGET / "deputy-load"], json.dumps(load))
        found = json.loads(found)
        rate = found["requests"] / found["seconds"]
        show("bare load generator (the limit)", **{
            "messages/s": f"{rate:.0f}", "CPU µs/message": f"{own['cpu'] / found['requests'] * 1e6:.0f}",
            "sandbox CPU µs/message": f"{vendor / found['requests'] * 1e6:.0f}",
            "bytes/reply": f"{found['bytes'] / found['requests']:.0f}"})
        return rate, (own["cpu"] + vendor) / found["requests"]

    def official_client(self):
        """messages.list, and messages.get in batches, as the vendor's documentation shows it."""
        gmail = self.tenant.gmail()
        messages = gmail.users().messages()
        wanted, read, began = min(CLIENT_MESSAGES, self.messages), [], time.monotonic()
        headers = [value for name, value in QUERY if name == "metadataHeaders"]

        def take(_, message, error):
            if error is not None:
                raise error
            read.append(message)

        for page in google_tenant.pages(messages, messages.list(userId="me", maxResults=500)):
            ids = [it["id"] for it in page["messages"]]
            for first in range(0, len(ids), CLIENT_BATCH):
                batch = gmail.new_batch_http_request(callback=take)
                for id_ in ids[first : first + CLIENT_BATCH]:
                    batch.add(messages.get(userId="me", id=id_, format="metadata", metadataHeaders=headers))
                batch.execute()
            if len(read) >= wanted:
                break
        rate = len(read) / (time.monotonic() - began)
        show("official client, batches of 50", **{"messages/s": f"{rate:.0f}", "messages": len(read)})
        return rate

    def deputy(self, what, destination, secrets, limit, client):
        before = self.calls()
        manifests = connection(self.folder, self.sandbox.url, self.tenant.key, "unlimited", destination, secrets)
        text, own, vendor = self.measured(sync(self.sandbox.url, manifests))
        if own["code"] or f" {self.messages} " not in text:
            raise SystemExit(f"bench: it did not sync {self.messages} messages:\n{text}")
        requests, rate = self.calls() - before, self.messages / own["seconds"]
        limit_rate, limit_cpu = limit
        cpu = (own["cpu"] + vendor) / self.messages
        show(what, **{
            "messages/s": f"{rate:.0f}", "of the limit": f"{rate / limit_rate:.0%}", "by CPU": f"{limit_cpu / cpu:.0%}",
            "of the client": f"{rate / client:.1f}×",
            "requests/message": f"{requests / self.messages:.4f}", "peak": f"{own['peak']:.1f} MiB",
            "CPU µs/message": f"{own['cpu'] / self.messages * 1e6:.0f}",
            "sandbox CPU µs/message": f"{vendor / self.messages * 1e6:.0f}"})

    def measured(self, command, text=None):
        """Runs a program; returns what it printed, what it used, and the CPU seconds of the sandbox meanwhile."""
        before = self.sandbox_cpu()
        python = [sys.executable, "-S", "-E", "-c", MEASURE, *map(str, command)]
        done = subprocess.run(python, input=text, text=True, capture_output=True, check=True)
        *lines, own = done.stdout.splitlines()
        return "\n".join([*lines, done.stderr]) if text is None else lines[-1], json.loads(own), self.sandbox_cpu() - before

    def sandbox_cpu(self):
        fields = Path(f"/proc/{self.sandbox._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def calls(self):
        return sum(self.sandbox.ask("GET", "stats")["calls"].values())


def parquet(folder):
    data = folder / "data"
    data.mkdir()
    return {"objectStore": {"url": f"file://{data}"}}


def connection(folder, url, key, profile, destination, secrets):
    """Writes the manifests of a connection and its one person."""
    about = {"apiVersion": "deputy.dev/v1alpha1", "metadata": {"name": "acme"}}
    spec = {
        "provider": {"google": {
            "adminEmail": google_tenant.ADMIN, "endpoint": f"{url}/google", "quotaProfile": profile,
            "scopes": [google_tenant.GMAIL, google_tenant.DIRECTORY]}},
        "credentialsSecretRef": {"name": "key"},
        "allowedUsers": [PERSON],
        "privacy": {"mail": {"level": "Metadata"}},
        "sync": {"streams": ["mail"], "concurrency": {"perUser": CONNECTIONS}},
        "destination": destination,
    }
    person = {"connectionRef": {"name": "acme"}, "email": PERSON, "enabled": True}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"key.json": json.dumps(key)}}
    objects = [{**about, "kind": "ServiceAccountConnection", "spec": spec},
               {**about, "kind": "SyncedUser", "spec": person}, secret, *secrets]
    file = folder / "connection.yaml"
    file.write_text("\n---\n".join(map(json.dumps, objects)))
    return file


def sync(url, manifests):
    return [TARGET / "deputy", "sync", "-f", manifests, "--allow-endpoint", url.removeprefix("http://"), "--log", "warn"]


def quota(folder):
    """How much of a new project's allowance is used, and whether the vendor ever complains."""
    print(f"\nquotas of 2026, {UNITS_PER_MINUTE} units a minute for a person", flush=True)
    sandbox, tenant = mailbox(folder / "quota", 2_000, "2026")
    try:
        manifests = connection(folder / "quota", sandbox.url, tenant.key, "2026", parquet(folder / "quota"), [])
        process = subprocess.Popen(list(map(str, sync(sandbox.url, manifests))), stdout=subprocess.DEVNULL)
        try:
            began, before = first_mail_call(sandbox), 0
            for minute in range(1, QUOTA_MINUTES + 1):
                time.sleep(began + 60 * minute - time.monotonic())
                before = report_quota(sandbox.calls(), minute, before)
        finally:
            process.terminate()
            process.wait(30)
    finally:
        sandbox.close()


def first_mail_call(sandbox):
    while not any(call["api"] == "gmail" for call in sandbox.calls()):
        time.sleep(0.02)
    return time.monotonic()


def report_quota(calls, minute, before):
    """Reports what was spent since `before` and returns what was spent so far."""
    mail = [call for call in calls if call["api"] == "gmail"]
    spent = sum(UNITS[kind(call["path"])] for call in mail if call["status"] == 200)
    refused = sum(call["status"] in (403, 429) for call in mail)
    share = (spent - before) / UNITS_PER_MINUTE
    show(f"deputy sync, minute {minute}", units=spent - before, share=f"{share:.1%}", refused=refused)
    return spent


def kind(path):
    last = path.rsplit("/", 1)[1]
    return {"profile": "profile", "messages": "list"}.get(last, "get")


if __name__ == "__main__":
    main()
