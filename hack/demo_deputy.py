"""The demo of an account of Deputy's own: an identity provider makes and ends somebody by SCIM, with a key that is issued to it."""

import base64
import json
import urllib.error
import urllib.request
from string import Template

NAME = "deputy"
NED = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "it-admin@acme.example",
    "name": {"givenName": "Ned", "familyName": "Leeds"},
    "emails": [{"primary": True, "value": "it-admin@acme.example", "type": "work"}],
    "externalId": "00ujl29u0le5T6Aj10h7",
    "active": True,
}
LOOKUP = "Users?filter=userName%20eq%20%22it-admin%40acme.example%22&startIndex=1&count=100"
OFF = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "value": {"active": False}}],
}


class IdentityProvider:
    """Asks as Okta does."""

    def __init__(self, address, key):
        self.url, self.token = f"http://{address}/scim/v2", key["token"]

    def ask(self, method, path, body=None):
        """Returns the answer's body, which is none where it is a refusal."""
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/scim+json"},
        )
        try:
            with urllib.request.urlopen(request) as reply:
                status, answer = reply.status, json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as refused:
            status, answer = refused.code, None
        print(f"Okta: {method} /scim/v2/{path} -> {status}")
        return answer


def arguments(folder):
    """Returns what the operator is started with."""
    return "--scim", "--edge-listen", "127.0.0.1:0", "--edge-address-file", str(folder / "edge.address")


def issued_key(cluster):
    """Returns the entries of the Secret that the key was written to."""
    secret = json.loads(cluster.kubectl("get", "secret", "okta-key", "-o", "json").stdout)
    return {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}


def show(heading, manifests, cluster, folder, connection):
    """Lets an identity provider make and end somebody of a connection."""
    heading("An account of Deputy's own, and a key for the identity provider")
    for manifest in sorted((manifests / NAME).glob("*.yaml")):
        text = Template(manifest.read_text()).substitute(TARGET=connection)
        print(cluster.kubectl("apply", "-f", "-", text=text).stdout, end="")
    cluster.wait_for("sac/acme-deputy", "Ready", "True")
    cluster.wait_for("ak/okta", "Ready", "True")
    cluster.show("get", "sac,ak", "-o", "wide")
    key = issued_key(cluster)
    print(f"\nThe Secret okta-key has: {', '.join(sorted(key))}")

    heading("Ned is assigned in the identity provider, and is synced")
    okta = IdentityProvider((folder / "edge.address").read_text(), key)
    okta.ask("GET", LOOKUP)
    made = okta.ask("POST", "Users", NED)
    person = next(name for name, uid in people(cluster) if uid == made["id"])
    cluster.wait_for(f"su/{person}", "Ready", "True", "Synced")
    cluster.show("get", "su")

    heading("Ned is taken off again, and no request names him any more")
    okta.ask("PATCH", f"Users/{made['id']}", OFF)
    cluster.wait_for(f"su/{person}", "Ready", "True", "Disabled")
    cluster.show("get", "su")

    heading("The key is deleted, and opens nothing from then on")
    print(cluster.kubectl("delete", "ak", "okta").stdout, end="")
    if okta.ask("GET", LOOKUP) is not None:
        raise SystemExit("demo: a deleted key is still good")


def people(cluster):
    """Returns the names and UIDs of all people."""
    found = json.loads(cluster.kubectl("get", "su", "-o", "json").stdout)["items"]
    return [(person["metadata"]["name"], person["metadata"]["uid"]) for person in found]
