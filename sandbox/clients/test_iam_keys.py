"""Keys of a service account, as google-api-python-client manages them.

Source: docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys (2026-11-27).
"""

import base64
import json
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from google.auth.exceptions import RefreshError
from google_tenant import ACCOUNT, CLIENT_ID, GMAIL, PROJECT, SCOPE, body, detail
from googleapiclient.errors import HttpError
from keys import certificate, private_pem

CLOUD = SCOPE + "cloud-platform"
NAME = f"projects/-/serviceAccounts/{ACCOUNT}"
FULL_NAME = f"projects/sandbox-{PROJECT}/serviceAccounts/{ACCOUNT}"


def keys(tenant, *scopes, subject=None):
    client = tenant.build("iam", "v1", *(scopes or [CLOUD]), subject=subject)
    return client.projects().serviceAccounts().keys()


def managed(iam):
    listed = iam.list(name=NAME, keyTypes=["USER_MANAGED"]).execute().get("keys", [])
    return [key["name"].rpartition("/")[2] for key in listed]


def refused(request):
    """Status, canonical status and message of what must be refused."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    error = body(caught.value)
    assert "errors" not in error, "the cloud's own APIs have no such list"
    return error["code"], error["status"], error["message"]


def works(tenant, key):
    tenant.key = key
    try:
        return bool(tenant.token(GMAIL))
    except RefreshError as error:
        assert error.args[1] == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        return False


def upload(iam, pem):
    data = base64.b64encode(pem.encode()).decode()
    return iam.upload(name=NAME, body={"publicKeyData": data})


def test_a_key_that_google_makes(tenant):
    first, iam = tenant.key, keys(tenant)
    made = iam.create(name=NAME, body={}).execute()
    assert made["name"].startswith(f"{FULL_NAME}/keys/")
    assert (made["keyType"], made["keyOrigin"]) == ("USER_MANAGED", "GOOGLE_PROVIDED")
    assert (made["keyAlgorithm"], made["validBeforeTime"]) == ("KEY_ALG_RSA_2048", "9999-12-31T23:59:59Z")
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    assert file.keys() == first.keys()
    assert file["private_key_id"] == made["name"].rpartition("/")[2]
    assert works(tenant, file) and works(tenant, first)
    assert sorted(managed(iam)) == sorted([first["private_key_id"], file["private_key_id"]])
    shown = iam.get(name=made["name"], publicKeyType="TYPE_X509_PEM_FILE").execute()
    assert "privateKeyData" not in shown
    found = x509.load_pem_x509_certificate(base64.b64decode(shown["publicKeyData"]))
    assert found.subject.rfc4514_string() == f"CN={CLIENT_ID}"
    found.verify_directly_issued_by(found)
    assert iam.delete(name=made["name"]).execute() == {}
    assert works(tenant, first) and not works(tenant, file)
    again = iam.delete(name=made["name"])
    assert refused(again) == (404, "NOT_FOUND", f"Service account key {file['private_key_id']} does not exist.")
    assert refused(iam.get(name=made["name"]))[0] == 404


def test_a_key_of_our_own(tenant):
    first, iam = tenant.key, keys(tenant)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = certificate(private, days=30)
    made = upload(iam, pem).execute()
    assert (made["keyOrigin"], made["keyType"]) == ("USER_PROVIDED", "USER_MANAGED")
    dates = x509.load_pem_x509_certificate(pem.encode())
    assert made["validAfterTime"] == dates.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert made["validBeforeTime"] == dates.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    own = first | {"private_key": private_pem(private), "private_key_id": made["name"].rpartition("/")[2]}
    assert works(tenant, own)
    shown = iam.get(name=made["name"], publicKeyType="TYPE_X509_PEM_FILE").execute()
    assert base64.b64decode(shown["publicKeyData"]).decode().split() == pem.split()
    iam.delete(name=made["name"]).execute()
    assert not works(tenant, own)


def test_what_is_no_rsa_certificate_is_refused(tenant):
    iam = keys(tenant)
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()), days=30)
    for pem in ["", "none", elliptic]:
        assert refused(upload(iam, pem))[:2] == (400, "INVALID_ARGUMENT")
    request = iam.upload(name=NAME, body={"publicKeyData": "!"})
    assert "Base64 decoding failed" in refused(request)[2]
    assert len(managed(iam)) == 1


def test_an_expired_certificate_signs_nothing(tenant):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = upload(keys(tenant), certificate(private, days=-1)).execute()
    own = {"private_key": private_pem(private), "private_key_id": made["name"].rpartition("/")[2]}
    assert not works(tenant, tenant.key | own)


def test_a_disabled_key_signs_nothing(tenant):
    first, iam = tenant.key, keys(tenant)
    made = iam.create(name=NAME, body={}).execute()
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    iam.disable(name=made["name"], body={}).execute()
    shown = iam.get(name=made["name"]).execute()
    assert (shown["disabled"], shown["disableReason"]) == (True, "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED")
    assert not works(tenant, file) and works(tenant, first)
    iam.enable(name=made["name"], body={}).execute()
    assert "disabled" not in iam.get(name=made["name"]).execute()
    assert works(tenant, file)


def test_googles_own_key_is_listed_and_left_alone(tenant):
    iam = keys(tenant)
    (own,) = iam.list(name=NAME, keyTypes=["SYSTEM_MANAGED"]).execute()["keys"]
    assert own["keyType"] == "SYSTEM_MANAGED"
    assert own["name"] in [key["name"] for key in iam.list(name=NAME).execute()["keys"]]
    assert refused(iam.delete(name=own["name"]))[:2] == (400, "FAILED_PRECONDITION")


def test_ten_keys_and_no_more(tenant):
    iam = keys(tenant)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for _ in range(9):
        upload(iam, certificate(private, days=30)).execute()
    for request in (upload(iam, certificate(private, days=30)), iam.create(name=NAME, body={})):
        assert refused(request) == (400, "FAILED_PRECONDITION", "Precondition check failed.")
    assert len(managed(iam)) == 10


def test_the_role_and_the_account(tenant):
    iam = keys(tenant)
    stranger = "projects/-/serviceAccounts/stranger@acme.iam.gserviceaccount.com"
    denied = "Permission 'iam.serviceAccountKeys.create' denied on resource (or it may not exist)."
    assert refused(iam.create(name=stranger, body={})) == (403, "PERMISSION_DENIED", denied)
    assert refused(iam.list(name=f"projects/elsewhere/serviceAccounts/{ACCOUNT}"))[0] == 403
    assert iam.list(name=f"projects/{PROJECT}/serviceAccounts/{CLIENT_ID}").execute()["keys"]
    tenant.sandbox.google("PATCH", f"service-accounts/{ACCOUNT}", {"keyAdmin": False})
    with pytest.raises(HttpError) as caught:
        iam.create(name=NAME, body={}).execute()
    assert detail(caught.value)["reason"] == "IAM_PERMISSION_DENIED"
    assert detail(caught.value)["metadata"]["permission"] == "iam.serviceAccountKeys.create"
    assert refused(iam.list(name=NAME))[1] == "PERMISSION_DENIED"


def test_a_person_is_no_administrator_of_keys(tenant):
    tenant.sandbox.google("POST", f"delegation/{CLIENT_ID}/grant", {"scope": CLOUD})
    assert refused(keys(tenant, subject="peter.parker@acme.example").list(name=NAME))[0] == 403


def test_the_api_and_the_scope(tenant):
    request = keys(tenant, GMAIL).list(name=NAME)
    with pytest.raises(HttpError) as caught:
        request.execute()
    assert detail(caught.value)["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    tenant.sandbox.google("PATCH", f"projects/{PROJECT}", {"apis": ["gmail"]})
    with pytest.raises(HttpError) as caught:
        keys(tenant).list(name=NAME).execute()
    assert detail(caught.value)["reason"] == "SERVICE_DISABLED"
    assert detail(caught.value)["metadata"]["service"] == "iam.googleapis.com"


def test_constraints_of_the_organisation(tenant):
    iam = keys(tenant)
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for constraint, request, what in (
        ("iam.disableServiceAccountKeyCreation", iam.create(name=NAME, body={}), "creation"),
        ("iam.disableServiceAccountKeyUpload", upload(iam, certificate(private, days=30)), "upload"),
    ):
        tenant.sandbox.google("PUT", "org-policies", {"constraints": [constraint]})
        with pytest.raises(HttpError) as caught:
            request.execute()
        error = body(caught.value)
        assert (error["code"], error["status"]) == (400, "FAILED_PRECONDITION")
        assert error["message"] == f"Key {what} is not allowed on this service account."
        (violation,) = error["details"][0]["violations"]
        assert violation["type"] == f"constraints/{constraint}"
        tenant.sandbox.google("PUT", "org-policies", {"constraints": []})
        request.execute()


def test_a_new_key_is_not_known_at_once(tenant):
    first, iam = tenant.key, keys(tenant)
    tenant.sandbox.google("PUT", "key-propagation", {"ms": 1500})
    made = iam.create(name=NAME, body={}).execute()
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    assert not works(tenant, file) and works(tenant, first)
    assert refused(iam.get(name=made["name"]))[0] == 404
    deadline = time.monotonic() + 20
    while not works(tenant, file):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert iam.get(name=made["name"]).execute()["name"] == made["name"]


def test_nobody_is_named(tenant):
    iam = keys(tenant)
    iam.create(name=NAME, body={}).execute()
    call = tenant.sandbox.calls()[-1]
    assert (call["api"], call["subject"], call["names"]) == ("iam", ACCOUNT, [])
