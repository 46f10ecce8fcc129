"""The calendar and its change tracking, as msgraph-sdk meets them.

Source: learn.microsoft.com/graph/delta-query-events (2026-11-22).
"""

import pytest
from microsoft365_tenant import PETER, WINDOW, config, refusal
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder

Delta = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
View = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters

MEETING = {
    "subject": "Weekly",
    "start": {"dateTime": "2026-11-04T09:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-11-04T09:30:00", "timeZone": "Europe/Berlin"},
}
WEEKLY = MEETING | {
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2026-11-04", "numberOfOccurrences": 5},
    }
}


def denied(m365, coroutine):
    with pytest.raises(ODataError) as caught:
        m365.run(coroutine)
    return refusal(caught.value)


def window(**more):
    return Delta(start_date_time=WINDOW[0], end_date_time=WINDOW[1], **more)


class Mirror:
    """A window of a calendar as a client knows it that looks series up when it has to."""

    def __init__(self, m365):
        self.m365, self.graph = m365, m365.graph()
        self.delta = self.graph.users.by_user_id(PETER).calendar_view.delta
        self.query, self.events = window(), {}

    def follow(self, size=20):
        there, removed, self.delta = self.m365.round(self.delta, self.query, size=size)
        self.query = None
        for id in removed:
            self.events.pop(id, None)
        subjects = {}
        for id, event in there.items():
            if event.type == EventType.SeriesMaster:
                continue
            subject = event.subject
            if event.type == EventType.Occurrence:
                assert (event.subject, event.body, event.attendees) == (None, None, None)
                series = event.series_master_id
                if series not in subjects:
                    subjects[series] = self.series(series).subject
                subject = subjects[series]
            self.events[id] = (subject, event.start.date_time, event.end.date_time)

    def series(self, id):
        return self.m365.run(self.graph.users.by_user_id(PETER).events.by_event_id(id).get(config()))

    def truth(self):
        events = self.m365.state(window=WINDOW)["events"]
        return {e["id"]: (e["subject"], e["start"]["dateTime"], e["end"]["dateTime"]) for e in events}


def test_the_calendar_and_views_of_it(m365):
    graph = m365.graph()
    calendar = m365.run(graph.users.by_user_id(PETER).calendar.get())
    assert (calendar.name, calendar.can_edit, calendar.owner.address) == ("Calendar", True, PETER)
    m365.user("POST", "events", WEEKLY)
    query = View(start_date_time="2026-11-01T00:00:00Z", end_date_time="2026-12-31T00:00:00Z", top=50)
    view = [e for page in m365.pages(graph.users.by_user_id(PETER).calendar_view, query) for e in page.value]
    weekly = [event for event in view if event.subject == "Weekly"]
    assert [event.start.date_time[:16] for event in weekly] == [f"2026-{day}T08:00" for day in
                                                               ("11-04", "11-11", "11-18", "11-25", "12-02")]
    assert {event.type for event in weekly} == {EventType.Occurrence}
    master = m365.run(graph.users.by_user_id(PETER).events.by_event_id(weekly[0].series_master_id).get(config()))
    assert (master.type, master.recurrence.range.number_of_occurrences) == (EventType.SeriesMaster, 5)


def test_change_tracking_misses_nothing(m365):
    mirror = Mirror(m365)
    mirror.follow()
    assert mirror.events == mirror.truth() and len(mirror.events) > 20
    for seed in range(5):
        m365.user("POST", "edits", {"count": 40, "seed": seed, "streams": ["calendar"]})
        mirror.follow(size=6)
        assert mirror.events == mirror.truth(), seed


def test_occurrences_become_exceptions_and_go(m365):
    mirror = Mirror(m365)
    mirror.follow()
    m365.user("POST", "events", WEEKLY)
    mirror.follow()
    own = sorted((at, id) for id, (subject, at, _) in mirror.events.items() if subject == "Weekly")
    assert len(own) == 5
    m365.user("PATCH", f"events/{own[1][1]}", {"subject": "Other", "start": MEETING["start"], "end": MEETING["end"]})
    m365.user("DELETE", f"events/{own[2][1]}")
    mirror.follow()
    assert mirror.events == mirror.truth()
    assert mirror.events[own[1][1]][0] == "Other" and own[2][1] not in mirror.events
    m365.console("PUT", "quirks", {"silentOccurrenceDeletions": True})
    m365.user("DELETE", f"events/{own[3][1]}")
    mirror.follow()
    assert own[3][1] in mirror.events, "nobody told"
    m365.user("POST", "expire", {"what": "calendar"})
    assert denied(m365, mirror.delta.get(config()))[:2] == (410, "SyncStateNotFound")
    again = Mirror(m365)
    again.follow()
    assert again.events == again.truth()


def test_what_is_outside_the_window_is_told_as_removed(m365):
    mirror = Mirror(m365)
    mirror.follow()
    far = {"dateTime": "2029-01-01T09:00:00", "timeZone": "UTC"}
    id = m365.user("POST", "events", MEETING | {"start": far, "end": far})["id"]
    there, removed, _ = m365.round(mirror.delta)
    assert (there, removed) == ({}, {id})


def test_query_options_are_refused(m365):
    delta = m365.graph().users.by_user_id(PETER).calendar_view.delta
    for query in (window(select=["subject"]), window(filter="isAllDay eq true"), window(orderby=["subject"]), window(top=3)):
        status, code, message = denied(m365, delta.get(config(query)))
        assert (status, code) == (400, "ErrorInvalidUrlQuery") and "CalendarView" in message
    missing = Delta(start_date_time=WINDOW[0])
    assert denied(m365, delta.get(config(missing)))[:2] == (400, "ErrorInvalidParameter")


def test_all_day_zones_and_basic_permission(m365):
    graph = m365.graph()
    day = {"dateTime": "2026-12-24T00:00:00", "timeZone": "UTC"}
    id = m365.user("POST", "events", {"subject": "Eve", "isAllDay": True, "start": day, "end": day,
                                      "body": {"contentType": "text", "content": "secret"}})["id"]
    event = m365.run(graph.users.by_user_id(PETER).events.by_event_id(id).get(config()))
    assert (event.is_all_day, event.start.date_time, event.body.content) == (True, "2026-12-24T00:00:00.0000000", "secret")
    id = m365.user("POST", "events", MEETING)["id"]
    zoned = config()
    zoned.headers.add("Prefer", 'outlook.timezone="America/New_York"')
    event = m365.run(graph.users.by_user_id(PETER).events.by_event_id(id).get(zoned))
    assert (event.start.date_time[:16], event.start.time_zone) == ("2026-11-04T03:00", "America/New_York")
    m365.app("PUT", "roles", {"roles": ["Calendars.ReadBasic.All"]})
    basic = m365.run(m365.graph().users.by_user_id(PETER).events.by_event_id(id).get(config()))
    assert (basic.subject, basic.body) == ("Weekly", None)
