"""Requests of other clients that Marketo was seen to accept, and its error codes."""

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tap_marketo_bulk.sandbox import SandboxClock
from tap_marketo_bulk.sandbox.exports.objects import DEFAULT_ACTIVITY_COLUMNS
from tests.support.api_client import CREATED, MONTH, SandboxClient

from .conftest import StartSandbox

JOBS = "/bulk/v1/leads/export.json"
LISTS = "/rest/v1/lists.json"
DELETED = "/rest/v1/activities/deletedleads.json"


@pytest.fixture
def client(start: StartSandbox) -> SandboxClient:
    """A client of a sandbox that is not strict."""
    return start(strict=False, leads=5000)[1]


@pytest.mark.parametrize(
    "changes",
    [
        {"window_start_date": "2026-01-20", "window_end_date": "2026-02-20"},
        {"columnHeaderNames": {"email": "E"}},
        {"fields": ["id", "id"]},
        {"filter": {"createdAt": MONTH | {"x": 1}}},
        {"filter": {"createdAt": MONTH | {"endAt": "2026-02-01T00:00:00.123Z"}}},
        {"filter": {"createdAt": MONTH | {"endAt": MONTH["startAt"]}}},
    ],
)
def test_a_create_body_that_marketo_accepts_is_accepted(
    client: SandboxClient, changes: dict[str, Any]
) -> None:
    assert client.create(**changes).json()["success"]


def test_activities_without_fields_have_the_default_columns(
    client: SandboxClient, start: StartSandbox, clock: SandboxClock
) -> None:
    job = client.enqueue_job("activities", fields=[])
    clock.advance(1)
    assert job.status()["status"] == "Completed"
    header = job.get_file().text.split("\n", 1)[0]
    assert header == ",".join(DEFAULT_ACTIVITY_COLUMNS)
    strict = start()[1]
    assert strict.api_error(strict.create("activities", fields=[]))[0] == "1002"


def test_a_field_that_is_requested_twice_is_one_column(
    client: SandboxClient, clock: SandboxClock
) -> None:
    job = client.enqueue_job(fields=["id", "email", "id"])
    clock.advance(1)
    assert job.status()["status"] == "Completed"
    assert job.get_file().text.startswith("id,email\n")


def test_a_fraction_of_a_second_is_ignored(client: SandboxClient, clock: SandboxClock) -> None:
    counts = []
    for start_at in (MONTH["startAt"], MONTH["startAt"].replace("Z", ".987Z")):
        job = client.enqueue_job(filter={"createdAt": MONTH | {"startAt": start_at}})
        clock.advance(1)
        counts.append(job.status()["numberOfRecords"])
    assert counts[0] == counts[1] > 0


def test_a_parameter_can_be_repeated(client: SandboxClient) -> None:
    created, queued = client.create_job(), client.enqueue_job()
    query = [("status", "Created"), ("status", "Processing"), ("status", "Queued")]
    found = [job["exportId"] for job in client.get(JOBS, params=query).json()["result"]]
    assert found == [created.export_id, queued.export_id]
    lists = client.get(LISTS, params=[("id", "2001"), ("id", "2002")]).json()["result"]
    assert [one["id"] for one in lists] == [2001, 2002]


def test_deleted_leads_can_have_a_batch_size(client: SandboxClient) -> None:
    since = {"sinceDatetime": "2025-01-01T00:00:00.000Z"}
    response = client.get("/rest/v1/activities/pagingtoken.json", params=since).json()
    query = {"nextPageToken": response["nextPageToken"], "batchSize": 3}
    page = client.get(DELETED, params=query).json()
    assert (len(page["result"]), page["moreResult"]) == (3, True)
    assert client.api_error(client.get(DELETED, params=query | {"batchSize": "x"}))[0] == "1001"


@pytest.mark.parametrize("in_body", [False, True])
def test_a_post_call_with_the_method_get_is_a_get_call(
    client: SandboxClient, *, in_body: bool
) -> None:
    query = {"_method": "GET"}
    body = {"id": "2001,2003"}
    parts = ({}, body | query) if in_body else (query, body)
    response = client.post(LISTS, params=parts[0], data=parts[1])
    assert [one["id"] for one in response.json()["result"]] == [2001, 2003]


def test_other_methods_in_a_parameter_are_ignored(client: SandboxClient) -> None:
    path = "/bulk/v1/leads/export/create.json"
    body = {"fields": ["id"], "filter": CREATED}
    assert client.post(path, params={"_method": "POST"}, json=body).json()["success"]


@pytest.mark.parametrize(
    "path", ["/rest/../bulk/v1/leads/export.json", "/./bulk/v1/./leads/x/../export.json"]
)
def test_dot_segments_of_a_path_are_resolved(client: SandboxClient, path: str) -> None:
    # The client of the tests resolves them too; http.client does not.
    assert send_raw(client, path) == 200
    assert client.get(JOBS).json()["success"]


def send_raw(client: SandboxClient, path: str) -> int:
    connection = HTTPConnection(urlsplit(client.url).netloc, timeout=9)
    token = str(client.session.headers["Authorization"])
    connection.request("GET", path, headers={"Authorization": token})
    response = connection.getresponse()
    assert b'"success": true' in response.read()
    connection.close()
    return response.status


def test_leads_and_companies_can_be_described_as_other_objects(client: SandboxClient) -> None:
    (leads,) = client.get_result("/rest/v1/leads/describe2.json")
    assert leads["name"] == "API Lead"
    assert ["email"] in leads["searchableFields"]
    fields = {one["name"]: one for one in leads["fields"]}
    described = client.get_result("/rest/v1/leads/describe.json")
    assert set(fields) == {one["rest"]["name"] for one in described if "rest" in one}
    assert (fields["id"]["updateable"], fields["email"]["updateable"]) == (False, True)
    (accounts,) = client.get_result("/rest/v1/namedaccounts/describe.json")
    assert (accounts["idField"], accounts["dedupeFields"]) == ("marketoGUID", ["name"])
    (companies,) = client.get_result("/rest/v1/companies/describe.json")
    assert companies["dedupeFields"] == ["externalCompanyId"]
    assert {"id", "company", "industry"} <= {one["name"] for one in companies["fields"]}


def test_a_range_of_assets_can_end_when_it_starts(
    client: SandboxClient, start: StartSandbox
) -> None:
    query = dict.fromkeys(("earliestUpdatedAt", "latestUpdatedAt"), "2026-02-01T00:00:00Z")
    path = "/rest/asset/v1/programs.json"
    assert client.get(path, params=query).json()["success"]
    strict = start()[1]
    assert strict.api_error(strict.get(path, params=query))[0] == "1003"


@pytest.mark.parametrize(
    ("object_name", "changes", "code"),
    [
        ("leads", {"fields": None}, "1002"),
        ("leads", {"filter": None}, "1002"),
        ("leads", {"fields": "id"}, "1001"),
        ("leads", {"filter": "x"}, "1001"),
        ("leads", {"filter": {"createdAt": MONTH | {"endAt": "2026-13-01T00:00:00Z"}}}, "704"),
        ("leads", {"filter": {"createdAt": MONTH | {"endAt": "tomorrow"}}}, "704"),
        ("leads", {"filter": {"x": MONTH}}, "1003"),
        ("activities", {"filter": {"activityTypeIds": [1]}}, "1002"),
        ("customobjects/nope_c", {}, "1013"),
    ],
)
def test_errors_have_the_documented_codes(
    client: SandboxClient, object_name: str, changes: dict[str, Any], code: str
) -> None:
    assert client.api_error(client.create(object_name, **changes))[0] == code
