"""Batches, as the official client makes and reads them.

Source: developers.google.com/workspace/gmail/api/guides/batch (2026-11-22).
"""

import pytest
from google_tenant import PETER, body, reason
from googleapiclient.errors import HttpError


def batch(service, requests):
    """Runs requests in one batch and returns the replies and the errors, by the number of the request."""
    replies, errors = {}, {}

    def keep(number, reply, error):
        (replies if error is None else errors)[int(number)] = reply if error is None else error

    job = service.new_batch_http_request(callback=keep)
    for number, request in enumerate(requests):
        job.add(request, request_id=str(number))
    job.execute()
    return replies, errors


def some(gmail, count):
    rows = gmail.users().messages().list(userId="me", maxResults=count).execute()["messages"]
    return [row["id"] for row in rows]


def gets(gmail, ids):
    return [gmail.users().messages().get(userId="me", id=id, format="metadata") for id in ids]


def test_fifty_messages_in_one_call(tenant):
    gmail = tenant.gmail()
    ids = some(gmail, 50)
    replies, errors = batch(gmail, gets(gmail, ids))
    assert not errors
    assert [replies[number]["id"] for number in range(50)] == ids
    calls = tenant.sandbox.calls()
    (outer,) = [call for call in calls if call["path"] == "/google/batch"]
    inner = [call for call in calls if call.get("batch") == outer["seq"]]
    assert len(inner) == 50 and {call["subject"] for call in inner} == {PETER}


def test_each_answer_is_its_own(tenant):
    gmail = tenant.gmail()
    good = some(gmail, 1)[0]
    replies, errors = batch(gmail, gets(gmail, [good, "00000000000000ff", good]))
    assert set(replies) == {0, 2} and set(errors) == {1}
    assert (errors[1].resp.status, reason(errors[1])) == (404, "notFound")


def test_more_than_a_hundred_are_refused(tenant):
    gmail = tenant.gmail()
    ids = some(gmail, 101)
    with pytest.raises(HttpError) as caught:
        batch(gmail, gets(gmail, ids))
    assert caught.value.resp.status == 400


@pytest.mark.tenant(quota="2026")
def test_inner_calls_run_at_once_and_trip_the_limit_of_a_person(tenant):
    gmail = tenant.gmail()
    _, errors = batch(gmail, gets(gmail, some(gmail, 50)))
    assert errors
    error = errors[min(errors)]
    assert (error.resp.status, reason(error)) == (429, "rateLimitExceeded")
    assert body(error)["message"] == "Too many concurrent requests for user"


def test_calendar_and_drive_have_their_own(tenant):
    calendar, drive = tenant.calendar(), tenant.drive()
    replies, errors = batch(calendar, [calendar.calendars().get(calendarId="primary")] * 2)
    assert not errors and [reply["id"] for reply in replies.values()] == [PETER, PETER]
    replies, errors = batch(drive, [drive.about().get(fields="user"), drive.files().list(pageSize=1)])
    assert not errors and replies[0]["user"]["emailAddress"] == PETER
    paths = {call["path"] for call in tenant.sandbox.calls()}
    assert {"/google/batch/calendar/v3", "/google/batch/drive/v3"} <= paths
