"""Entra's token endpoint, as MSAL meets it.

Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow and reference-error-codes
(2026-11-22).
"""

import base64

import pytest
import requests
from microsoft365_tenant import (
    AGENCY,
    AUDIENCE,
    CLIENT,
    ISSUER,
    LOGIN,
    OTHER_TENANT,
    ROLES,
    SCOPE,
    SUBJECT,
    TENANT,
    Key,
    claims,
    code,
)

ENDPOINT = f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def exchange(m365, tenant=TENANT, **form):
    """A token request as it is, without MSAL's care."""
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "scope": SCOPE} | form
    form = {name: value for name, value in form.items() if value is not None}
    url = f"{m365.sandbox.url}/microsoft365/login/{tenant}/oauth2/v2.0/token"
    reply = requests.post(url, data=form, timeout=30)
    return reply.status_code, reply.json()


def refused(m365, number, status, error, tenant=TENANT, **form):
    found, body = exchange(m365, tenant, **form)
    assert (found, body["error"], code(body)) == (status, error, number), body
    assert {"timestamp", "trace_id", "correlation_id", "error_uri"} <= set(body)


def asserted(assertion):
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def test_a_client_secret(m365):
    reply = m365.token()
    assert (reply["token_type"], reply["expires_in"]) == ("Bearer", 3599)
    token = claims(reply["access_token"])
    assert sorted(token["roles"]) == ROLES
    assert (token["appid"], token["tid"], token["idtyp"]) == (CLIENT, TENANT, "app")


def test_a_certificate_in_both_ways_that_msal_has(m365):
    key = Key()
    prints = m365.app("POST", "certificates", {"certificatePem": key.certificate})
    assert prints["thumbprintS256"] == key.sha256.hex().upper()
    for credential in (
        {"private_key": key.pem, "public_certificate": key.certificate},  # PS256 and x5t#S256
        {"private_key": key.pem, "thumbprint": key.sha1},  # RS256 and x5t
    ):
        assert "access_token" in m365.token(credential), credential.keys()
    m365.app("DELETE", f"certificates/{prints['thumbprintS256']}")
    reply = m365.token({"private_key": key.pem, "public_certificate": key.certificate})
    assert (reply["error"], code(reply)) == ("invalid_client", 700027)


def test_a_federated_token(m365):
    key = Key()
    m365.console("PUT", "issuers", {"issuer": ISSUER, "jwks": key.jwks()})
    reply = m365.token({"client_assertion": key.federated()})
    assert claims(reply["access_token"])["appid"] == CLIENT


def test_federated_tokens_must_match_to_the_letter(m365):
    key = Key()
    refused(m365, 50166, 400, "invalid_request", **asserted(key.federated()))
    m365.console("PUT", "issuers", {"issuer": ISSUER, "jwks": key.jwks()})
    for changes, number in (
        ({"iss": ISSUER + "/"}, 700211),
        ({"aud": ["https://kubernetes.default.svc"]}, 700212),
        ({"sub": SUBJECT.upper()}, 700213),
        ({"exp": 1_700_000_000}, 700024),
    ):
        refused(m365, number, 401, "invalid_client", **asserted(key.federated(**changes)))
    refused(m365, 50013, 401, "invalid_client", **asserted(Key().federated()))
    m365.app("PATCH", body={"federated": []})
    refused(m365, 70021, 401, "invalid_client", **asserted(key.federated()))
    m365.app("PATCH", body={"federated": [{"issuer": ISSUER, "subject": SUBJECT, "audience": "other"}]})
    refused(m365, 700212, 401, "invalid_client", **asserted(key.federated(aud=AUDIENCE)))


def test_assertions_are_checked(m365):
    key = Key()
    m365.app("POST", "certificates", {"certificatePem": key.certificate})
    own = f"{m365.sandbox.url}/microsoft365/login/{TENANT}/oauth2/v2.0/token"
    for audience in (ENDPOINT, own):
        assert exchange(m365, **asserted(key.assertion(audience)))[0] == 200
    for number, how in (
        (700023, {"audience": "https://elsewhere.example/token"}),
        (700021, {"iss": TENANT}),
        (700021, {"sub": TENANT}),
        (700024, {"exp": 1_700_000_000}),
        (700024, {"nbf": 4_000_000_000}),
        (700024, {"exp": None}),
        (50027, {"jti": None}),
        (700027, {"header": {"kid": "none"}}),
    ):
        audience = how.pop("audience", ENDPOINT)
        refused(m365, number, 401, "invalid_client", **asserted(key.assertion(audience, **how)))
    refused(m365, 50027, 401, "invalid_client", **asserted("no.token"))
    refused(m365, 900142, 400, "invalid_request", client_assertion=key.assertion(ENDPOINT))
    other = Key()
    stolen = other.assertion(ENDPOINT, header={"x5t#S256": key_print(key)})
    refused(m365, 700027, 401, "invalid_client", **asserted(stolen))


def key_print(key):
    return base64.urlsafe_b64encode(key.sha256).rstrip(b"=").decode()


def test_an_expired_certificate(m365):
    key = Key(days=-1)
    m365.app("POST", "certificates", {"certificatePem": key.certificate})
    refused(m365, 700027, 401, "invalid_client", **asserted(key.assertion(ENDPOINT)))


def test_secrets_end(m365):
    secret = m365.secret()
    assert "access_token" in m365.token(secret["value"])
    reply = m365.token(secret["secretId"])
    assert (reply["error"], code(reply)) == ("invalid_client", 7000215)
    m365.app("PATCH", f"secrets/{secret['secretId']}", {"expired": True})
    reply = m365.token(secret["value"])
    assert (reply["error"], code(reply)) == ("invalid_client", 7000222)
    assert m365.route.last.status_code == 401
    m365.app("PATCH", f"secrets/{secret['secretId']}", {"expired": False})
    assert "access_token" in m365.token(secret["value"])
    assert code(m365.token(m365.app("POST", "secrets", {"expired": True})["value"])) == 7000222
    m365.app("DELETE", f"secrets/{secret['secretId']}")
    assert code(m365.token(secret["value"])) == 7000215


def test_the_rest_of_the_table(m365):
    secret = m365.secret()["value"]
    for number, status, error, how in (
        (7000218, 401, "invalid_client", {}),
        (90002, 400, "invalid_request", {"tenant": "6d1f0a52-3f0c-4b1e-9a57-0000000000ff"}),
        (90002, 400, "invalid_request", {"tenant": "nobody.example"}),
        (900023, 400, "invalid_request", {"tenant": "acme"}),
        (9001023, 400, "invalid_request", {"tenant": "common"}),
        (90038, 400, "invalid_request", {"tenant": AGENCY}),
        (700016, 400, "unauthorized_client", {"tenant": OTHER_TENANT}),
        (700016, 400, "unauthorized_client", {"client_id": TENANT}),
        (70011, 400, "invalid_scope", {"scope": "https://graph.microsoft.com/Mail.Read", "client_secret": secret}),
        (28002, 400, "invalid_scope", {"scope": f"{SCOPE} https://x.example/.default", "client_secret": secret}),
        (500011, 400, "invalid_resource", {"scope": "https://graph.microsoft.us/.default", "client_secret": secret}),
        (70003, 400, "unsupported_grant_type", {"grant_type": "password"}),
        (900144, 400, "invalid_request", {"client_id": None}),
        (900144, 400, "invalid_request", {"grant_type": None}),
        (900144, 400, "invalid_request", {"scope": None}),
    ):
        refused(m365, number, status, error, **how)
    assert exchange(m365, tenant="acme.example", client_secret=secret)[0] == 200


def test_a_disabled_and_a_deleted_application(m365):
    secret = m365.secret()["value"]
    m365.app("PATCH", body={"enabled": False})
    reply = m365.token(secret)
    assert (reply["error"], code(reply)) == ("unauthorized_client", 7000112)
    m365.app("PATCH", body={"enabled": True, "deleted": True})
    assert code(m365.token(secret)) == 700016


def test_roles_are_those_of_the_moment_of_issue(m365):
    m365.app("PUT", "roles", {"roles": []})
    assert "roles" not in claims(m365.token()["access_token"])
    m365.app("POST", "grant", {"role": "Mail.ReadBasic.All"})
    assert claims(m365.token()["access_token"])["roles"] == ["Mail.ReadBasic.All"]
    m365.app("POST", "revoke", {"role": "Mail.ReadBasic.All"})
    assert "roles" not in claims(m365.token()["access_token"])


def test_an_unknown_tenant_stops_msal_at_its_discovery(m365):
    with pytest.raises(ValueError, match="tenant"):
        m365.msal("x", tenant="6d1f0a52-3f0c-4b1e-9a57-0000000000ff")


def test_nothing_secret_is_in_the_log(m365):
    secret = m365.secret()["value"]
    token = m365.token(secret)["access_token"]
    log = str(m365.sandbox.calls())
    assert secret not in log and token not in log and "canary" not in log
    call = m365.sandbox.calls()[-1]
    assert (call["vendor"], call["api"], call["clientId"]) == ("microsoft365", "token", CLIENT)
