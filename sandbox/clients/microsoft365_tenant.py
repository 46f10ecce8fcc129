"""Microsoft's own clients, pointed at the sandbox, and the tenant that the tests meet there."""

import asyncio
import base64
import copy
import json
import re
import time

import httpx
import jwt
import msal
import requests
from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from keys import private_pem, signed_certificate
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from kiota_http.middleware.options import RetryHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

LOGIN = "https://login.microsoftonline.com"
SCOPE = "https://graph.microsoft.com/.default"
TENANT = "6d1f0a52-3f0c-4b1e-9a57-0000000000aa"
OTHER_TENANT = "6d1f0a52-3f0c-4b1e-9a57-0000000000bb"
AGENCY = "6d1f0a52-3f0c-4b1e-9a57-0000000000cc"
CLIENT = "6d1f0a52-3f0c-4b1e-9a57-0000000000a1"
PETER = "peter.parker@acme.example"
PETER_ID = "6d1f0a52-3f0c-4b1e-9a57-000000000002"
SPIDEY = "spidey@acme.example"
MARY = "mary.jane@acme.example"
SHARED = "office@acme.example"
ISSUER = "https://cluster.example"
SUBJECT = "system:serviceaccount:deputy:deputy"
AUDIENCE = "api://AzureADTokenExchange"
ROLES = [
    "Application.Read.All",
    "Calendars.Read",
    "Files.Read.All",
    "Mail.Read",
    "Mail.Send",
    "MailboxSettings.Read",
    "User.Read.All",
]

MESSAGES = 90
EVENTS = 30
FILES = 45
WINDOW = ("2026-09-01T00:00:00Z", "2027-01-01T00:00:00Z")


def scenario(quota="off", app=None, **users):
    """A small tenant. `app` changes the application, `users` the people by their first name."""
    people = {
        "peter": {
            "email": PETER,
            "id": PETER_ID,
            "aliases": [SPIDEY],
            "mail": {"generate": {"messages": MESSAGES}},
            "calendar": {"generate": {"events": EVENTS}},
            "files": {"generate": {"files": FILES}},
        },
        "mary": {"email": MARY, "mail": {"generate": {"messages": 3}}},
        "office": {"email": SHARED, "shared": True, "mail": {"generate": {"messages": 2}}},
        "harry": {"email": "harry@acme.example", "licensed": False, "mailbox": False},
    }
    for name, change in users.items():
        people[name] = people.get(name, {}) | change
    registration = {
        "clientId": CLIENT,
        "displayName": "Deputy",
        "roles": ROLES,
        "federated": [{"issuer": ISSUER, "subject": SUBJECT, "audience": AUDIENCE}],
    }
    return {
        "seed": 7,
        "microsoft365": {
            "tenant": {"id": TENANT, "domains": ["acme.example"]},
            "otherTenants": [{"id": OTHER_TENANT}, {"id": AGENCY, "cloud": "usGovernment"}],
            "quota": quota,
            "apps": [registration | (app or {})],
            "users": list(people.values()),
        },
    }


class Rerouted(requests.adapters.HTTPAdapter):
    """Sends what is for the vendor's token endpoint to the sandbox: MSAL takes no address without TLS."""

    def __init__(self, url):
        super().__init__()
        self._url = url
        #: The reply to the last request for a token.
        self.last = None

    def send(self, request, **how):
        request = request.copy()
        request.url = request.url.replace(LOGIN, f"{self._url}/microsoft365/login", 1)
        reply = super().send(request, **how)
        if request.method == "POST":
            self.last = reply
        return reply


class Key:
    """An RSA key with a certificate of its own."""

    def __init__(self, days=30):
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = signed_certificate(self.private, days)
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.sha1 = certificate.fingerprint(hashes.SHA1()).hex()
        self.sha256 = certificate.fingerprint(hashes.SHA256())
        self.pem = private_pem(self.private)

    def jwks(self, kid="k1"):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {"keys": [public | {"kid": kid, "use": "sig", "alg": "RS256"}]}

    def federated(self, kid="k1", **changes):
        """A token like those that a cluster projects into pods."""
        now = int(time.time())
        claims = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + 600} | changes
        return jwt.encode(claims, self.private, "RS256", headers={"kid": kid})

    def assertion(self, audience, algorithm="PS256", header=None, **changes):
        """An assertion like MSAL's own, with some claims changed or (None) left out."""
        now = int(time.time())
        claims = {"aud": audience, "iss": CLIENT, "sub": CLIENT, "jti": "1", "nbf": now, "exp": now + 600} | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        print_ = base64.urlsafe_b64encode(self.sha256).rstrip(b"=").decode()
        return jwt.encode(claims, self.private, algorithm, headers=header or {"x5t#S256": print_})


class Credential:
    """Lets the SDK fetch its tokens with MSAL."""

    def __init__(self, app):
        self.app = app

    def get_token(self, *scopes, **_how):
        reply = self.app.acquire_token_for_client(list(scopes))
        assert "access_token" in reply, reply
        return AccessToken(reply["access_token"], int(time.time()) + reply["expires_in"])


class Tenant:
    """The clients of one application at one sandbox."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.route = Rerouted(sandbox.url)
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount(LOGIN, self.route)
        self.loop = asyncio.new_event_loop()
        self._opened = []

    def close(self):
        for client in self._opened:
            self.loop.run_until_complete(client.aclose())
        self.loop.close()

    def console(self, method, path, body=None):
        return self.sandbox.ask(method, f"microsoft365/{path}", body)

    def app(self, method, path="", body=None):
        return self.console(method, f"apps/{CLIENT}/{path}".rstrip("/"), body)

    def user(self, method, path, body=None, email=PETER):
        return self.console(method, f"users/{email}/{path}".rstrip("/"), body)

    def secret(self):
        return self.app("POST", "secrets")

    def msal(self, credential, client=CLIENT, tenant=TENANT):
        """MSAL's confidential client."""
        return msal.ConfidentialClientApplication(
            client, credential, authority=f"{LOGIN}/{tenant}", http_client=self.session
        )

    def token(self, credential=None, **how):
        """What MSAL gets for a credential."""
        credential = credential or self.secret()["value"]
        return self.msal(credential, **how).acquire_token_for_client([SCOPE])

    def graph(self, credential=None, retries=0):
        """The SDK's client."""
        client = httpx.AsyncClient(trust_env=False, timeout=30)
        self._opened.append(client)
        options = {RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=retries, delay=0)}
        client = GraphClientFactory.create_with_default_middleware(client=client, options=options)
        auth = AzureIdentityAuthenticationProvider(
            Credential(self.msal(credential or self.secret()["value"])), scopes=[SCOPE], allowed_hosts=["127.0.0.1"]
        )
        adapter = GraphRequestAdapter(auth, client)
        adapter.base_url = f"{self.sandbox.url}/microsoft365/graph/v1.0"
        return GraphServiceClient(request_adapter=adapter)

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def pages(self, builder, query=None, immutable=True, size=None, most=500):
        """Every page of a listing or of a round, as the SDK reads them."""
        configuration = config(query, immutable, size)
        for _ in range(most):
            page = self.run(builder.get(request_configuration=copy.copy(configuration)))
            yield page
            if not page.odata_next_link:
                return
            configuration = config(None, immutable, size)
            builder = builder.with_url(page.odata_next_link)
        raise AssertionError("paging does not end")

    def round(self, builder, query=None, immutable=True, size=None):
        """What a round of change tracking tells: what is there, what is removed, and the builder of the next round."""
        there, removed, last = {}, set(), None
        for last in self.pages(builder, query, immutable, size):
            for item in last.value:
                if "@removed" in item.additional_data:
                    removed.add(item.id)
                    there.pop(item.id, None)
                else:
                    there[item.id] = item
                    removed.discard(item.id)
        assert last.odata_delta_link
        return there, removed, builder.with_url(last.odata_delta_link)

    def state(self, email=PETER, window=None):
        query = f"?startDateTime={window[0]}&endDateTime={window[1]}" if window else ""
        return self.user("GET", f"state{query}", email=email)

    def deliver(self, subject="A word", email=PETER, **how):
        text = (
            f"From: Ann <ann@other.example>\r\nTo: {email}\r\nSubject: {subject}\r\n"
            f"Date: Tue, 3 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{subject.replace(' ', '.')}@other.example>\r\n"
            "\r\nHello\r\n"
        )
        return self.user("POST", "messages", {"rfc822": text} | how, email)["id"]


def config(query=None, immutable=True, size=None):
    """A request's query and its preferences."""
    configuration = RequestConfiguration(query_parameters=query)
    if immutable:
        configuration.headers.add("Prefer", 'IdType="ImmutableId"')
    if size:
        configuration.headers.add("Prefer", f"odata.maxpagesize={size}")
    return configuration


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def code(reply):
    """The number in an AADSTS text, which must be the one in error_codes."""
    number = int(re.match(r"AADSTS(\d+): ", reply["error_description"])[1])
    assert reply["error_codes"] == [number]
    return number


def refusal(error):
    """Status, code and message of an ODataError."""
    return error.response_status_code, error.error.code, error.error.message
