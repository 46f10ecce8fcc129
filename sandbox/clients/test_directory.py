"""Directory and licences through google-api-python-client.

Source: developers.google.com/workspace/admin/directory/reference/rest/v1/users (2026-11-22).
"""

import pytest
from google_tenant import ADMIN, DRIVE, LICENSING, MARY, PETER, PETER_ID, PROJECT, SPIDEY, detail, pages, reason
from googleapiclient.errors import HttpError

SKU = "1010020020"


def refused(request):
    with pytest.raises(HttpError) as caught:
        request.execute()
    return caught.value


@pytest.mark.parametrize("key", [PETER, SPIDEY, PETER_ID])
def test_a_person_by_address_alias_and_id(tenant, key):
    user = tenant.directory().users().get(userKey=key).execute()
    assert (user["id"], user["primaryEmail"], user["aliases"]) == (PETER_ID, PETER, [SPIDEY])
    assert user["customerId"] == "C01acme"
    assert (user["suspended"], user["archived"], user["isMailboxSetup"]) == (False, False, True)


def test_what_an_administrator_changes_is_seen(tenant):
    get = tenant.directory().users().get
    tenant.change_user({"suspended": True})
    assert get(userKey=PETER).execute()["suspended"] is True
    tenant.change_user({"suspended": False, "archived": True, "mailbox": False})
    user = get(userKey=PETER).execute()
    assert (user["suspended"], user["archived"], user["isMailboxSetup"]) == (False, True, False)


def test_a_renamed_person_keeps_the_id_and_the_old_address(tenant):
    tenant.change_user({"primaryEmail": "peter.watson@acme.example"})
    user = tenant.directory().users().get(userKey=PETER).execute()
    assert (user["id"], user["primaryEmail"]) == (PETER_ID, "peter.watson@acme.example")
    assert PETER in user["aliases"]


def test_nobody(tenant):
    error = refused(tenant.directory().users().get(userKey="nobody@acme.example"))
    assert (error.resp.status, reason(error), error.reason) == (404, "notFound", "Resource Not Found: userKey")


def test_everybody_in_pages(tenant):
    for number in range(12):
        tenant.sandbox.google("POST", "users", {"email": f"colleague{number}@acme.example"})
    users = tenant.directory().users()
    found = list(pages(users, users.list(customer="my_customer", maxResults=5)))
    assert [len(page["users"]) for page in found] == [5, 5, 5]
    addresses = {user["primaryEmail"] for page in found for user in page["users"]}
    assert len(addresses) == 15 and {ADMIN, PETER, MARY} <= addresses
    by_domain = users.list(domain="acme.example", maxResults=500).execute()["users"]
    assert len(by_domain) == 15


def test_a_fields_mask(tenant):
    mask = "nextPageToken,users(id,primaryEmail)"
    page = tenant.directory().users().list(customer="my_customer", fields=mask).execute()
    assert set(page) == {"users"} and all(set(user) == {"id", "primaryEmail"} for user in page["users"])


def test_deleted_people_are_listed_apart(tenant):
    tenant.sandbox.google("DELETE", f"users/{MARY}")
    users = tenant.directory().users()
    assert MARY not in {u["primaryEmail"] for u in users.list(customer="my_customer").execute()["users"]}
    deleted = users.list(customer="my_customer", showDeleted="true").execute()["users"]
    assert [user["primaryEmail"] for user in deleted] == [MARY]
    assert refused(users.get(userKey=MARY)).resp.status == 404


def test_a_listing_needs_a_customer_or_a_domain(tenant):
    assert refused(tenant.directory().users().list()).resp.status == 400


def test_only_administrators(tenant):
    directory = tenant.directory(subject=PETER)
    for request in [directory.users().get(userKey=MARY), directory.users().list(customer="my_customer")]:
        error = refused(request)
        assert (error.resp.status, reason(error)) == (403, "forbidden")
        assert error.reason == "Not Authorized to access this resource/api"


def test_a_scope_of_another_api_and_an_api_that_is_off(tenant):
    error = refused(tenant.directory(DRIVE).users().get(userKey=PETER))
    assert (error.resp.status, reason(error)) == (403, "insufficientPermissions")
    tenant.sandbox.google("PATCH", f"projects/{PROJECT}", {"apis": ["gmail"]})
    error = refused(tenant.directory().users().get(userKey=PETER))
    assert (error.resp.status, reason(error)) == (403, "accessNotConfigured")
    assert detail(error)["metadata"]["service"] == "admin.googleapis.com"


def test_a_licence_of_a_person(tenant):
    assignments = tenant.licensing().licenseAssignments()
    found = assignments.get(productId="Google-Apps", skuId=SKU, userId=PETER).execute()
    assert (found["userId"], found["skuId"], found["productId"]) == (PETER, SKU, "Google-Apps")
    assert refused(assignments.get(productId="Google-Apps", skuId=SKU, userId=MARY)).resp.status == 404


def test_the_licences_of_a_product(tenant):
    assignments = tenant.licensing().licenseAssignments()
    tenant.change_user({"licenses": ["1010020026"]}, email=MARY)
    request = assignments.listForProduct(productId="Google-Apps", customerId="C01acme", maxResults=1)
    found = [item for page in pages(assignments, request, "listForProduct") for item in page["items"]]
    assert {(item["userId"], item["skuId"]) for item in found} == {(PETER, SKU), (MARY, "1010020026")}


def test_licences_need_their_own_scope(tenant):
    request = tenant.licensing(DRIVE).licenseAssignments().get(productId="Google-Apps", skuId=SKU, userId=PETER)
    assert reason(refused(request)) == "insufficientPermissions"
    granted = tenant.licensing(LICENSING).licenseAssignments()
    assert granted.get(productId="Google-Apps", skuId=SKU, userId=PETER).execute()["skuId"] == SKU
