"""Gmail's history: what a sync reads after its first listing.

Source: developers.google.com/workspace/gmail/api/guides/sync and reference users.history.list (2026-11-22).
"""

import pytest
from google_tenant import GMAIL_METADATA, PETER, pages, reason
from googleapiclient.errors import HttpError


def start(gmail):
    return gmail.users().getProfile(userId="me").execute()["historyId"]


def changes(gmail, since, **how):
    """Every history record since, and the history id to go on from."""
    history = gmail.users().history()
    found = list(pages(history, history.list(userId="me", startHistoryId=since, **how)))
    return [record for page in found for record in page.get("history", [])], found[-1]["historyId"]


def ids(records, kind):
    return [entry["message"]["id"] for record in records for entry in record.get(kind, [])]


def test_nothing_new_has_no_history_key(tenant):
    gmail = tenant.gmail()
    since = start(gmail)
    page = gmail.users().history().list(userId="me", startHistoryId=since).execute()
    assert "history" not in page and int(page["historyId"]) >= int(since)


def test_what_happens_is_told_in_order(tenant):
    gmail = tenant.gmail()
    since = start(gmail)
    first, second = tenant.deliver(subject="First"), tenant.deliver(subject="Second")
    tenant.user("PATCH", f"messages/{first}", {"addLabels": ["STARRED"], "removeLabels": ["INBOX"]})
    tenant.user("PATCH", f"messages/{second}", {"addLabels": ["TRASH"]})
    tenant.user("DELETE", f"messages/{first}")
    records, after = changes(gmail, since)
    numbers = [int(record["id"]) for record in records]
    assert numbers == sorted(numbers) and all(number > int(since) for number in numbers)
    assert int(after) >= numbers[-1]
    assert ids(records, "messagesAdded") == [first, second]
    assert ids(records, "messagesDeleted") == [first]
    added = [(e["message"]["id"], e["labelIds"]) for r in records for e in r.get("labelsAdded", [])]
    assert (first, ["STARRED"]) in added and (second, ["TRASH"]) in added
    removed = [(e["message"]["id"], e["labelIds"]) for r in records for e in r.get("labelsRemoved", [])]
    assert (first, ["INBOX"]) in removed
    assert changes(gmail, after) == ([], after)


def test_the_history_id_of_a_message_is_a_place_to_start(tenant):
    gmail = tenant.gmail()
    first = tenant.deliver(subject="First")
    at = gmail.users().messages().get(userId="me", id=first, format="minimal").execute()["historyId"]
    second = tenant.deliver(subject="Second")
    assert ids(changes(gmail, at)[0], "messagesAdded") == [second]


def test_pages_of_history(tenant):
    gmail = tenant.gmail()
    since = start(gmail)
    sent = [tenant.deliver(subject=f"Number {number}") for number in range(25)]
    history = gmail.users().history()
    found = list(pages(history, history.list(userId="me", startHistoryId=since, maxResults=10)))
    assert len(found) >= 3
    records = [record for page in found for record in page.get("history", [])]
    assert ids(records, "messagesAdded") == sent


def test_only_some_types_and_one_label(tenant):
    gmail = tenant.gmail()
    since = start(gmail)
    kept, other = tenant.deliver(subject="Kept"), tenant.deliver(subject="Other", labels=["STARRED"])
    tenant.user("DELETE", f"messages/{other}")
    records, _ = changes(gmail, since, historyTypes=["messageDeleted"])
    assert ids(records, "messagesDeleted") == [other]
    assert ids(records, "messagesAdded") == []
    assert kept in ids(changes(gmail, since, labelId="INBOX")[0], "messagesAdded")
    assert other not in ids(changes(gmail, since, labelId="INBOX")[0], "messagesAdded")


def test_the_metadata_scope_reads_history(tenant):
    gmail = tenant.gmail(GMAIL_METADATA)
    since = start(gmail)
    id = tenant.deliver()
    assert ids(changes(gmail, since)[0], "messagesAdded") == [id]


def test_an_expired_history_id_is_not_found(tenant):
    gmail = tenant.gmail()
    since = start(gmail)
    tenant.sandbox.google("POST", f"users/{PETER}/expire", {"what": "history"})
    tenant.deliver()
    with pytest.raises(HttpError) as caught:
        changes(gmail, since)
    assert (caught.value.resp.status, reason(caught.value)) == (404, "notFound")
    fresh = start(gmail)
    id = tenant.deliver(subject="After")
    assert ids(changes(gmail, fresh)[0], "messagesAdded") == [id]


def test_a_start_is_required(tenant):
    history = tenant.gmail().users().history()
    with pytest.raises(HttpError) as caught:
        history.list(userId="me").execute()
    assert caught.value.resp.status == 400


def test_random_edits_end_where_the_state_is(tenant):
    gmail = tenant.gmail()
    messages = gmail.users().messages()
    listing = pages(messages, messages.list(userId="me", maxResults=500, includeSpamTrash=True))
    since = start(gmail)
    labels = {}
    for page in listing:
        for row in page["messages"]:
            message = messages.get(userId="me", id=row["id"], format="minimal").execute()
            labels[row["id"]] = set(message.get("labelIds", []))
    tenant.user("POST", "edits", {"count": 120, "seed": 3, "streams": ["mail"]})
    records, _ = changes(gmail, since)
    assert records
    for record in records:
        for entry in record.get("messagesAdded", []):
            labels[entry["message"]["id"]] = set(entry["message"].get("labelIds", []))
        for entry in record.get("labelsAdded", []):
            labels[entry["message"]["id"]] |= set(entry["labelIds"])
        for entry in record.get("labelsRemoved", []):
            labels[entry["message"]["id"]] -= set(entry["labelIds"])
        for entry in record.get("messagesDeleted", []):
            labels.pop(entry["message"]["id"], None)
    truth = {m["id"]: set(m.get("labelIds", [])) for m in tenant.user("GET", "state")["messages"]}
    assert set(labels) == set(truth)
    assert labels == truth
