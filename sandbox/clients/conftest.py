"""A fresh sandbox for every test; `@pytest.mark.tenant(...)` and `@pytest.mark.m365(...)` change its scenario."""

import google_tenant
import microsoft365_tenant
import pytest
import sendsafely_company
import vendors


def pytest_configure(config):
    config.addinivalue_line("markers", "tenant(quota, **users): changes the tenant of a test")
    config.addinivalue_line("markers", "m365(quota, app, **users): changes the Microsoft 365 tenant of a test")


@pytest.fixture
def tenant(request, tmp_path):
    mark = request.node.get_closest_marker("tenant")
    scenario = google_tenant.scenario(**(mark.kwargs if mark else {}))
    sandbox = vendors.Sandbox(scenario, tmp_path)
    yield google_tenant.Tenant(sandbox)
    sandbox.close()


@pytest.fixture
def m365(request, tmp_path):
    mark = request.node.get_closest_marker("m365")
    scenario = microsoft365_tenant.scenario(**(mark.kwargs if mark else {}))
    sandbox = vendors.Sandbox(scenario, tmp_path)
    tenant = microsoft365_tenant.Tenant(sandbox)
    yield tenant
    tenant.close()
    sandbox.close()


@pytest.fixture
def company(tmp_path, monkeypatch):
    # SendSafely's client asks the environment for proxies, and there is none between here and the sandbox.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sandbox = vendors.Sandbox(sendsafely_company.scenario(), tmp_path)
    yield sendsafely_company.Company(sandbox)
    sandbox.close()
