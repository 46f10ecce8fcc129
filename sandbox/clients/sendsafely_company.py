"""SendSafely's own client, pointed at the sandbox, and the company that the tests meet there."""

import base64
import datetime
import json

import requests
from sendsafely import SendSafely
from sendsafely.utilities import make_headers

HOST = "acme.sendsafely.com"
DEPUTY = "deputy@acme.example"
ADMIN = "it-admin@acme.example"
PETER = "peter.parker@acme.example"
MARY = "mary.jane@acme.example"
PACKAGES = 120


def scenario():
    """A small company with a service account that is an administrator."""
    account = {
        "email": DEPUTY,
        "name": "Deputy Account",
        "admin": True,
        "serviceAccount": True,
        "dropzone": {"recipients": [PETER]},
        "generate": {"packages": 12},
    }
    return {
        "seed": 7,
        # The audit log forgets what is older than 90 days.
        "epoch": datetime.datetime.now(datetime.UTC).isoformat(),
        "sendsafely": {
            "host": HOST,
            "systemName": "Acme",
            "users": [
                account,
                {"email": ADMIN, "name": "Ned Leeds", "admin": True},
                {"email": PETER, "generate": {"packages": PACKAGES}},
                {"email": MARY},
            ],
            "groups": [
                {"name": "Legal", "members": [PETER, "law@other.example"]},
                {"name": "Friends", "owner": DEPUTY, "members": [MARY]},
            ],
        },
    }


class Company:
    """One account of the company, with a key."""

    def __init__(self, sandbox, account=DEPUTY):
        self.sandbox = sandbox
        self.account = account
        self.url = f"{sandbox.url}/sendsafely"
        self.key = self.make_key()

    def console(self, method, path, body=None):
        return self.sandbox.ask(method, f"sendsafely/{path}", body)

    def user(self, method, path="", body=None, email=None):
        return self.console(method, f"users/{email or self.account}/{path}".rstrip("/"), body)

    def make_key(self, email=None):
        return self.user("POST", "keys", {"description": "a test"}, email)

    def client(self, key=None, url=None):
        """The vendor's client."""
        key = key or self.key
        return SendSafely(url or self.url, key["apiKey"], key["apiSecret"])

    def request(self, method, endpoint, body=None, query=None, key=None, **headers):
        """A request that the client has no method for, signed by its own code; the reply as it is."""
        key = key or self.key
        text = None if body is None else json.dumps(body)
        headers = make_headers(key["apiSecret"], key["apiKey"], endpoint, text) | headers
        url = f"{self.url}/api/v2.0{endpoint}"
        return requests.request(method, url, data=text, params=query, headers=headers, timeout=30)

    def ask(self, method, endpoint, body=None, **how):
        """The body of the reply, which comes with 200 whatever happened."""
        reply = self.request(method, endpoint, body, **how)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def scim(self, credentials, path="Users", **query):
        pair = f"{credentials['scimUsername']}:{credentials['scimPassword']}".encode()
        headers = {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        return requests.get(f"{self.url}/scim/v2/{path}", params=query, headers=headers, timeout=30)
