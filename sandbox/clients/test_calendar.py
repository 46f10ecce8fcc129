"""Calendar through google-api-python-client: listing, sync tokens, cancelled instances, privacy and refusals.

Source: developers.google.com/workspace/calendar/api/guides/sync and /errors (2026-11-22).
"""

import pytest
from google_tenant import DRIVE, EVENTS, FREE_BUSY, MARY, PETER, PROJECT, body, detail, pages, reason
from googleapiclient.errors import HttpError
from vendors import REPOSITORY

CORPUS = REPOSITORY / "sandbox/corpus/ics"
WEEKLY = {
    "calendar": "primary",
    "summary": "Weekly",
    "start": {"dateTime": "2026-11-02T09:00:00Z", "timeZone": "UTC"},
    "end": {"dateTime": "2026-11-02T10:00:00Z", "timeZone": "UTC"},
    "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"],
}
ONCE = {
    "calendar": "primary",
    "summary": "Once",
    "start": {"dateTime": "2026-11-05T09:00:00Z"},
    "end": {"dateTime": "2026-11-05T10:00:00Z"},
}


def refused(request):
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value


def listing(calendar, **how):
    """Every event, and the sync token of the last page."""
    events = calendar.events()
    found = list(pages(events, events.list(calendarId="primary", **how)))
    assert all("nextSyncToken" not in page for page in found[:-1]), "only the last page has one"
    return [event for page in found for event in page["items"]], found[-1].get("nextSyncToken")


def instances(calendar, series):
    """The instances of a series, in their order."""
    found, _ = listing(calendar, singleEvents=True)
    mine = [event for event in found if event.get("recurringEventId") == series["id"]]
    return sorted(mine, key=lambda event: event["originalStartTime"]["dateTime"])


def test_the_calendars_of_a_person(tenant):
    calendars = tenant.calendar().calendarList().list().execute()
    assert calendars["kind"] == "calendar#calendarList"
    (primary,) = [item for item in calendars["items"] if item.get("primary")]
    assert (primary["id"], primary["accessRole"]) == (PETER, "owner")


@pytest.mark.tenant(
    peter={"calendars": [{"id": "primary"}, {"id": "team@group.calendar.acme.example", "summary": "Team"}]}
)
def test_a_second_calendar(tenant):
    calendar = tenant.calendar()
    items = calendar.calendarList().list().execute()["items"]
    assert {item["id"] for item in items} == {PETER, "team@group.calendar.acme.example"}
    events = calendar.events().list(calendarId="team@group.calendar.acme.example").execute()
    assert events["summary"] == "Team"


def test_the_primary_calendar_and_the_time_zone(tenant):
    calendar = tenant.calendar()
    primary = calendar.calendars().get(calendarId="primary").execute()
    assert primary["id"] == PETER and primary["timeZone"]
    assert calendar.settings().get(setting="timezone").execute()["value"]


def test_pages_end_with_a_sync_token(tenant):
    everything, token = listing(tenant.calendar(), maxResults=25)
    assert len(everything) >= EVENTS and token
    ids = [event["id"] for event in everything]
    assert len(set(ids)) == len(ids)
    truth = [event for event in tenant.user("GET", "state")["events"] if event["status"] != "cancelled"]
    assert {event["id"] for event in truth} <= set(ids)


def test_the_default_page_is_250(tenant):
    for _ in range(4):
        tenant.user("POST", "edits", {"count": 150, "seed": 5, "streams": ["calendar"]})
    total = len(listing(tenant.calendar(), showDeleted=True)[0])
    page = tenant.calendar().events().list(calendarId="primary", showDeleted=True).execute()
    assert len(page["items"]) == min(total, 250)


def test_a_sync_brings_what_changed(tenant):
    calendar = tenant.calendar()
    made = tenant.user("POST", "events", ONCE)
    _, token = listing(calendar)
    assert listing(calendar, syncToken=token)[0] == []
    other = tenant.user("POST", "events", ONCE | {"summary": "Another"})
    tenant.user("PATCH", f"events/primary/{made['id']}", {"summary": "Moved"})
    changed, after = listing(calendar, syncToken=token)
    assert {event["id"]: event["summary"] for event in changed} == {made["id"]: "Moved", other["id"]: "Another"}
    tenant.user("DELETE", f"events/primary/{made['id']}")
    gone, _ = listing(calendar, syncToken=after)
    assert [(event["id"], event["status"]) for event in gone] == [(made["id"], "cancelled")]


def test_a_full_listing_leaves_deleted_events_out(tenant):
    calendar = tenant.calendar()
    made = tenant.user("POST", "events", ONCE)
    tenant.user("DELETE", f"events/primary/{made['id']}")
    assert made["id"] not in {event["id"] for event in listing(calendar)[0]}
    shown = {event["id"]: event for event in listing(calendar, showDeleted=True)[0]}
    assert shown[made["id"]]["status"] == "cancelled"


def test_a_series_and_an_instance_that_is_cancelled(tenant):
    calendar = tenant.calendar()
    series = tenant.user("POST", "events", WEEKLY)
    _, token = listing(calendar)
    before = instances(calendar, series)
    assert len(before) == 4
    second = before[1]
    assert second["recurringEventId"] == series["id"]
    assert second["originalStartTime"]["dateTime"].startswith("2026-11-09T09:00:00")
    tenant.user("DELETE", f"events/primary/{second['id']}")
    changed, _ = listing(calendar, syncToken=token)
    (cancelled,) = [event for event in changed if event["id"] == second["id"]]
    assert (cancelled["status"], cancelled["recurringEventId"]) == ("cancelled", series["id"])
    assert cancelled["originalStartTime"]["dateTime"].startswith("2026-11-09T09:00:00")
    left = [event["id"] for event in instances(calendar, series)]
    assert left == [event["id"] for event in before if event["id"] != second["id"]]


def test_the_cancelled_instance_of_a_live_series_is_in_a_full_listing(tenant):
    """The series alone would show a meeting that does not take place."""
    calendar = tenant.calendar()
    series = tenant.user("POST", "events", WEEKLY)
    second = instances(calendar, series)[1]
    tenant.user("DELETE", f"events/primary/{second['id']}")
    found = {event["id"]: event for event in listing(calendar)[0]}
    assert found[second["id"]]["status"] == "cancelled"
    assert found[series["id"]]["status"] == "confirmed"


def test_an_instance_that_is_changed(tenant):
    calendar = tenant.calendar()
    series = tenant.user("POST", "events", WEEKLY)
    third = instances(calendar, series)[2]
    tenant.user("PATCH", f"events/primary/{third['id']}", {"summary": "Only this one"})
    found = {event["id"]: event for event in listing(calendar)[0]}
    assert found[third["id"]]["summary"] == "Only this one"
    assert found[third["id"]]["recurringEventId"] == series["id"]
    assert found[series["id"]]["summary"] == "Weekly"


@pytest.mark.parametrize(
    "extra",
    [
        {"q": "word"},
        {"orderBy": "updated"},
        {"timeMin": "2026-01-01T00:00:00Z"},
        {"timeMax": "2026-12-01T00:00:00Z"},
        {"updatedMin": "2026-11-01T00:00:00Z"},
        {"iCalUID": "some@uid"},
        {"showDeleted": False},
    ],
)
def test_what_a_sync_may_not_ask(tenant, extra):
    calendar = tenant.calendar()
    _, token = listing(calendar)
    assert refused(calendar.events().list(calendarId="primary", syncToken=token, **extra)).resp.status == 400


def test_a_window_is_allowed_at_first(tenant):
    calendar = tenant.calendar()
    everything, _ = listing(calendar, showDeleted=True)
    late, token = listing(calendar, timeMin="2100-01-01T00:00:00Z")
    assert token and len(late) < len(everything)


def test_an_expired_sync_token_is_gone(tenant):
    calendar = tenant.calendar()
    _, token = listing(calendar)
    tenant.user("POST", "expire", {"what": "calendar"})
    error = refused(calendar.events().list(calendarId="primary", syncToken=token))
    assert (error.resp.status, reason(error)) == (410, "fullSyncRequired")
    assert error.reason == "Sync token is no longer valid, a full sync is required."
    assert body(error)["errors"][0] | {"message": ""} == {
        "domain": "calendar",
        "reason": "fullSyncRequired",
        "message": "",
        "locationType": "parameter",
        "location": "syncToken",
    }
    assert listing(calendar, syncToken=listing(calendar)[1])[0] == []


def test_after_a_410_a_full_listing_has_no_tombstones(tenant):
    calendar = tenant.calendar()
    made = tenant.user("POST", "events", ONCE)
    listing(calendar)
    tenant.user("DELETE", f"events/primary/{made['id']}")
    tenant.user("POST", "expire", {"what": "calendar"})
    assert made["id"] not in {event["id"] for event in listing(calendar)[0]}


def test_a_sync_token_of_another_calendar_is_refused(tenant):
    _, token = listing(tenant.calendar())
    error = refused(tenant.calendar(subject=MARY).events().list(calendarId="primary", syncToken=token))
    assert error.resp.status in (400, 410)


def test_single_events_are_the_instances(tenant):
    calendar = tenant.calendar()
    series = tenant.user("POST", "events", WEEKLY)
    found, _ = listing(calendar, singleEvents=True, timeMin="2026-11-01T00:00:00Z", timeMax="2026-12-01T00:00:00Z")
    mine = [event for event in found if event.get("recurringEventId") == series["id"]]
    assert len(mine) == 4 and series["id"] not in {event["id"] for event in found}


def test_the_free_busy_scope_sees_no_words(tenant):
    tenant.user("POST", "events", ONCE | {"description": "secret plans", "location": "the cellar"})
    found, _ = listing(tenant.calendar(FREE_BUSY))
    assert found
    for event in found:
        assert not {"summary", "description", "location", "attendees"} & set(event)
        if event["status"] != "cancelled":
            assert "start" in event and "end" in event


def test_a_fields_mask_keeps_words_off_the_wire(tenant):
    mask = "items(id,status,start,end),nextPageToken,nextSyncToken"
    found, token = listing(tenant.calendar(), fields=mask)
    assert token and found
    assert all(set(event) <= {"id", "status", "start", "end"} for event in found)
    tenant.user("POST", "events", ONCE)
    (new,) = listing(tenant.calendar(), fields=mask, syncToken=token)[0]
    assert "summary" not in new


def test_a_person_without_calendar(tenant):
    tenant.change_user({"calendar": False})
    error = refused(tenant.calendar().calendars().get(calendarId="primary"))
    assert (error.resp.status, reason(error)) == (403, "notACalendarUser")
    assert error.reason == "The user must be signed up for Google Calendar."


def test_a_calendar_that_is_not_there(tenant):
    error = refused(tenant.calendar().events().list(calendarId="nobody@acme.example"))
    assert (error.resp.status, reason(error)) == (404, "notFound")


def test_a_scope_of_another_api_and_an_api_that_is_off(tenant):
    error = refused(tenant.calendar(DRIVE).calendarList().list())
    assert (error.resp.status, reason(error)) == (403, "insufficientPermissions")
    tenant.sandbox.google("PATCH", f"projects/{PROJECT}", {"apis": ["gmail"]})
    error = refused(tenant.calendar().calendarList().list())
    assert (error.resp.status, reason(error)) == (403, "accessNotConfigured")
    assert detail(error)["metadata"]["service"] == "calendar-json.googleapis.com"


def test_random_edits_end_where_the_state_is(tenant):
    calendar = tenant.calendar()
    rows = {event["id"]: event for event in listing(calendar)[0]}
    _, token = listing(calendar)
    tenant.user("POST", "edits", {"count": 120, "seed": 11, "streams": ["calendar"]})
    changed, _ = listing(calendar, syncToken=token)
    assert changed
    rows |= {event["id"]: event for event in changed}
    state = {event["id"]: event for event in tenant.user("GET", "state")["events"]}

    def alive(events):
        return {id: event for id, event in events.items() if event["status"] != "cancelled"}

    assert set(alive(rows)) == set(alive(state))
    for id, event in alive(rows).items():
        assert event["updated"] == state[id]["updated"] and event.get("summary") == state[id].get("summary")


@pytest.mark.tenant(peter={"calendars": [{"id": "primary", "ics": [str(CORPUS)]}]})
def test_real_calendars_are_events(tenant):
    assert len(list(CORPUS.iterdir())) > 100, "hack/corpora.sh fills sandbox/corpus"
    events, token = listing(tenant.calendar(), showDeleted=True)
    assert token and len(events) > 50
    for event in events:
        assert event["kind"] == "calendar#event" and event["id"] and event["iCalUID"]
        assert event["status"] == "cancelled" or {"date", "dateTime"} & set(event["start"])
    assert any(not (event.get("summary") or "").isascii() for event in events)
