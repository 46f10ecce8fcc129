"""Secrets of an application, as the SDK makes and removes them.

Source: learn.microsoft.com/graph/api/application-addpassword and application-removepassword (2026-11-27).
"""

import datetime
import time
import uuid

import pytest
from microsoft365_tenant import CLIENT, ROLES, code, refusal
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.password_credential import PasswordCredential

OWN = pytest.mark.m365(app={"roles": ["Application.ReadWrite.OwnedBy"]})
ALL = pytest.mark.m365(app={"roles": ["Application.ReadWrite.All"]})


def application(m365):
    """The builder for the application, which the SDK has under the id of its object only."""
    graph = m365.graph()
    object_id = m365.run(graph.applications_with_app_id(CLIENT).get()).id
    return graph.applications.by_application_id(object_id)


def add(m365, builder, **how):
    request = AddPasswordPostRequestBody(password_credential=PasswordCredential(**how))
    return m365.run(builder.add_password.post(request))


def remove(m365, builder, key_id):
    return m365.run(builder.remove_password.post(RemovePasswordPostRequestBody(key_id=uuid.UUID(str(key_id)))))


def refused(call, *how, **named):
    with pytest.raises(ODataError) as caught:
        call(*how, **named)
    return refusal(caught.value)


def shown(m365, builder):
    return {str(one.key_id): one for one in m365.run(builder.get()).password_credentials}


@OWN
def test_a_password_that_graph_makes(m365):
    builder = application(m365)
    made = add(m365, builder, display_name="deputy 1")
    assert made.display_name == "deputy 1"
    assert made.secret_text.startswith(made.hint) and len(made.hint) == 3
    assert (made.end_date_time - made.start_date_time).days == 730
    assert "access_token" in m365.token(made.secret_text)
    entry = shown(m365, builder)[str(made.key_id)]
    assert (entry.display_name, entry.hint, entry.secret_text) == ("deputy 1", made.hint, None)
    remove(m365, builder, made.key_id)
    assert code(m365.token(made.secret_text)) == 7000215
    assert str(made.key_id) not in shown(m365, builder)
    status, name, message = refused(remove, m365, builder, made.key_id)
    assert (status, name) == (400, "Request_BadRequest")
    assert message == f"No password credential found with keyId '{made.key_id}'."


@ALL
def test_an_end_and_an_application_that_is_not_there(m365):
    end = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(days=90)
    assert add(m365, application(m365), end_date_time=end).end_date_time == end
    stranger = m365.graph().applications.by_application_id(str(uuid.uuid4()))
    assert refused(add, m365, stranger)[:2] == (404, "Request_ResourceNotFound")


@OWN
def test_by_the_id_of_the_application(m365):
    token = m365.token()["access_token"]
    base = f"{m365.sandbox.url}/microsoft365/graph/v1.0/applications(appId='{CLIENT}')"

    def post(action, body):
        headers = {"Authorization": f"Bearer {token}"}
        return m365.session.post(f"{base}/{action}", json=body, headers=headers, timeout=30)

    made = post("addPassword", {"passwordCredential": {"displayName": "deputy 2"}})
    assert made.status_code == 200
    assert made.json()["@odata.context"].endswith("#microsoft.graph.passwordCredential")
    assert "access_token" in m365.token(made.json()["secretText"])
    gone = post("removePassword", {"keyId": made.json()["keyId"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert post("addPassword", {"password": "own"}).status_code == 400


@OWN
def test_an_end_in_the_past(m365):
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    found = refused(add, m365, application(m365), end_date_time=past)
    assert found[:2] == (400, "KeyCredentialsInvalidEndDate")


def test_reading_is_not_writing(m365):
    assert "Application.Read.All" in ROLES
    builder = application(m365)
    assert shown(m365, builder)
    denied = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    assert refused(add, m365, builder) == denied
    assert refused(remove, m365, builder, uuid.uuid4()) == denied


@OWN
def test_only_what_the_caller_owns(m365):
    builder = application(m365)
    m365.app("PATCH", body={"ownsItself": False})
    assert refused(shown, m365, builder)[:2] == (403, "Authorization_RequestDenied")
    assert refused(add, m365, builder)[:2] == (403, "Authorization_RequestDenied")
    m365.app("PATCH", body={"ownsItself": True})
    assert add(m365, builder).secret_text


@ALL
def test_two_passwords_where_personal_accounts_sign_in(m365):
    m365.app("PATCH", body={"signInAudience": "AzureADandPersonalMicrosoftAccount"})
    builder = application(m365)  # its own secret is the first
    add(m365, builder)
    status, _, message = refused(add, m365, builder)
    assert status == 400
    assert message == "Not allowed to add 3 passwords. You can only add a maximum of 2 passwords."


@OWN
def test_a_new_password_is_not_known_at_once(m365):
    builder = application(m365)
    m365.console("PUT", "secret-propagation", {"ms": 1500})
    made = add(m365, builder)
    assert code(m365.token(made.secret_text)) == 7000215
    assert refused(remove, m365, builder, made.key_id)[1] == "Request_BadRequest"
    deadline = time.monotonic() + 20
    while "access_token" not in m365.token(made.secret_text):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    remove(m365, builder, made.key_id)
    assert code(m365.token(made.secret_text)) == 7000215


@OWN
def test_no_password_is_in_the_log(m365):
    made = add(m365, application(m365))
    assert made.secret_text not in str(m365.sandbox.calls())
