"""Google's official clients, pointed at the sandbox, and the tenant that the tests meet there."""

import copy
import json

import google_auth_httplib2
import httplib2
import requests
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from googleapiclient import discovery
from googleapiclient.discovery_cache import get_static_doc

SCOPE = "https://www.googleapis.com/auth/"
GMAIL = SCOPE + "gmail.readonly"
GMAIL_METADATA = SCOPE + "gmail.metadata"
GMAIL_SEND = SCOPE + "gmail.send"
CALENDAR = SCOPE + "calendar"
CALENDAR_READ = SCOPE + "calendar.readonly"
FREE_BUSY = SCOPE + "calendar.events.freebusy"
DRIVE = SCOPE + "drive.metadata.readonly"
DIRECTORY = SCOPE + "admin.directory.user.readonly"
LICENSING = SCOPE + "apps.licensing"
DELEGATED = [GMAIL, GMAIL_METADATA, GMAIL_SEND, CALENDAR, CALENDAR_READ, FREE_BUSY, DRIVE, DIRECTORY, LICENSING]
#: A scope that exists and is not delegated.
UNDELEGATED = SCOPE + "gmail.modify"

ACCOUNT = "deputy@acme.iam.gserviceaccount.com"
CLIENT_ID = "107400000000000000001"
PROJECT = "107400000000"
ADMIN = "it-admin@acme.example"
PETER = "peter.parker@acme.example"
PETER_ID = "118300000000000000001"
SPIDEY = "spidey@acme.example"
MARY = "mary.jane@acme.example"

MESSAGES = 230
EVENTS = 60
FILES = 45


def scenario(quota="off", **users):
    """A small tenant. `users` changes the people by their first name."""
    people = {
        "admin": {"email": ADMIN, "admin": True},
        "peter": {
            "email": PETER,
            "id": PETER_ID,
            "aliases": [SPIDEY],
            "licenses": ["1010020020"],
            "mail": {"generate": {"messages": MESSAGES}},
            "calendars": [{"id": "primary", "generate": {"events": EVENTS}}],
            "files": {"generate": {"files": FILES}},
        },
        "mary": {"email": MARY, "mail": {"generate": {"messages": 3}}},
    }
    for name, change in users.items():
        people[name] = people.get(name, {}) | change
    return {
        "seed": 7,
        "google": {
            "customer": {"id": "C01acme", "domains": ["acme.example"]},
            "quota": quota,
            "projects": [{"number": PROJECT, "apis": ["gmail", "calendar", "drive", "admin", "licensing", "iam"]}],
            "serviceAccounts": [
                {
                    "email": ACCOUNT,
                    "clientId": CLIENT_ID,
                    "project": PROJECT,
                    "delegatedScopes": DELEGATED,
                    "keyAdmin": True,
                }
            ],
            "users": list(people.values()),
        },
    }


class RecordingRequest(Request):
    """The official transport, which also remembers the last reply's status: google-auth does not keep it."""

    status = None

    def __call__(self, *args, **kwargs):
        reply = super().__call__(*args, **kwargs)
        self.status = reply.status
        return reply


class Tenant:
    """The clients of one service account at one sandbox."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.key = sandbox.google("POST", "keys", {"serviceAccount": ACCOUNT})
        session = requests.Session()
        session.trust_env = False
        self.transport = RecordingRequest(session)

    def credentials(self, *scopes, subject=PETER):
        return service_account.Credentials.from_service_account_info(self.key, scopes=scopes, subject=subject)

    def token(self, *scopes, subject=PETER):
        """A token that google-auth fetched."""
        credentials = self.credentials(*scopes, subject=subject)
        credentials.refresh(self.transport)
        return credentials.token

    def build(self, name, version, *scopes, subject=PETER):
        """The official client of an API, with the sandbox as its root."""
        document = copy.deepcopy(discovery_document(name, version))
        # IAM has a host of its own and nothing in its paths that tells it apart, so it has a folder here.
        document["rootUrl"] = f"{self.sandbox.url}/google/" + ("iam/" if name == "iam" else "")
        http = google_auth_httplib2.AuthorizedHttp(
            self.credentials(*scopes, subject=subject), http=httplib2.Http(timeout=30, proxy_info=None)
        )
        return discovery.build_from_document(document, http=http)

    def gmail(self, *scopes, subject=PETER):
        return self.build("gmail", "v1", *(scopes or [GMAIL]), subject=subject)

    def calendar(self, *scopes, subject=PETER):
        return self.build("calendar", "v3", *(scopes or [CALENDAR_READ]), subject=subject)

    def drive(self, *scopes, subject=PETER):
        return self.build("drive", "v3", *(scopes or [DRIVE]), subject=subject)

    def directory(self, *scopes, subject=ADMIN):
        return self.build("admin", "directory_v1", *(scopes or [DIRECTORY]), subject=subject)

    def licensing(self, *scopes, subject=ADMIN):
        return self.build("licensing", "v1", *(scopes or [LICENSING]), subject=subject)

    def user(self, method, path, body=None, email=PETER):
        """The console's view of one user."""
        return self.sandbox.google(method, f"users/{email}/{path}".rstrip("/"), body)

    def deliver(self, subject="A word", labels=("INBOX",), email=PETER, body="Hello"):
        """Delivers a message and returns its id."""
        text = (
            f"From: Ann <ann@other.example>\r\nTo: {email}\r\nSubject: {subject}\r\n"
            f"Date: Tue, 3 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{subject.replace(' ', '.')}@other.example>\r\n"
            f"\r\n{body}\r\n"
        )
        return self.user("POST", "messages", {"rfc822": text, "labels": list(labels)}, email)["id"]

    def change_user(self, change, email=PETER):
        self.sandbox.google("PATCH", f"users/{email}", change)


def discovery_document(name, version):
    """The discovery document that the client ships."""
    return json.loads(get_static_doc(name, version))


def pages(resource, request, method="list"):
    """Every page of a listing, as the client pages through it."""
    following = getattr(resource, f"{method}_next")
    while request is not None:
        page = request.execute()
        yield page
        request = following(request, page)


def reason(error):
    """The legacy reason of an HttpError."""
    return body(error)["errors"][0]["reason"]


def body(error):
    """The error object of an HttpError's body."""
    return json.loads(error.content)["error"]


def detail(error):
    """The ErrorInfo of an HttpError's body."""
    details = body(error).get("details", [])
    return next(item for item in details if item["@type"] == "type.googleapis.com/google.rpc.ErrorInfo")
