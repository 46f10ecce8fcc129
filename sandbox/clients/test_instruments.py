"""The console refuses what it does not know, and the log misses nothing."""

import google_tenant
import requests
import vendors
from google_tenant import ADMIN, MARY, PETER, PETER_ID, pages


def console(tenant, method, path, body=None):
    return requests.request(method, f"{tenant.sandbox.url}/_sandbox/{path}", json=body, timeout=30).status_code


def test_unknown_things_and_unknown_fields(tenant):
    assert console(tenant, "PATCH", "google/users/nobody@acme.example", {"suspended": True}) == 404
    assert console(tenant, "PATCH", f"google/users/{PETER}", {"suspendet": True}) == 400
    assert console(tenant, "DELETE", "google/keys/none") == 404
    assert console(tenant, "GET", "nothing-here") == 404
    assert console(tenant, "PUT", "faults", {"faults": [{"do": {"explode": True}}]}) == 400


def test_the_log_names_everybody_whom_a_request_names(tenant):
    directory = tenant.directory()
    directory.users().get(userKey=PETER).execute()
    directory.users().get(userKey=PETER_ID).execute()
    tenant.gmail(subject=MARY).users().getProfile(userId="me").execute()
    calls = [call for call in tenant.sandbox.calls() if call["path"] != "/google/token"]
    named = [(call["api"], call["subject"], set(call["names"]) - {call["subject"]}) for call in calls]
    assert named[0][1:] == (ADMIN, {PETER})
    assert named[1][1:] == (ADMIN, {PETER_ID})
    assert named[2][1:] == (MARY, set())
    assert [call["seq"] for call in calls] == sorted(call["seq"] for call in calls)
    assert {call["vendor"] for call in calls} == {"google"}


def test_the_log_is_read_on_emptied_and_turned_off(tenant):
    gmail = tenant.gmail()
    gmail.users().getProfile(userId="me").execute()
    following = tenant.sandbox.ask("GET", "log")["next"]
    gmail.users().labels().list(userId="me").execute()
    later = tenant.sandbox.ask("GET", f"log?since={following}")["calls"]
    assert [call["path"] for call in later] == ["/google/gmail/v1/users/me/labels"]
    tenant.sandbox.ask("DELETE", "log")
    assert tenant.sandbox.calls() == []
    tenant.sandbox.ask("PUT", "log", {"enabled": False})
    gmail.users().getProfile(userId="me").execute()
    assert tenant.sandbox.calls() == []


def test_two_runs_of_a_scenario_are_alike(tenant, tmp_path_factory):
    other = vendors.Sandbox(google_tenant.scenario(), tmp_path_factory.mktemp("other"))
    try:
        state = other.google("GET", f"users/{PETER}/state")
    finally:
        other.close()
    mine = tenant.user("GET", "state")
    assert [message["id"] for message in mine["messages"]] == [message["id"] for message in state["messages"]]
    assert [event["id"] for event in mine["events"]] == [event["id"] for event in state["events"]]
    assert [file["id"] for file in mine["files"]] == [file["id"] for file in state["files"]]


def test_the_stats_count_by_api(tenant):
    messages = tenant.gmail().users().messages()
    list(pages(messages, messages.list(userId="me")))
    assert tenant.sandbox.ask("GET", "stats")["calls"]["gmail"] >= 3
