"""Limits and faults: what Microsoft's client takes for a limit, and what it makes of broken replies.

Source: learn.microsoft.com/graph/throttling-limits (2026-11-22).
"""

import asyncio

import httpx
import pytest
import requests
from microsoft365_tenant import MARY, PETER, refusal
from msgraph.generated.models.o_data_errors.o_data_error import ODataError


def inbox(graph, user=PETER):
    return graph.users.by_user_id(user).mail_folders.by_mail_folder_id("inbox")


def at_once(m365, graph, users):
    """The outcomes of calls that are made at the same time."""

    async def ask():
        return await asyncio.gather(*(inbox(graph, user).get() for user in users), return_exceptions=True)

    return m365.run(ask())


def slow(m365):
    fault = {"match": {"pathPrefix": "/microsoft365/graph/"}, "do": {"delayMs": 300}}
    m365.sandbox.ask("PUT", "faults", {"faults": [fault]})


@pytest.mark.m365(quota="vendor")
def test_four_calls_at_once_per_mailbox(m365):
    graph = m365.graph()
    m365.run(inbox(graph).get())
    slow(m365)
    outcomes = at_once(m365, graph, [PETER] * 6)
    refused = [refusal(each) for each in outcomes if isinstance(each, ODataError)]
    assert refused == [(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.")] * 2
    assert not any(isinstance(each, ODataError) for each in at_once(m365, graph, [PETER] * 4 + [MARY] * 4))
    assert m365.sandbox.ask("GET", "stats")["throttled"] == 2


@pytest.mark.m365(quota="vendor")
def test_the_client_waits_and_tries_again(m365):
    graph = m365.graph(retries=3)
    m365.run(inbox(graph).get())
    slow(m365)
    outcomes = at_once(m365, graph, [PETER] * 5)
    assert [each.display_name for each in outcomes] == ["Inbox"] * 5


def test_no_limits(m365):
    graph = m365.graph()
    slow(m365)
    assert [each.display_name for each in at_once(m365, graph, [PETER] * 8)] == ["Inbox"] * 8


@pytest.mark.m365(quota="vendor")
def test_the_directory_counts_units(m365):
    token = m365.token()["access_token"]
    url = f"{m365.sandbox.url}/microsoft365/graph/v1.0/users/{PETER}"
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {token}"
    assert session.get(url).headers["x-ms-resource-unit"] == "2"
    assert session.get(f"{url}?$select=id").headers["x-ms-resource-unit"] == "1"
    assert "request-id" in session.get(url).headers


def test_faults_strike_by_mailbox(m365):
    graph = m365.graph()
    m365.run(inbox(graph).get())
    body = {"error": {"code": "ServiceUnavailable", "message": "Later."}}
    fault = {"match": {"subject": PETER}, "do": {"reply": {"status": 503, "body": body}}}
    m365.sandbox.ask("PUT", "faults", {"faults": [fault]})
    assert m365.run(inbox(graph, MARY).get()).display_name == "Inbox"
    with pytest.raises(ODataError) as caught:
        m365.run(inbox(graph).get())
    assert refusal(caught.value) == (503, "ServiceUnavailable", "Later.")
    assert m365.sandbox.calls()[-1]["reason"] == "ServiceUnavailable"


@pytest.mark.parametrize("do", [{"close": True}, {"cut": {"afterBytes": 10}}, {"apply_then_close": True}])
def test_connections_that_break(m365, do):
    graph = m365.graph()
    m365.run(inbox(graph).get())
    m365.sandbox.ask("PUT", "faults", {"faults": [{"match": {"subject": PETER}, "do": do}]})
    with pytest.raises(httpx.TransportError):
        m365.run(inbox(graph).get())


def test_the_log_names_everybody_whom_a_request_names(m365):
    graph = m365.graph()
    m365.run(inbox(graph, "spidey@acme.example").get())
    drive = m365.run(graph.users.by_user_id(PETER).drive.get()).id
    m365.run(graph.drives.by_drive_id(drive).get())
    calls = [call for call in m365.sandbox.calls() if call["api"] != "token"]
    assert [(call["api"], call["subject"]) for call in calls] == [("mail", PETER), ("drive", PETER), ("drive", PETER)]
    assert calls[0]["names"] == [PETER, "spidey@acme.example"]
    assert {call["vendor"] for call in calls} == {"microsoft365"}
