"""The permissions of the API user's role: each call without its permission gives error 603."""

import pytest

from tap_marketo_bulk.sandbox import SandboxClock
from tap_marketo_bulk.sandbox.options import ALL_PERMISSIONS
from tests.support.api_client import BODIES

from .conftest import StartSandbox

ORDER = "customobjects/purchaseOrder_c"
# Each call of the REST API with a permission that it needs, "" if it needs none.
READS = {
    "/rest/v1/leads/describe.json": "Read-Only Lead",
    "/rest/v1/leads/describe2.json": "Read-Only Lead",
    "/rest/v1/companies/describe.json": "Read-Only Company",
    "/rest/v1/namedaccounts/describe.json": "Read-Only Named Account",
    "/rest/v1/activities/types.json": "Read-Only Activity",
    "/rest/v1/activities/pagingtoken.json?sinceDatetime=2026-01-01T00:00:00Z": "Read-Only Activity",
    "/rest/v1/lists.json": "Read-Only Lead",
    "/rest/v1/customobjects.json": "Read-Only Custom Object",
    "/rest/v1/customobjects/purchaseOrder_c/describe.json": "Read-Only Custom Object",
    "/rest/v1/programs/members/describe.json": "Read-Only Lead",
    "/rest/v1/campaigns.json": "Read-Only Campaigns",
    "/rest/v1/stats/usage.json": "",
    "/rest/v1/stats/usage/last7days.json": "",
    "/rest/v1/stats/errors.json": "",
    "/rest/v1/stats/errors/last7days.json": "",
} | dict.fromkeys(
    (
        f"/rest/asset/v1/{name}.json"
        for name in (
            *("programs", "smartCampaigns", "staticLists", "smartLists", "emails", "forms"),
            *("emailTemplates", "landingPages", "segmentation", "segmentation/1001/segments"),
            *("channels", "tagTypes", "folders"),
        )
    ),
    "Read-Only Assets",
)
EXPORTS = {
    "leads": "Read-Only Lead",
    "activities": "Read-Only Activity",
    "program/members": "Read-Only Lead",
    ORDER: "Read-Only Custom Object",
}
DENIED = ("603", "Access denied")


@pytest.mark.parametrize("permission", sorted(ALL_PERMISSIONS))
def test_calls_without_their_permission_are_denied(start: StartSandbox, permission: str) -> None:
    _, client = start(permissions=ALL_PERMISSIONS - {permission})
    for path, needed in READS.items():
        response = client.get(path)
        if needed == permission:
            assert client.api_error(response) == DENIED
        else:
            assert response.json()["success"]
    for object_name, needed in EXPORTS.items():
        assert object_name.partition("/")[0] in BODIES
        assert client.create(object_name).json()["success"] is (needed != permission)


def test_without_any_permission_only_usage_can_be_read(start: StartSandbox) -> None:
    _, client = start(permissions=frozenset())
    allowed = [path for path in READS if client.get(path).json()["success"]]
    assert allowed == [path for path, permission in READS.items() if not permission]


@pytest.mark.parametrize("call", ["enqueue", "status", "file", "cancel"])
def test_calls_about_a_job_need_the_permission_of_its_object(
    start: StartSandbox, clock: SandboxClock, call: str
) -> None:
    _, client = start(permissions=ALL_PERMISSIONS - {"Read-Only Custom Object"})
    job = client.enqueue_job()
    clock.advance(1)
    assert job.status()["status"] == "Completed"
    path = f"/bulk/v1/{ORDER}/export/{job.export_id}/{call}.json"
    method = "POST" if call in ("enqueue", "cancel") else "GET"
    response = client.session.request(method, client.url + path, timeout=9)
    assert (response.status_code, client.api_error(response)) == (200, DENIED)
    assert client.api_error(client.get(f"/bulk/v1/{ORDER}/export.json")) == DENIED
