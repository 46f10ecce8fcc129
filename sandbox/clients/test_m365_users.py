"""People, permissions and batches, as msgraph-sdk meets them."""

import microsoft365_tenant
import pytest
import vendors
from kiota_abstractions.base_request_configuration import RequestConfiguration
from microsoft365_tenant import CLIENT, MARY, PETER, PETER_ID, ROLES, SHARED, SPIDEY, refusal
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.user_purpose import UserPurpose
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem

CHECKED = ["id", "userPrincipalName", "mail", "proxyAddresses", "accountEnabled", "assignedPlans", "assignedLicenses"]
One = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters
Many = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters


def denied(m365, coroutine):
    with pytest.raises(ODataError) as caught:
        m365.run(coroutine)
    return refusal(caught.value)


def test_a_token_that_is_ended_is_refused(m365):
    graph = m365.graph()
    m365.run(graph.users.by_user_id(PETER).get())
    m365.console("DELETE", "tokens")
    status, code, _ = denied(m365, graph.users.by_user_id(PETER).get())
    assert (status, code) == (401, "InvalidAuthenticationToken")
    m365.run(m365.graph().users.by_user_id(PETER).get())


def test_a_person_by_id_and_by_principal_name(m365):
    graph = m365.graph()
    for key in (PETER, PETER_ID, PETER.upper()):
        user = m365.run(graph.users.by_user_id(key).get(RequestConfiguration(query_parameters=One(select=CHECKED))))
        assert (user.id, user.mail, user.account_enabled) == (PETER_ID, PETER, True)
        assert user.proxy_addresses == [f"SMTP:{PETER}", f"smtp:{SPIDEY}"]
        assert {plan.service for plan in user.assigned_plans} == {"exchange", "SharePoint"}
        assert user.assigned_plans[0].capability_status == "Enabled"
    plain = m365.run(graph.users.by_user_id(PETER).get())
    assert (plain.display_name, plain.account_enabled, plain.proxy_addresses) == ("Peter Parker", None, None)


def test_nobody_by_alias_or_otherwise(m365):
    graph = m365.graph()
    for key in (SPIDEY, "nobody@acme.example", CLIENT):
        status, code, message = denied(m365, graph.users.by_user_id(key).get())
        assert (status, code) == (404, "Request_ResourceNotFound")
        assert message.startswith(f"Resource '{key}' does not exist")
    query = One(select=["shoeSize"])
    status, _, message = denied(m365, graph.users.by_user_id(PETER).get(RequestConfiguration(query_parameters=query)))
    assert status == 400 and "Could not find a property named 'shoeSize'" in message


def test_people_in_bulk(m365):
    graph = m365.graph()

    def found(text, top=None):
        query = Many(filter=text, select=["mail", "id"], top=top)
        return [user.mail for page in m365.pages(graph.users, query) for user in page.value]

    assert found(f"mail in ('{PETER}', '{MARY}', 'x@acme.example')") == [PETER, MARY]
    assert found(f"userPrincipalName eq '{MARY}'") == [MARY]
    assert found(f"proxyAddresses/any(x:x eq 'smtp:{SPIDEY}')") == [PETER]
    assert len(found(None, top=1)) == 4
    many = ",".join(f"'{n}@acme.example'" for n in range(16))
    query = RequestConfiguration(query_parameters=Many(filter=f"mail in ({many})"))
    assert denied(m365, graph.users.get(query))[:2] == (400, "Request_UnsupportedQuery")


def test_states_of_accounts(m365):
    graph = m365.graph()
    get = lambda key: m365.run(  # noqa: E731
        graph.users.by_user_id(key).get(RequestConfiguration(query_parameters=One(select=CHECKED)))
    )
    office = get(SHARED)
    assert (office.account_enabled, office.assigned_plans, office.mail) == (False, [], SHARED)
    settings = m365.run(graph.users.by_user_id(SHARED).mailbox_settings.get())
    assert isinstance(settings, MailboxSettings)
    assert settings.user_purpose == UserPurpose.Shared
    harry = get("harry@acme.example")
    assert (harry.mail, harry.assigned_plans, harry.proxy_addresses) == (None, [], [])
    m365.console("PATCH", f"users/{PETER}", {"email": "peter@acme.example"})
    assert get("peter@acme.example").proxy_addresses[1:] == [f"smtp:{SPIDEY}", f"smtp:{PETER}"]
    m365.console("DELETE", f"users/{MARY}")
    assert denied(m365, graph.users.by_user_id(MARY).get())[0] == 404


def test_licences_and_what_they_are_called(m365):
    ask = lambda key: m365.run(  # noqa: E731
        m365.graph().users.by_user_id(key).get(RequestConfiguration(query_parameters=One(select=CHECKED)))
    )
    held = lambda key: [str(one.sku_id) for one in ask(key).assigned_licenses]  # noqa: E731
    assert (len(held(PETER)), held("harry@acme.example")) == (1, [])
    m365.console("PATCH", f"users/{PETER}", {"licenses": ["SPE_E5", "FLOW_FREE"]})
    assert denied(m365, m365.graph().subscribed_skus.get())[:2] == (403, "Authorization_RequestDenied")
    m365.app("POST", "grant", {"role": "LicenseAssignment.Read.All"})
    skus = m365.run(m365.graph().subscribed_skus.get()).value
    names = {str(sku.sku_id): sku.sku_part_number for sku in skus}
    assert [names[id] for id in held(PETER)] == ["SPE_E5", "FLOW_FREE"]
    assert {sku.sku_part_number: sku.consumed_units for sku in skus}["SPE_E5"] == 1
    m365.console("PATCH", f"users/{PETER}", {"licenses": None})
    assert [names[id] for id in held(PETER)] == ["ENTERPRISEPACK"]


def test_no_consent_for_the_directory(m365):
    secret = m365.secret()["value"]
    m365.app("POST", "revoke", {"role": "User.Read.All"})
    status, code, message = denied(m365, m365.graph(secret).users.by_user_id(PETER).get())
    assert (status, code) == (403, "Authorization_RequestDenied")
    assert message == "Insufficient privileges to complete the operation."
    m365.app("POST", "grant", {"role": "User.ReadBasic.All"})
    query = RequestConfiguration(query_parameters=One(select=CHECKED))
    basic = m365.run(m365.graph(secret).users.by_user_id(PETER).get(query))
    assert (basic.mail, basic.account_enabled) == (PETER, None)


def test_a_token_keeps_its_roles(m365):
    graph = m365.graph()
    m365.run(graph.users.by_user_id(PETER).get())
    m365.app("PUT", "roles", {"roles": []})
    assert m365.run(graph.users.by_user_id(PETER).get()).mail == PETER


def test_consented_roles_and_credentials_can_be_read(m365):
    secret = m365.secret()
    graph = m365.graph(secret["value"])
    principal = m365.run(graph.service_principals_with_app_id(CLIENT).get())
    assert principal.app_id == CLIENT
    address = f"{m365.sandbox.url}/microsoft365/graph/v1.0/servicePrincipals(appId='{CLIENT}')/appRoleAssignments"
    assigned = m365.run(graph.service_principals.by_service_principal_id("x").app_role_assignments.with_url(address).get())
    assert len(assigned.value) == len(ROLES)
    assert {str(each.principal_id) for each in assigned.value} == {principal.id}
    registration = m365.run(graph.applications_with_app_id(CLIENT).get())
    assert [str(each.key_id) for each in registration.password_credentials] == [secret["secretId"]]
    assert registration.password_credentials[0].end_date_time.isoformat().startswith(secret["endDateTime"][:10])


def test_a_batch_asks_for_many(m365):
    graph = m365.graph()
    names = {"1": PETER, "2": "nobody@acme.example", "3": MARY}
    batch = BatchRequestContent()
    for id, name in names.items():
        information = graph.users.by_user_id(name).to_get_request_information()
        batch.add_request(id, BatchRequestItem(information, id))
    reply = m365.run(graph.batch.post(batch))
    statuses = {id: reply.get_response_by_id(id).status for id in names}
    assert statuses == {"1": 200, "2": 404, "3": 200}
    outer = [call for call in m365.sandbox.calls() if call["api"] == "batch"][-1]
    inner = [call for call in m365.sandbox.calls() if call.get("batch") == outer["seq"]]
    assert sorted(call["subject"] for call in inner) == sorted(names.values())


def test_sending(m365):
    graph = m365.graph()
    sender = graph.users.by_user_id(PETER).send_mail

    def body(*addresses):
        recipients = [Recipient(email_address=EmailAddress(address=address)) for address in addresses]
        return SendMailPostRequestBody(message=Message(subject="Hi", to_recipients=recipients), save_to_sent_items=True)

    assert denied(m365, sender.post(body()))[:2] == (400, "ErrorInvalidRecipients")
    before = len(m365.state()["messages"])
    m365.run(sender.post(body("ann@other.example")))
    assert len(m365.state()["messages"]) == before + 1
    m365.app("POST", "revoke", {"role": "Mail.Send"})
    assert denied(m365, m365.graph().users.by_user_id(PETER).send_mail.post(body()))[:2] == (403, "ErrorAccessDenied")


def test_two_runs_of_a_scenario_are_alike(m365, tmp_path_factory):
    other = vendors.Sandbox(microsoft365_tenant.scenario(), tmp_path_factory.mktemp("other"))
    try:
        theirs = other.ask("GET", f"microsoft365/users/{PETER}/state")
    finally:
        other.close()
    assert m365.state() == theirs
