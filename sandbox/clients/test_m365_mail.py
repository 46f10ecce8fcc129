"""Mail and its change tracking, as msgraph-sdk meets them.

Source: learn.microsoft.com/graph/delta-query-messages and outlook-immutable-id (2026-11-22).
"""

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from microsoft365_tenant import CLIENT, MARY, MESSAGES, PETER, PETER_ID, SPIDEY, WINDOW, config, refusal
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import DeltaRequestBuilder as ViewDelta
from msgraph.generated.users.item.mail_folders.item.messages.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.users.item.messages.item.message_item_request_builder import MessageItemRequestBuilder
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder

Delta = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters
View = ViewDelta.DeltaRequestBuilderGetQueryParameters
Messages = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters
Message = MessageItemRequestBuilder.MessageItemRequestBuilderGetQueryParameters


def denied(m365, coroutine):
    with pytest.raises(ODataError) as caught:
        m365.run(coroutine)
    return refusal(caught.value)


def folder(graph, key="inbox", user=PETER):
    return graph.users.by_user_id(user).mail_folders.by_mail_folder_id(key)


class Mirror:
    """A mailbox as a client knows it that follows the changes of all folders."""

    def __init__(self, m365, graph):
        self.m365, self.graph = m365, graph
        self.tree = graph.users.by_user_id(PETER).mail_folders.delta
        self.links, self.places, self.folders = {}, {}, {}

    def follow(self, size=20):
        there, removed, self.tree = self.m365.round(self.tree, size=size)
        self.folders |= {id: item.display_name for id, item in there.items()}
        for id in removed:
            self.folders.pop(id, None)
            self.links.pop(id, None)
        arrived, left = {}, set()
        for id in self.folders:
            start = self.links.get(id, folder(self.graph, id).messages.delta)
            there, gone, self.links[id] = self.m365.round(start, size=size)
            arrived |= {message: (id, item.is_read) for message, item in there.items()}
            left |= {(message, id) for message in gone}
        # A removal says only that a message has left the folder.
        for message, place in left:
            if self.places.get(message, (None,))[0] == place:
                del self.places[message]
        self.places |= arrived

    def truth(self):
        messages = self.m365.state()["messages"]
        return {message["id"]: (message["parentFolderId"], message["isRead"]) for message in messages}


def test_folders_and_messages(m365):
    graph = m365.graph()
    inbox = m365.run(folder(graph).get(config()))
    assert (inbox.display_name, inbox.child_folder_count) == ("Inbox", 0)
    names = [each.display_name for page in m365.pages(graph.users.by_user_id(PETER).mail_folders) for each in page.value]
    assert {"Inbox", "Sent Items", "Deleted Items", "Junk Email", "Archive", "Invoices", "Projects"} <= set(names)
    projects = next(
        each
        for page in m365.pages(graph.users.by_user_id(PETER).mail_folders)
        for each in page.value
        if each.display_name == "Projects"
    )
    children = m365.run(folder(graph, projects.id).child_folders.get(config()))
    assert [child.display_name for child in children.value] == ["2026"]
    query = Messages(top=50, select=["subject", "receivedDateTime", "from", "toRecipients", "internetMessageId"])
    found = [each for page in m365.pages(graph.users.by_user_id(PETER).messages, query) for each in page.value]
    assert len({each.id for each in found}) == len(found) == MESSAGES
    assert [each.received_date_time for each in found] == sorted((e.received_date_time for e in found), reverse=True)
    one = found[0]
    assert one.from_.email_address.address and one.body is None
    whole = m365.run(graph.users.by_user_id(SPIDEY).messages.by_message_id(one.id).get(config()))
    assert (whole.subject, whole.body is None) == (one.subject, False)
    only = Message(select=["internetMessageHeaders"])
    headers = m365.run(graph.users.by_user_id(PETER).messages.by_message_id(one.id).get(config(only)))
    assert {header.name for header in headers.internet_message_headers} >= {"From", "To", "Date"}


def test_the_newest_change_and_how_many_there_are(m365):
    graph = m365.graph()
    id = m365.deliver()
    other = m365.state()["messages"][-1]["id"]
    m365.user("PATCH", f"messages/{other}", {"isRead": True})
    query = Messages(top=1, orderby=["lastModifiedDateTime desc"], count=True, select=["subject"])
    page = m365.run(graph.users.by_user_id(PETER).messages.get(config(query)))
    assert (page.odata_count, page.value[0].id in (id, other)) == (MESSAGES + 1, True)
    query = Messages(orderby=["subject"])
    assert denied(m365, graph.users.by_user_id(PETER).messages.get(config(query)))[0] == 400


def test_change_tracking_misses_nothing(m365):
    mirror = Mirror(m365, m365.graph())
    mirror.follow()
    assert mirror.places == mirror.truth() and len(mirror.places) == MESSAGES
    for seed in range(4):
        m365.user("POST", "edits", {"count": 60, "seed": seed, "streams": ["mail"]})
        mirror.follow(size=7)
        assert mirror.places == mirror.truth(), seed
    mirror.follow()
    assert mirror.places == mirror.truth()


def test_a_move_is_a_removal_and_an_arrival_with_the_same_id(m365):
    graph = m365.graph()
    id = m365.deliver()
    archive = folder(graph, "archive").messages.delta
    _, _, inbox = m365.round(folder(graph).messages.delta, size=50)
    _, _, archive = m365.round(archive, size=50)
    m365.user("PATCH", f"messages/{id}", {"folder": "archive"})
    assert m365.round(inbox)[:2] == ({}, {id})
    there, gone, _ = m365.round(archive)
    assert (list(there), gone) == ([id], set())
    assert m365.run(graph.users.by_user_id(PETER).messages.by_message_id(id).get(config())).id == id


def test_an_ordinary_id_ends_with_a_move(m365):
    graph = m365.graph()
    m365.deliver("to be moved")
    there, _, following = m365.round(folder(graph).messages.delta, immutable=False, size=50)
    old = next(item for item in there.values() if item.subject == "to be moved")
    m365.user("PATCH", f"messages/{old.id}", {"folder": "archive"})
    messages = graph.users.by_user_id(PETER).messages
    assert denied(m365, messages.by_message_id(old.id).get())[:2] == (404, "ErrorItemNotFound")
    assert m365.round(following, immutable=False)[:2] == ({}, {old.id})
    assert denied(m365, messages.by_message_id("nonsense").get())[:2] == (400, "ErrorInvalidIdMalformed")


def test_kinds_of_ids_are_not_mixed_in_a_chain(m365):
    graph = m365.graph()
    _, _, following = m365.round(folder(graph).messages.delta, size=50)
    assert denied(m365, following.get())[:2] == (400, "SyncStateInvalid")


def test_only_the_newest_three_generations_can_be_gone_on_from(m365):
    graph = m365.graph()
    pages = list(m365.pages(folder(graph).messages.delta, size=2))
    assert len(pages) > 6
    links = [page.odata_next_link for page in pages[:-1]]
    builder = folder(graph).messages.delta
    status, code, message = denied(m365, builder.with_url(links[0]).get(config()))
    assert (status, code) == (410, "SyncStateNotFound")
    assert message.startswith("The sync state generation is not found; generation=")
    assert m365.run(builder.with_url(links[-1]).get(config())).value is not None


def test_links_expire(m365):
    graph = m365.graph()
    _, _, following = m365.round(folder(graph).messages.delta, size=50)
    m365.user("POST", "expire", {"what": "calendar"})
    m365.run(following.get(config()))
    m365.user("POST", "expire", {"what": "mail"})
    assert denied(m365, following.get(config()))[:2] == (410, "SyncStateNotFound")


def test_some_pages_are_empty_and_some_repeat(m365):
    graph = m365.graph()
    empty, items, ids = 0, 0, set()
    for key in ("inbox", "sentitems", "archive"):
        for page in m365.pages(folder(graph, key).messages.delta, size=1):
            empty += not page.value and bool(page.odata_next_link)
            items += len(page.value)
            ids |= {item.id for item in page.value}
    assert empty and items > len(ids)


def test_a_round_can_be_narrowed(m365):
    graph = m365.graph()
    delta = folder(graph).messages.delta
    everything, _, following = m365.round(delta, Delta(select=["isRead"]), size=50)
    assert all(item.subject is None and item.is_read is not None for item in everything.values())
    m365.deliver()
    there, _, _ = m365.round(following)
    assert [item.subject for item in there.values()] == [None]
    at = "2026-10-31T16:00:00Z"
    recent, _, _ = m365.round(delta, Delta(filter=f"receivedDateTime ge {at}"), size=50)
    assert 0 < len(recent) < len(everything)
    created, _, _ = m365.round(delta, Delta(change_type="updated"))
    assert created == {}
    for query in (Delta(filter="isRead eq true"), Delta(orderby=["subject"]), Delta(search="x"), Delta(expand=["x"])):
        assert denied(m365, delta.get(config(query)))[0] == 400, query


def test_a_full_mailbox_refuses_change_tracking_and_nothing_else(m365):
    graph = m365.graph()
    person = graph.users.by_user_id(PETER)
    _, _, following = m365.round(folder(graph).messages.delta, size=50)
    m365.user("PATCH", "", {"mailboxFull": True})
    refused = (403, "ErrorQuotaExceeded", "Mailbox has exceeded maximum mailbox size.")
    window = View(start_date_time=WINDOW[0], end_date_time=WINDOW[1])
    assert denied(m365, folder(graph).messages.delta.get(config())) == refused
    assert denied(m365, person.mail_folders.delta.get(config())) == refused
    assert denied(m365, person.calendar_view.delta.get(config(window))) == refused
    assert denied(m365, following.get(config())) == refused
    query = Messages(top=50, select=["id"])
    assert sum(len(page.value) for page in m365.pages(person.messages, query)) == MESSAGES
    m365.run(person.mail_folders.get(config()))
    m365.user("PATCH", "", {"mailboxFull": False})
    m365.run(following.get(config()))


def test_some_changes_are_told_in_part(m365):
    graph = m365.graph()
    _, _, following = m365.round(folder(graph).messages.delta, size=50)
    inbox = m365.run(folder(graph).get(config())).id
    changed = [each["id"] for each in m365.state()["messages"] if each["parentFolderId"] == inbox]
    for id in changed:
        m365.user("PATCH", f"messages/{id}", {"isRead": True})
    m365.console("PUT", "quirks", {"partialMessages": True})
    there, _, following = m365.round(following, size=50)
    assert set(there) == set(changed)
    partial = [item for item in there.values() if item.received_date_time is None]
    assert 0 < len(partial) < len(there)
    assert all(item.is_read and item.parent_folder_id and item.subject is None for item in partial)
    m365.console("PUT", "quirks", {})
    m365.user("PATCH", f"messages/{partial[0].id}", {"isRead": False})
    assert m365.round(following)[0][partial[0].id].received_date_time is not None


def test_change_tracking_expands_no_extended_properties(m365):
    delta = folder(m365.graph()).messages.delta
    query = Delta(expand=["singleValueExtendedProperties($filter=id eq 'Integer 0x0E08')"])
    status, code, message = denied(m365, delta.get(config(query)))
    assert (status, code) == (400, "BadRequest")
    assert message.startswith("Parsing OData Select and Expand failed: Value cannot be null.")


def test_a_folder_moves(m365):
    graph = m365.graph()
    trips = m365.user("POST", "folders", {"displayName": "Trips"})["id"]
    rome = m365.user("POST", "folders", {"displayName": "Rome", "parent": trips})["id"]
    _, _, tree = m365.round(graph.users.by_user_id(PETER).mail_folders.delta, size=50)
    m365.user("PATCH", f"folders/{rome}", {"parent": "archive"})
    there, _, _ = m365.round(tree)
    archive = m365.run(folder(graph, "archive").get(config())).id
    assert {item.id: item.parent_folder_id for item in there.values()} == {rome: archive}
    assert m365.run(folder(graph, trips).child_folders.get(config())).value == []


def test_metadata_only(m365):
    m365.app("PUT", "roles", {"roles": ["Mail.ReadBasic.All"]})
    graph = m365.graph()
    there, _, _ = m365.round(folder(graph).messages.delta, size=50)
    assert all(item.body is None and item.body_preview is None and item.subject for item in there.values())
    some = graph.users.by_user_id(PETER).messages.by_message_id(next(iter(there)))
    assert m365.run(some.get(config(Message(select=["body", "subject"])))).body is None
    assert denied(m365, some.attachments.get())[:2] == (403, "ErrorAccessDenied")


def test_person_then_mailbox_then_permission(m365):
    m365.app("PUT", "roles", {"roles": []})
    graph = m365.graph()
    inbox = lambda key: denied(m365, folder(graph, user=key).get())  # noqa: E731
    assert inbox("nobody@acme.example") == (
        404,
        "ErrorInvalidUser",
        "The requested user 'nobody@acme.example' is invalid.",
    )
    assert inbox(CLIENT)[:2] == (404, "ResourceNotFound")
    assert inbox("harry@acme.example") == (
        404,
        "MailboxNotEnabledForRESTAPI",
        "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    )
    assert inbox(PETER) == (403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    m365.console("PATCH", f"users/{PETER}", {"mailbox": False})
    assert inbox(PETER_ID)[1] == "MailboxNotEnabledForRESTAPI"


def test_a_policy_and_grants_of_exchange(m365):
    m365.app("PATCH", body={"accessPolicy": {"restrictTo": [SPIDEY]}})
    graph = m365.graph()
    m365.run(folder(graph).get())
    assert denied(m365, folder(graph, user=MARY).get()) == (403, "ErrorAccessDenied", "Access to OData is disabled.")
    m365.app("PATCH", body={"exchangeRbac": {"roles": ["Application Mail.Read"], "scope": [MARY]}})
    m365.run(folder(graph, user=MARY).get())
    m365.app("PATCH", body={"accessPolicy": None})
    m365.app("PUT", "roles", {"roles": []})
    bare = m365.graph()
    m365.run(folder(bare, user=MARY).get())
    assert denied(m365, folder(bare).get())[1] == "ErrorAccessDenied"
    assert denied(m365, bare.users.by_user_id(MARY).calendar.get())[1] == "ErrorAccessDenied"


def test_errors_are_what_the_sdk_reads(m365):
    graph = m365.graph()
    configuration = RequestConfiguration()
    configuration.headers.add("client-request-id", "11111111-2222-4333-8444-555555555555")
    with pytest.raises(ODataError) as caught:
        m365.run(folder(graph, user="nobody@acme.example").get(configuration))
    inner = caught.value.error.inner_error
    assert inner.request_id and inner.date
    assert inner.client_request_id == "11111111-2222-4333-8444-555555555555"
    m365.sandbox.ask("PUT", "clock", {"offsetSeconds": 7200})
    assert denied(m365, folder(graph).get())[:2] == (401, "InvalidAuthenticationToken")
