"""OneDrive and its change tracking, as msgraph-sdk meets them.

Source: learn.microsoft.com/graph/api/driveitem-delta (2026-11-22).
"""

import pytest
from microsoft365_tenant import FILES, MARY, PETER, SPIDEY, refusal
from msgraph.generated.drives.item.items.item.delta.delta_request_builder import DeltaRequestBuilder
from msgraph.generated.models.o_data_errors.o_data_error import ODataError

Delta = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters


def denied(m365, coroutine):
    with pytest.raises(ODataError) as caught:
        m365.run(coroutine)
    return refusal(caught.value)


class Mirror:
    """A drive as a client knows it."""

    def __init__(self, m365):
        self.m365 = m365
        graph = m365.graph()
        self.drive = m365.run(graph.users.by_user_id(PETER).drive.get())
        self.items = graph.drives.by_drive_id(self.drive.id).items
        self.delta, self.names = self.items.by_drive_item_id("root").delta, {}

    def follow(self, size=10):
        query, page = Delta(top=size), None
        for page in self.m365.pages(self.delta, query, immutable=False):
            for item in page.value:
                if item.deleted:
                    assert item.deleted.state == "deleted"
                    self.names.pop(item.id, None)
                else:
                    self.names[item.id] = (item.name, item.parent_reference.id)
        self.delta = self.delta.with_url(page.odata_delta_link)

    def truth(self):
        files = self.m365.state()["files"]
        return {item["id"]: (item["name"], item["parentReference"].get("id")) for item in files}


def test_the_drive_and_its_items(m365):
    mirror = Mirror(m365)
    assert (mirror.drive.drive_type, mirror.drive.owner.user.additional_data["email"]) == ("business", PETER)
    assert mirror.drive.quota.used > 0
    root = m365.run(mirror.items.by_drive_item_id("root").get())
    assert root.root is not None and root.folder.child_count > 0
    children = m365.run(mirror.items.by_drive_item_id("root").children.get()).value
    assert len(children) == root.folder.child_count
    one = m365.run(mirror.items.by_drive_item_id(children[0].id).get())
    assert (one.name, one.parent_reference.id) == (children[0].name, root.id)
    assert denied(m365, mirror.items.by_drive_item_id("01NONE").get())[:2] == (404, "itemNotFound")


def test_change_tracking_misses_nothing(m365):
    mirror = Mirror(m365)
    mirror.follow()
    assert mirror.names == mirror.truth() and len(mirror.names) == FILES + 1
    for seed in range(4):
        m365.user("POST", "edits", {"count": 30, "seed": seed, "streams": ["drive"]})
        mirror.follow(size=4)
        assert mirror.names == mirror.truth(), seed


def test_files_move_and_folders_take_their_content_along(m365):
    mirror = Mirror(m365)
    folder = m365.user("POST", "files", {"name": "Trips", "folder": {}})["id"]
    file = m365.user("POST", "files", {"name": "a.txt", "size": 3, "file": {"mimeType": "text/plain"}})["id"]
    mirror.follow()
    m365.user("PATCH", f"files/{file}", {"parentReference": {"id": folder}})
    mirror.follow()
    assert mirror.names[file] == ("a.txt", folder)
    inside = m365.run(mirror.items.by_drive_item_id(file).get())
    assert inside.parent_reference.path.endswith("/root:/Trips")
    m365.user("DELETE", f"files/{folder}")
    mirror.follow()
    assert folder not in mirror.names and file not in mirror.names


def test_the_latest_token_and_a_point_in_time(m365):
    mirror = Mirror(m365)
    base = f"{m365.sandbox.url}/microsoft365/graph/v1.0/users/{PETER}/drive/root/delta"
    page = m365.run(mirror.delta.with_url(f"{base}?token=latest").get())
    assert page.value == [] and page.odata_delta_link
    file = m365.user("POST", "files", {"name": "new.txt"})["id"]
    for url in (page.odata_delta_link, f"{base}?token=2026-11-02T00:00:00Z", f"{base}(token='2026-11-02T00:00:00Z')"):
        found = m365.run(mirror.delta.with_url(url).get()).value
        assert [item.id for item in found if not item.root] == [file], url


def test_tokens_that_are_too_old(m365):
    mirror = Mirror(m365)
    mirror.follow()
    codes = set()
    for _ in range(2):
        m365.user("POST", "expire", {"what": "drive"})
        with pytest.raises(ODataError) as caught:
            m365.run(mirror.delta.get())
        assert caught.value.response_status_code == 410
        codes.add(caught.value.error.code)
        location = caught.value.response_headers["location"]
        mirror.delta, mirror.names = mirror.delta.with_url(location), {}
        mirror.follow()
        assert mirror.names == mirror.truth()
    assert codes == {"resyncChangesApplyDifferences", "resyncChangesUploadDifferences"}


def test_who_has_no_drive_and_who_may_not_see_it(m365):
    graph = m365.graph()
    m365.console("PATCH", f"users/{MARY}", {"drive": False})
    assert denied(m365, graph.users.by_user_id(MARY).drive.get()) == (404, "ResourceNotFound", "User's mysite not found.")
    assert denied(m365, graph.users.by_user_id(SPIDEY).drive.get())[1] == "Request_ResourceNotFound"
    m365.app("POST", "revoke", {"role": "Files.Read.All"})
    assert denied(m365, m365.graph().users.by_user_id(PETER).drive.get())[:2] == (403, "accessDenied")
