"""Gmail through google-api-python-client: listing, formats, labels, scopes and refusals.

Source: developers.google.com/workspace/gmail/api/reference/rest (2026-11-22).
"""

import base64
import email
import email.policy

import pytest
import requests
from google_tenant import (
    CALENDAR,
    GMAIL,
    GMAIL_METADATA,
    GMAIL_SEND,
    MARY,
    MESSAGES,
    PETER,
    PROJECT,
    SPIDEY,
    body,
    detail,
    pages,
    reason,
)
from googleapiclient.errors import HttpError
from vendors import REPOSITORY

CORPUS = REPOSITORY / "sandbox/corpus/mail"


def headers(message):
    return {header["name"].lower(): header["value"] for header in message["payload"]["headers"]}


def decode(data):
    return base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))


def refused(request):
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value


def test_the_profile(tenant):
    profile = tenant.gmail().users().getProfile(userId="me").execute()
    assert profile["emailAddress"] == PETER
    assert profile["messagesTotal"] == MESSAGES
    assert 0 < profile["threadsTotal"] <= MESSAGES
    assert int(profile["historyId"]) > 0 and isinstance(profile["historyId"], str)


def test_a_listing_in_pages_has_every_message_once(tenant):
    messages = tenant.gmail().users().messages()
    request = messages.list(userId="me", includeSpamTrash=True)
    listing = list(pages(messages, request))
    assert [len(page["messages"]) for page in listing] == [100, 100, 30]
    assert "nextPageToken" not in listing[-1]
    rows = [row for page in listing for row in page["messages"]]
    assert all(set(row) == {"id", "threadId"} for row in rows)
    assert len({row["id"] for row in rows}) == MESSAGES
    truth = tenant.user("GET", "state")["messages"]
    assert {row["id"] for row in rows} == {message["id"] for message in truth}


def test_a_large_page(tenant):
    page = tenant.gmail().users().messages().list(userId="me", maxResults=500, includeSpamTrash=True).execute()
    assert len(page["messages"]) == MESSAGES
    assert "nextPageToken" not in page


def test_a_page_token_that_was_never_given_out(tenant):
    error = refused(tenant.gmail().users().messages().list(userId="me", pageToken="made-up"))
    assert error.resp.status == 400


def test_an_empty_mailbox_has_no_messages_key(tenant):
    gmail = tenant.gmail(subject="it-admin@acme.example")
    page = gmail.users().messages().list(userId="me").execute()
    assert "messages" not in page and page["resultSizeEstimate"] == 0


def test_newest_first(tenant):
    messages = tenant.gmail().users().messages()
    rows = messages.list(userId="me", maxResults=20).execute()["messages"]
    dates = [int(messages.get(userId="me", id=row["id"], format="minimal").execute()["internalDate"]) for row in rows]
    assert dates == sorted(dates, reverse=True)


def test_formats(tenant):
    text = "Grüße, 3 < 4 & \U0001f577\n"
    id = tenant.deliver(subject="Formats", body=text.strip())
    get = tenant.gmail().users().messages().get
    minimal = get(userId="me", id=id, format="minimal").execute()
    assert "payload" not in minimal and "raw" not in minimal
    assert {"INBOX"} <= set(minimal["labelIds"])
    assert int(minimal["sizeEstimate"]) > 0 and int(minimal["historyId"]) > 0

    metadata = get(userId="me", id=id, format="metadata").execute()
    assert headers(metadata)["subject"] == "Formats"
    assert "parts" not in metadata["payload"] and not metadata["payload"].get("body", {}).get("data")

    some = get(userId="me", id=id, format="metadata", metadataHeaders=["From", "Message-ID"]).execute()
    assert set(headers(some)) == {"from", "message-id"}

    full = get(userId="me", id=id).execute()
    assert full["payload"]["mimeType"] == "text/plain"
    assert decode(full["payload"]["body"]["data"]).decode().strip() == text.strip()

    raw = get(userId="me", id=id, format="raw").execute()
    parsed = email.message_from_bytes(decode(raw["raw"]), policy=email.policy.default)
    assert parsed["Subject"] == "Formats" and "payload" not in raw


def test_a_fields_mask(tenant):
    id = tenant.deliver()
    message = tenant.gmail().users().messages().get(userId="me", id=id, fields="id,payload/headers").execute()
    assert set(message) == {"id", "payload"} and set(message["payload"]) == {"headers"}


def test_labels_are_anded_and_spam_and_trash_stay_out(tenant):
    both = tenant.deliver(subject="Both", labels=["INBOX", "STARRED"])
    tenant.deliver(subject="One", labels=["STARRED"])
    trashed = tenant.deliver(subject="Gone", labels=["TRASH"])
    messages = tenant.gmail().users().messages()

    def listed(**how):
        found = pages(messages, messages.list(userId="me", maxResults=500, **how))
        return {row["id"] for page in found for row in page.get("messages", [])}

    assert both in listed(labelIds=["INBOX", "STARRED"])
    assert all(row in listed(labelIds=["STARRED"]) for row in listed(labelIds=["INBOX", "STARRED"]))
    assert trashed not in listed() and trashed in listed(includeSpamTrash=True)
    assert trashed in listed(labelIds=["TRASH"], includeSpamTrash=True)


def test_the_labels(tenant):
    labels = tenant.gmail().users().labels().list(userId="me").execute()["labels"]
    assert {"INBOX", "SENT", "TRASH", "SPAM", "UNREAD", "STARRED"} <= {label["id"] for label in labels}
    assert all({"id", "name", "type"} <= set(label) for label in labels)


def test_an_unknown_message(tenant):
    error = refused(tenant.gmail().users().messages().get(userId="me", id="00000000000000ff"))
    assert (error.resp.status, reason(error), error.reason) == (404, "notFound", "Requested entity was not found.")


def test_the_address_of_the_subject_is_me_too(tenant):
    for address in ["me", PETER]:
        assert tenant.gmail().users().getProfile(userId=address).execute()["emailAddress"] == PETER
    spidey = tenant.gmail(subject=SPIDEY).users().getProfile(userId="me").execute()
    assert spidey["emailAddress"] == PETER


def test_a_mailbox_of_another(tenant):
    error = refused(tenant.gmail().users().getProfile(userId=MARY))
    assert (error.resp.status, reason(error)) == (403, "forbidden")
    assert error.reason == f"Delegation denied for {PETER}"


def test_the_metadata_scope_reads_no_bodies_and_cannot_search(tenant):
    gmail = tenant.gmail(GMAIL_METADATA)
    id = tenant.deliver()
    messages = gmail.users().messages()
    assert headers(messages.get(userId="me", id=id, format="metadata").execute())["subject"] == "A word"
    for request in [
        messages.get(userId="me", id=id, format="full"),
        messages.get(userId="me", id=id, format="raw"),
        messages.list(userId="me", q="subject:word"),
    ]:
        assert refused(request).resp.status == 403
    assert refused(gmail.users().settings().sendAs().list(userId="me")).resp.status == 403


def test_a_scope_of_another_api_is_not_enough(tenant):
    error = refused(tenant.gmail(CALENDAR).users().getProfile(userId="me"))
    assert (error.resp.status, reason(error)) == (403, "insufficientPermissions")
    assert error.reason == "Request had insufficient authentication scopes."
    assert body(error)["status"] == "PERMISSION_DENIED"
    assert detail(error)["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert "insufficient_scope" in error.resp["www-authenticate"]


def test_the_sending_scope_reads_nothing_and_is_checked_without_sending(tenant):
    gmail = tenant.gmail(GMAIL_SEND)
    assert reason(refused(gmail.users().getProfile(userId="me"))) == "insufficientPermissions"
    before = tenant.user("GET", "state")["messages"]
    error = refused(gmail.users().messages().send(userId="me", body={}))
    assert (error.resp.status, body(error)["status"]) == (400, "INVALID_ARGUMENT")
    assert error.reason == "'raw' RFC822 payload message string or uploading message via /upload/* URL required"
    assert tenant.user("GET", "state")["messages"] == before
    reader = tenant.gmail(GMAIL)
    assert reason(refused(reader.users().messages().send(userId="me", body={}))) == "insufficientPermissions"


def test_an_api_that_is_not_enabled(tenant):
    tenant.sandbox.google("PATCH", f"projects/{PROJECT}", {"apis": ["calendar", "drive", "admin"]})
    error = refused(tenant.gmail().users().getProfile(userId="me"))
    assert (error.resp.status, reason(error)) == (403, "accessNotConfigured")
    assert error.reason.startswith(f"Gmail API has not been used in project {PROJECT} before or it is disabled.")
    info = detail(error)
    assert (info["reason"], info["metadata"]["service"]) == ("SERVICE_DISABLED", "gmail.googleapis.com")
    assert info["metadata"]["consumer"] == f"projects/{PROJECT}"


def test_a_person_without_a_mailbox(tenant):
    tenant.change_user({"mailbox": False})
    error = refused(tenant.gmail().users().getProfile(userId="me"))
    assert (error.resp.status, reason(error)) == (400, "failedPrecondition")
    assert body(error)["status"] == "FAILED_PRECONDITION"
    assert error.reason == "Mail service not enabled"


def test_send_as_addresses(tenant):
    addresses = tenant.gmail().users().settings().sendAs().list(userId="me").execute()["sendAs"]
    by_address = {address["sendAsEmail"]: address for address in addresses}
    assert by_address[PETER]["isPrimary"] is True
    assert all(address.get("isPrimary") or address["verificationStatus"] for address in addresses)


def test_a_token_that_has_expired_or_was_made_up(tenant):
    token = tenant.token(GMAIL)
    tenant.sandbox.ask("PUT", "clock", {"offsetSeconds": 3700})
    for bearer in [token, "ya29.made-up"]:
        reply = requests.get(
            f"{tenant.sandbox.url}/google/gmail/v1/users/me/profile",
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=30,
        )
        error = reply.json()["error"]
        assert (reply.status_code, error["status"]) == (401, "UNAUTHENTICATED")
        assert error["errors"][0]["reason"] == "authError"


def test_a_suspended_person_loses_the_tokens_they_have(tenant):
    gmail = tenant.gmail()
    gmail.users().getProfile(userId="me").execute()
    tenant.change_user({"suspended": True})
    with pytest.raises(Exception) as caught:
        gmail.users().getProfile(userId="me").execute()
    # The client answers a 401 with a new token, and that is refused as well.
    assert type(caught.value).__name__ == "RefreshError"


@pytest.mark.tenant(peter={"mail": {"eml": [str(CORPUS)]}})
def test_real_mail_arrives_as_it_is(tenant):
    files = [file.read_bytes() for file in sorted(CORPUS.iterdir()) if file.name.startswith("msg_")]
    assert len(files) >= 40, "hack/corpora.sh fills sandbox/corpus"
    messages = tenant.gmail().users().messages()
    rows = [
        row
        for page in pages(messages, messages.list(userId="me", maxResults=500, includeSpamTrash=True))
        for row in page["messages"]
    ]
    assert len(rows) == len(files)
    stored = [decode(messages.get(userId="me", id=row["id"], format="raw").execute()["raw"]) for row in rows]
    assert sorted(map(lines, stored)) == sorted(map(lines, files))
    for row in rows:
        full = messages.get(userId="me", id=row["id"], format="full").execute()
        assert full["payload"]["mimeType"] and "headers" in full["payload"]


def lines(data):
    """Mail without regard to the kind of its line ends."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
