"""Drive metadata through google-api-python-client: files, changes and refusals.

Source: developers.google.com/workspace/drive/api/guides/manage-changes (2026-11-22).
"""

import pytest
from google_tenant import FILES, GMAIL, PETER, PROJECT, detail, pages, reason
from googleapiclient.errors import HttpError

MASK = "nextPageToken,newStartPageToken,changes(changeType,removed,fileId,time,file(id,name,mimeType,trashed))"


def refused(request):
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value


def start(drive):
    return drive.changes().getStartPageToken().execute()["startPageToken"]


def changes(drive, token, **how):
    """Every change since, and the token to go on from."""
    resource = drive.changes()
    found = list(pages(resource, resource.list(pageToken=token, fields=MASK, **how)))
    assert all("newStartPageToken" not in page for page in found[:-1]), "only the last page has one"
    return [change for page in found for change in page["changes"]], found[-1]["newStartPageToken"]


def test_who_it_is(tenant):
    about = tenant.drive().about().get(fields="user").execute()
    assert about["user"]["emailAddress"] == PETER
    assert refused(tenant.drive().about().get()).resp.status == 400, "the fields parameter is required"


def test_files_in_pages(tenant):
    files = tenant.drive().files()
    found = list(pages(files, files.list(pageSize=20, fields="nextPageToken,files(id,name,owners,size)")))
    assert [len(page["files"]) for page in found] == [20, 20, FILES - 40]
    ids = [file["id"] for page in found for file in page["files"]]
    assert len(set(ids)) == FILES
    truth = tenant.user("GET", "state")["files"]
    assert set(ids) == {file["id"] for file in truth}


def test_without_a_mask_a_file_has_four_fields(tenant):
    file = tenant.drive().files().list(pageSize=1).execute()["files"][0]
    assert set(file) == {"kind", "id", "name", "mimeType"}


def test_changes_after_a_start(tenant):
    drive = tenant.drive()
    token = start(drive)
    assert changes(drive, token)[0] == []
    made = tenant.user("POST", "files", {"name": "Plan", "mimeType": "application/vnd.google-apps.document"})
    (change,), after = changes(drive, token)
    assert (change["changeType"], change["removed"], change["fileId"]) == ("file", False, made["id"])
    assert (change["file"]["name"], change["file"]["trashed"]) == ("Plan", False)
    tenant.user("PATCH", f"files/{made['id']}", {"trashed": True})
    (change,), later = changes(drive, after)
    assert change["removed"] is False and change["file"]["trashed"] is True
    tenant.user("DELETE", f"files/{made['id']}")
    (change,), _ = changes(drive, later)
    assert (change["removed"], change["fileId"]) == (True, made["id"]) and "file" not in change


def test_an_old_token_still_works(tenant):
    drive = tenant.drive()
    token = start(drive)
    made = [tenant.user("POST", "files", {"name": f"F{n}", "mimeType": "text/plain"})["id"] for n in range(25)]
    for what in ["history", "calendar"]:
        tenant.user("POST", "expire", {"what": what})
    found, _ = changes(drive, token, pageSize=10)
    assert [change["fileId"] for change in found] == made


def test_removed_files_are_left_out_on_request(tenant):
    drive = tenant.drive()
    made = tenant.user("POST", "files", {"name": "Plan", "mimeType": "text/plain"})
    token = start(drive)
    tenant.user("DELETE", f"files/{made['id']}")
    assert changes(drive, token, includeRemoved=False)[0] == []


def test_a_token_that_was_never_given_out(tenant):
    assert refused(tenant.drive().changes().list(pageToken="made-up")).resp.status == 400
    assert refused(tenant.drive().files().list(pageToken="made-up")).resp.status == 400


def test_metadata_is_all_there_is(tenant):
    drive = tenant.drive()
    error = refused(drive.drives().list())
    assert (error.resp.status, reason(error)) == (403, "insufficientPermissions")
    file = drive.files().list(pageSize=1).execute()["files"][0]
    assert refused(drive.files().get_media(fileId=file["id"])).resp.status == 403


def test_a_file_that_is_not_there(tenant):
    error = refused(tenant.drive().files().get(fileId="nothing"))
    assert (error.resp.status, reason(error)) == (404, "notFound")
    assert error.reason == "File not found: nothing."


def test_a_scope_of_another_api_and_an_api_that_is_off(tenant):
    error = refused(tenant.drive(GMAIL).files().list())
    assert (error.resp.status, reason(error)) == (403, "insufficientPermissions")
    tenant.sandbox.google("PATCH", f"projects/{PROJECT}", {"apis": ["gmail"]})
    error = refused(tenant.drive().files().list())
    assert (error.resp.status, reason(error)) == (403, "accessNotConfigured")
    assert detail(error)["metadata"]["service"] == "drive.googleapis.com"


def test_a_person_without_drive(tenant):
    tenant.change_user({"drive": False})
    error = refused(tenant.drive().about().get(fields="user"))
    assert error.resp.status in (401, 403)


def test_random_edits_end_where_the_state_is(tenant):
    drive = tenant.drive()
    token = start(drive)
    files = drive.files()
    rows = {
        file["id"]: file
        for page in pages(files, files.list(pageSize=1000, fields="nextPageToken,files(id,name,mimeType,trashed)"))
        for file in page["files"]
    }
    tenant.user("POST", "edits", {"count": 120, "seed": 13, "streams": ["drive"]})
    found, _ = changes(drive, token)
    assert found
    for change in found:
        if change["removed"]:
            rows.pop(change["fileId"], None)
        else:
            rows[change["fileId"]] = change["file"]
    truth = {file["id"]: file for file in tenant.user("GET", "state")["files"]}
    assert {id: (f["name"], f["trashed"]) for id, f in rows.items()} == {
        id: (f["name"], f["trashed"]) for id, f in truth.items()
    }
