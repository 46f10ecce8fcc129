"""A sandbox process of a test's own, and its console."""

import json
import os
import pathlib
import subprocess
import time

import requests

START_DEADLINE = 20
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class Sandbox:
    """Runs `deputy-sandbox` with a scenario until it is closed."""

    def __init__(self, scenario, folder):
        self._console = requests.Session()
        self._console.trust_env = False
        scenario_file = folder / "scenario.yaml"
        scenario_file.write_text(json.dumps(scenario))  # JSON is YAML
        url_file = folder / "url"
        self._log = (folder / "sandbox.log").open("wb")
        self._process = subprocess.Popen(
            [program(), "--scenario", scenario_file, "--listen", "127.0.0.1:0", "--url-file", url_file],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = self._wait_for(url_file).strip()
        assert self.url.startswith("http://127.0.0.1:"), self.url

    def _wait_for(self, url_file):
        deadline = time.monotonic() + START_DEADLINE
        while time.monotonic() < deadline:
            if url_file.exists():
                return url_file.read_text()
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        self.close()
        raise AssertionError("the sandbox did not start: " + pathlib.Path(self._log.name).read_text())

    def close(self):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            self._log.close()
            self._console.close()

    def ask(self, method, path, body=None):
        """One request to the console or the instruments; anything but a success fails the test."""
        reply = self._console.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=30)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        return reply.json() if reply.content else None

    def google(self, method, path, body=None):
        return self.ask(method, f"google/{path}", body)

    def calls(self):
        """Every call that the vendors got."""
        return self.ask("GET", "log")["calls"]


def program():
    """The program to test: DEPUTY_SANDBOX, or the debug build."""
    given = os.environ.get("DEPUTY_SANDBOX")
    return pathlib.Path(given) if given else REPOSITORY / "target/debug/deputy-sandbox"
