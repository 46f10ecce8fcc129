"""A fresh sandbox for every test; `@pytest.mark.tenant(...)` changes its scenario."""

import google_tenant
import pytest
import vendors


def pytest_configure(config):
    config.addinivalue_line("markers", "tenant(quota, **users): changes the tenant of a test")


@pytest.fixture
def tenant(request, tmp_path):
    mark = request.node.get_closest_marker("tenant")
    scenario = google_tenant.scenario(**(mark.kwargs if mark else {}))
    sandbox = vendors.Sandbox(scenario, tmp_path)
    yield google_tenant.Tenant(sandbox)
    sandbox.close()
