"""SendSafely, as its own client meets it.

Source: PyPI sendsafely 1.0.11, github.com/SendSafely/Code-Examples and sendsafely.zendesk.com article 16680201903885
(2026-11-27).
"""

import datetime
import json

import pytest
import requests
from sendsafely.exceptions import GetPackageInformationFailedException, GetUserInformationException
from sendsafely_company import ADMIN, DEPUTY, HOST, MARY, PACKAGES, PETER

AUTHENTICATION = "AUTHENTICATION_FAILED"


def days_ago(days):
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def user_refusal(client):
    with pytest.raises(GetUserInformationException) as caught:
        client.get_user_information()
    return caught.value.details


def everything(company, endpoint, body, size, in_body=False):
    """Every page of a list, by its next rows, and the pages' sizes."""
    rows, sizes, index = [], [], "0"
    while index:
        page = {"rowIndex": int(index), "pageSize": size}
        how = {"body": body | page} if in_body else {"body": body, "query": page}
        reply = company.ask("POST", endpoint, **how)
        assert reply["response"] == "SUCCESS", reply
        found = reply.get("packages", reply.get("auditLogs"))
        rows += found
        sizes.append(len(found))
        assert reply["pagination"]["rowsReturned"] == str(len(found))
        index = reply["pagination"].get("nextRowIndex")
    return rows, sizes


def test_who_signs(company):
    user = company.client().get_user_information()
    assert (user["email"], user["firstName"], user["adminUser"]) == (DEPUTY, "Deputy", True)
    assert company.ask("GET", "/config/verify-credentials/")["message"] == DEPUTY
    enterprise = company.ask("GET", "/enterprise/")
    assert (enterprise["host"], enterprise["systemName"]) == (HOST, "Acme")


def test_a_wrong_secret_a_wrong_key_and_none(company):
    wrong = company.key | {"apiSecret": company.key["apiSecret"] + "x"}
    assert user_refusal(company.client(wrong)) == "Invalid Request Signature"
    assert user_refusal(company.client(company.key | {"apiKey": "nobody"})) == "Invalid API Key"
    reply = requests.get(f"{company.url}/api/v2.0/user", timeout=30)
    assert (reply.status_code, reply.json()) == (200, {"response": AUTHENTICATION, "message": "Invalid API Key"})


def test_the_signature_is_over_what_is_sent(company):
    recipients = "/user/dropzone-recipients/"
    body = {"userEmail": MARY}
    assert company.ask("PUT", recipients, body)["response"] == "SUCCESS"
    signed = company.request("PUT", recipients, body).request
    for change in (
        {"data": json.dumps(body, separators=(",", ":"))},
        {"url": signed.url.rstrip("/")},
        {"headers": {**signed.headers, "ss-request-signature": signed.headers["ss-request-signature"].upper()}},
    ):
        again = {"method": "PUT", "url": signed.url, "data": signed.body, "headers": signed.headers} | change
        assert requests.request(**again, timeout=30).json()["response"] == AUTHENTICATION, change
    # The query does not count, and a slash at the end does as it is sent.
    assert company.ask("GET", "/package", query={"rowIndex": 0})["response"] == "SUCCESS"
    assert company.ask("GET", "/user/")["email"] == company.ask("GET", "/user")["email"]


def test_a_clock_that_is_off(company):
    company.sandbox.ask("PUT", "clock", {"offsetSeconds": 3600})
    assert user_refusal(company.client()) == "Invalid Request Timestamp"
    company.console("PATCH", "features", {"timestampWindowSeconds": 7200})
    assert company.client().get_user_information()["email"] == DEPUTY
    there = company.request("GET", "/user").headers["Date"]
    there = datetime.datetime.strptime(there, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=datetime.UTC)
    assert (there - datetime.datetime.now(datetime.UTC)).total_seconds() > 3500


def test_keys_are_made_revoked_and_rotated_in_the_console(company):
    first, second = company.key, company.make_key()
    for key in (first, second):
        assert company.client(key).get_user_information()["email"] == DEPUTY
    assert {key["apiKey"] for key in company.user("GET", "keys")["keys"]} == {first["apiKey"], second["apiKey"]}
    assert "apiSecret" not in str(company.user("GET", "keys"))
    company.console("DELETE", f"keys/{first['apiKey']}")
    assert user_refusal(company.client(first)) == "Invalid API Key"
    third = company.user("POST", "rotate", {})
    assert third["revoked"] == [second["apiKey"]]
    assert user_refusal(company.client(second)) == "Invalid API Key"
    assert company.client(third).get_user_information()["email"] == DEPUTY
    company.user("PATCH", body={"active": False})
    assert user_refusal(company.client(third)) == "Invalid API Key"


def test_sent_packages_in_pages(company):
    peter = company.make_key(PETER)
    sent = company.client(peter).get_sent_packages(page_size=50)
    assert [page["rowsReturned"] for page in sent["pagination"]] == ["50", "50", str(len(sent["packages"]) - 100)]
    assert len({package["packageId"] for package in sent["packages"]}) == len(sent["packages"])
    assert {package["packageUserName"] for package in sent["packages"]} == {PETER}
    # Packages that are only being begun are in no list: one in eleven.
    assert len(sent["packages"]) == PACKAGES - len(range(10, PACKAGES, 11))
    stamps = [
        datetime.datetime.strptime(package["packageUpdateTimestamp"], "%b %d, %Y %I:%M:%S %p")
        for package in sent["packages"]
    ]
    assert stamps == sorted(stamps, reverse=True)


def test_received_packages(company):
    made = company.user("POST", "packages", {"recipients": [DEPUTY], "label": "For you"}, PETER)
    received = company.client().get_received_packages()["packages"]
    assert [package["packageId"] for package in received] == [made["packageId"]]


def test_a_package_in_full(company):
    files = [{"name": "Vertrag – Entwurf.pdf", "size": 3_000_000}]
    made = company.user("POST", "packages", {"recipients": [MARY], "files": files, "label": "Offer", "life": 30})
    client = company.client()
    package = client.get_package_information(made["packageId"])
    assert package["state"] == "PACKAGE_STATE_ACTIVE_COMPLETE"
    assert (package["packageSender"], package["life"], package["label"]) == (DEPUTY, 30, "Offer")
    (file,) = package["files"]
    assert (file["fileName"], file["fileSize"], file["parts"]) == ("Vertrag – Entwurf.pdf", "3000000", 2)
    assert [recipient["email"] for recipient in package["recipients"]] == [MARY]
    link = f"https://{HOST}/receive/?packageCode={package['packageCode']}#keyCode=abc"
    assert client.get_package_information_from_link(link)["packageId"] == made["packageId"]
    assert client.load_package(made["packageId"]).server_secret == package["serverSecret"]


def test_a_package_that_is_not_there_or_not_ones_own(company):
    with pytest.raises(GetPackageInformationFailedException) as caught:
        company.client().get_package_information("none")
    assert caught.value.details == "Package ID does not exist"
    made = company.user("POST", "packages", {"recipients": [PETER]})
    mary = company.make_key(MARY)
    assert company.ask("GET", f"/package/{made['packageId']}", key=mary)["response"] == "DENIED"
    peter = company.make_key(PETER)
    assert company.ask("GET", f"/package/{made['packageId']}", key=peter)["response"] == "SUCCESS"


@pytest.mark.parametrize("endpoint", ["/package/organization/", "/package/organization/search/"])
def test_packages_of_the_company(company, endpoint):
    rows, sizes = everything(company, endpoint, {}, 50)
    assert sizes[:-1] == [50] * (len(sizes) - 1)
    assert {row["packageState"] for row in rows} == set(range(-4, 7)) - {-2}
    assert any(row["isDropzonePackage"] for row in rows) and any(row["packageIsVdr"] for row in rows)
    assert company.ask("POST", endpoint, {}, query={"pageSize": 10})["capped"] is True
    for status, states in (("ACTIVE", {3, 4, 5}), ("EXPIRED", {1, 2, 6})):
        found, _ = everything(company, endpoint, {"status": status}, 100)
        assert {row["packageState"] for row in found} == states
    archived, _ = everything(company, endpoint, {"status": "ARCHIVED"}, 100)
    assert archived and len(archived) < len(rows)
    assert company.ask("POST", endpoint, {"status": "NEW"})["response"] == "INVALID_INPUT"
    assert company.ask("POST", endpoint, {}, query={"pageSize": 101})["response"] == "INVALID_INPUT"


def test_packages_by_day_sender_recipient_and_file(company):
    endpoint = "/package/organization/search/"
    files = [{"name": "needle.pdf", "size": 1}]
    made = company.user("POST", "packages", {"recipients": ["ann@other.example"], "files": files}, MARY)["packageId"]
    now = datetime.datetime.now(datetime.UTC)

    def found(**wanted):
        return [row["packageId"] for row in everything(company, endpoint, wanted, 100)[0]]

    for wanted in ({"filename": "NEEDLE"}, {"sender": MARY}, {"recipient": "ann@other.example"}):
        assert made in found(**wanted)
    assert found(sender=MARY) == [made]
    yesterday, tomorrow = (now + datetime.timedelta(days=days) for days in (-1, 1))
    assert made in found(fromDate=f"{yesterday:%m/%d/%Y}", toDate=f"{tomorrow:%m/%d/%Y}")
    assert made not in found(toDate=f"{yesterday:%m/%d/%Y}")
    assert company.ask("POST", endpoint, {"fromDate": "2026-11-01"})["response"] == "INVALID_INPUT"


def test_uploads_to_the_dropzone(company):
    files = [{"name": "plan.zip", "size": 5}]
    made = company.user("POST", "packages", {"dropzoneSender": "stranger@other.example", "files": files})
    assert made["isDropzonePackage"] and made["recipients"] == [PETER]
    assert (made["packageSender"], made["packageUserName"]) == ("stranger@other.example", DEPUTY)
    reply = company.ask("POST", "/enterprise/audit-logs/", {"authenticatedUser": "Unverified Sender"})
    assert made["packageId"] in [entry["logDetails"]["packageId"] for entry in reply["auditLogs"]]


def test_recipients_of_the_dropzone(company):
    endpoint = "/user/dropzone-recipients/"

    def change(method, email):
        return company.ask(method, endpoint, {"userEmail": email})["response"]

    assert company.ask("GET", endpoint)["recipientEmailAddresses"] == [PETER]
    assert change("PUT", MARY) == "SUCCESS"
    assert change("PUT", MARY.upper()) == "DUPLICATE_EMAIL"
    assert change("PUT", "nobody") == "INVALID_EMAIL"
    assert change("DELETE", PETER) == "SUCCESS"
    assert change("DELETE", PETER) == "INVALID_RECIPIENT"
    assert company.ask("GET", endpoint)["recipientEmailAddresses"] == [MARY]
    for nth in range(74):
        assert change("PUT", f"r{nth}@acme.example") == "SUCCESS"
    assert change("PUT", "one.more@acme.example") == "LIMIT_EXCEEDED"


def test_groups(company):
    (legal,) = company.ask("GET", "/enterprise/groups/")["contactGroups"]
    assert (legal["contactGroupName"], legal["contactGroupIsOrganizationGroup"]) == ("Legal", True)
    assert [member["userEmail"] for member in legal["users"]] == [PETER, "law@other.example"]
    (friends,) = company.ask("GET", "/user/groups/")["contactGroups"]
    assert (friends["contactGroupName"], friends["contactGroupIsOrganizationGroup"]) == ("Friends", False)


def test_what_only_administrators_may_do(company):
    assert company.client().get_user_information()["adminUser"] is True
    company.user("PATCH", body={"admin": False})
    assert company.client().get_user_information()["adminUser"] is False
    for endpoint in ("/package/organization/", "/enterprise/audit-logs/"):
        assert company.ask("POST", endpoint, {})["response"] == "DENIED"


def test_the_audit_log(company):
    endpoint = "/enterprise/audit-logs/"
    rows, sizes = everything(company, endpoint, {"eventType": ""}, 40, in_body=True)
    assert len(sizes) > 1 and len({row["eventId"] for row in rows}) == len(rows)
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
    assert {row["eventType"] for row in rows} == {"PACKAGE_EVENT"}
    assert rows[-1]["timestamp"] > days_ago(91)
    mine = company.ask("POST", endpoint, {"packageOwner": DEPUTY})["auditLogs"]
    assert mine and all(row["logDetails"]["packageOwner"] == DEPUTY for row in mine)
    assert company.ask("POST", endpoint, {"eventType": "OTHER"})["response"] == "INVALID_INPUT"
    company.console("PATCH", "features", {"auditLogs": False})
    assert company.ask("POST", endpoint, {})["response"] == "DENIED"


def test_impersonation_is_told(company):
    endpoint = "/enterprise/audit-logs/"
    wanted = {"impersonatedUser": DEPUTY}
    assert company.ask("POST", endpoint, wanted)["auditLogs"] == []
    company.user("POST", "keys", {"by": ADMIN})
    (entry,) = company.ask("POST", endpoint, wanted)["auditLogs"]
    assert (entry["authenticatedUser"], entry["impersonatedUser"]) == (ADMIN, DEPUTY)
    past = {"eventType": "USER_EVENT", "action": "LOGIN", "authenticatedUser": ADMIN, "impersonatedUser": DEPUTY}
    for days in (7, 91):
        company.console("POST", "audit", past | {"timestamp": days_ago(days)})
    assert len(company.ask("POST", endpoint, wanted)["auditLogs"]) == 2
    for since in (days_ago(6)[:10], days_ago(6)[:19].replace("T", " ")):
        found = company.ask("POST", endpoint, wanted | {"minTimestamp": since})
        assert [one["eventId"] for one in found["auditLogs"]] == [entry["eventId"]]
    assert company.ask("POST", endpoint, wanted | {"minTimestamp": days_ago(6)})["response"] == "INVALID_INPUT"


def test_a_wrong_host_does_not_answer_in_json(company):
    right = f"{company.url}/hosts/{HOST}"
    assert company.client(url=right).get_user_information()["email"] == DEPUTY
    wrong = f"{company.url}/hosts/other.sendsafely.com"
    assert "Expecting value" in user_refusal(company.client(url=wrong)), "that is no JSON"
    reply = company.request("GET", "/user", Host="other.sendsafely.com")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert company.ask("GET", "/user", Host=HOST)["email"] == DEPUTY


def test_browsers_may_ask_first(company):
    reply = requests.options(f"{company.url}/api/v2.0/user", timeout=30)
    assert reply.status_code == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert "ss-request-signature" in reply.headers["Access-Control-Allow-Headers"]


def test_scim(company):
    credentials = company.console("POST", f"keys/{company.key['apiKey']}/scim")
    reply = company.scim(credentials, count=1)
    assert reply.status_code == 200
    assert (reply.json()["totalResults"], reply.json()["itemsPerPage"]) == (4, 1)
    call = company.sandbox.calls()[-1]
    assert (call["api"], call["subject"], call["names"]) == ("scim", DEPUTY, [])
    emails = [user["userName"] for user in company.scim(credentials).json()["Resources"]]
    assert sorted(emails) == sorted([DEPUTY, ADMIN, PETER, MARY])
    wrong = company.scim(credentials | {"scimPassword": "no"}, count=1)
    assert (wrong.status_code, wrong.json()["status"]) == (401, "401")
    company.user("PATCH", body={"admin": False})
    assert company.scim(credentials, count=1).status_code == 403
    company.user("PATCH", body={"admin": True})
    company.console("DELETE", f"keys/{company.key['apiKey']}")
    assert company.scim(credentials, count=1).status_code == 401


def test_what_is_not_there_is_said(company):
    assert company.ask("PUT", "/package", {"vdr": "false"})["response"] == "UNKNOWN_ENDPOINT"


def test_the_log_names_people_and_no_secret(company):
    company.ask("PUT", "/user/dropzone-recipients/", {"userEmail": MARY})
    company.ask("POST", "/enterprise/audit-logs/", {"impersonatedUser": DEPUTY})
    put, post = company.sandbox.calls()
    assert (put["vendor"], put["api"], put["subject"], put["names"]) == ("sendsafely", "dropzone", DEPUTY, [MARY])
    assert (post["api"], post["names"], post["status"], post["reason"]) == ("audit", [], 200, None)
    company.ask("GET", "/package/none")
    assert company.sandbox.calls()[-1]["reason"] == "UNKNOWN_PACKAGE"
    assert company.key["apiSecret"] not in str(company.sandbox.calls())
