"""Quotas and faults: what the official client takes for a limit, a hiccup or a broken reply.

Source: developers.google.com/workspace/gmail/api/reference/quota (2026-05-01).
"""

import http.client
import json
import time

import httplib2
import pytest
from google_tenant import PETER, body, reason
from googleapiclient.errors import HttpError
from googleapiclient.http import _should_retry_response

#: Units per minute and person of a project made after 2026-05-01, and the price of one message.
UNITS, PRICE = 6000, 20


def one_message(gmail):
    return gmail.users().messages().list(userId="me", maxResults=1).execute()["messages"][0]["id"]


def until_refused(gmail, most):
    """Fetches one message over and over: how often it worked, and the refusal if there was one."""
    id = one_message(gmail)
    for done in range(most):
        try:
            gmail.users().messages().get(userId="me", id=id, format="minimal").execute()
        except HttpError as error:
            return done, error
    return most, None


@pytest.mark.tenant(quota="2026")
def test_a_new_project_gets_three_hundred_messages_a_minute(tenant):
    done, error = until_refused(tenant.gmail(), UNITS // PRICE + 100)
    assert error is not None, "no limit was met"
    assert UNITS // PRICE - 2 <= done
    assert error.resp.status in (403, 429)
    assert reason(error) in ("rateLimitExceeded", "userRateLimitExceeded")
    assert _should_retry_response(error.resp.status, error.content), "the client takes it for a limit"
    assert tenant.sandbox.ask("GET", "stats")["throttled"] >= 1


@pytest.mark.tenant(quota="legacy")
def test_an_old_project_gets_more(tenant):
    assert until_refused(tenant.gmail(), UNITS // PRICE + 100) == (UNITS // PRICE + 100, None)


@pytest.mark.tenant(quota="off")
def test_no_quota(tenant):
    assert until_refused(tenant.gmail(), UNITS // PRICE + 100) == (UNITS // PRICE + 100, None)
    assert tenant.sandbox.ask("GET", "stats")["throttled"] == 0


def fault(do, **how):
    return {"match": {"method": "GET", "pathPrefix": "/google/gmail/v1/", "subject": PETER}, "do": do} | how


def strike(tenant, *faults):
    tenant.sandbox.ask("PUT", "faults", {"faults": list(faults)})


LIMIT = {
    "status": 403,
    "headers": {"Retry-After": "2"},
    "body": {
        "error": {
            "code": 403,
            "message": "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of "
            "service 'gmail.googleapis.com'",
            "errors": [{"domain": "usageLimits", "reason": "rateLimitExceeded", "message": "Quota exceeded"}],
        }
    },
}


def test_a_403_that_means_429_is_retried_by_the_client(tenant):
    profile = tenant.gmail().users().getProfile(userId="me")
    profile._sleep = lambda seconds: None
    strike(tenant, fault({"reply": LIMIT}, times=2))
    assert profile.execute(num_retries=3)["emailAddress"] == PETER
    with pytest.raises(HttpError) as caught:
        strike(tenant, fault({"reply": LIMIT}))
        profile.execute()
    assert (caught.value.resp["retry-after"], reason(caught.value)) == ("2", "rateLimitExceeded")
    assert body(caught.value)["message"].startswith("Quota exceeded for quota metric")


def test_skip_times_and_the_end_of_faults(tenant):
    profile = tenant.gmail().users().getProfile(userId="me")
    strike(tenant, fault({"reply": {"status": 503, "body": "down"}}, skip=1, times=1))
    profile.execute()
    with pytest.raises(HttpError) as caught:
        profile.execute()
    assert (caught.value.resp.status, caught.value.content) == (503, b"down")
    profile.execute()
    strike(tenant, fault({"reply": {"status": 500, "body": {}}}))
    strike(tenant)
    profile.execute()


def test_faults_of_others_do_not_touch(tenant):
    strike(tenant, {"match": {"subject": "mary.jane@acme.example"}, "do": {"close": True}})
    assert tenant.gmail().users().getProfile(userId="me").execute()["emailAddress"] == PETER


@pytest.mark.parametrize("do", [{"close": True}, {"cut": {"afterBytes": 10}}, {"apply_then_close": True}])
def test_connections_that_break(tenant, do):
    profile = tenant.gmail().users().getProfile(userId="me")
    profile.execute()
    strike(tenant, fault(do))
    broken = (ConnectionError, http.client.HTTPException, httplib2.HttpLib2Error)
    with pytest.raises(broken):
        profile.execute()
    strike(tenant)
    assert profile.execute()["emailAddress"] == PETER


def test_a_malformed_reply(tenant):
    profile = tenant.gmail().users().getProfile(userId="me")
    strike(tenant, fault({"malformed": True}))
    reply = profile.execute()
    # The client hands over what it cannot read.
    assert not isinstance(reply, dict)
    with pytest.raises(ValueError):
        json.loads(reply)


def test_a_late_reply(tenant):
    profile = tenant.gmail().users().getProfile(userId="me")
    strike(tenant, fault({"delayMs": 300}))
    started = time.monotonic()
    assert profile.execute()["emailAddress"] == PETER
    assert time.monotonic() - started >= 0.3
