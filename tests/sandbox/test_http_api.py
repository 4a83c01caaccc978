"""Tokens, call limits, the request log, and the REST API."""

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.clock import TimeZoneDataMissingError, central_midnight
from tests.support.api_client import SandboxClient

from .conftest import StartSandbox

DESCRIBE = "/rest/v1/leads/describe.json"


def test_a_token_is_the_same_until_it_expires(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start()
    first = client.request_token().json()
    assert first["token_type"] == "bearer"  # noqa: S105 - no password
    assert first["expires_in"] == 3599
    clock.advance(3598)
    again = client.request_token().json()
    assert (again["access_token"], again["expires_in"]) == (first["access_token"], 1)
    clock.advance(1)
    assert client.api_error(client.get(DESCRIBE)) == ("602", "Access token expired")
    client.use_current_token()
    assert client.get(DESCRIBE).json()["success"]
    assert sandbox.tokens == [first["access_token"], client.request_token().json()["access_token"]]


def test_a_token_can_be_requested_by_get(start: StartSandbox) -> None:
    _, client = start()
    response = client.get("/identity/oauth/token", params=client.credentials)
    assert response.json()["access_token"]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "unauthorized"),
        ({"client_id": "wrong"}, 401, "unauthorized"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_wrong_credentials_are_rejected(
    start: StartSandbox, changes: dict[str, str], status: int, error: str
) -> None:
    _, client = start()
    response = client.request_token(**changes)
    assert (response.status_code, response.json()["error"]) == (status, error)


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic x"])
def test_a_call_without_a_valid_token_gives_error_601(
    start: StartSandbox, authorization: str
) -> None:
    _, client = start()
    token = client.request_token().json()["access_token"]
    response = requests.get(
        f"{client.url}{DESCRIBE}",
        {"access_token": token},
        headers={"Authorization": authorization},
        timeout=9,
    )
    assert client.api_error(response) == ("601", "Access token invalid")


def test_the_101st_call_in_20_seconds_gives_error_606(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start()
    usage = "/rest/v1/stats/usage.json"
    assert all(client.get(usage).json()["success"] for _ in range(100))
    message = "Max rate limit '100' exceeded with in '20' secs"
    assert client.api_error(client.get(usage)) == ("606", message)
    clock.advance(20)
    assert client.get(usage).json()["success"]


def test_too_many_concurrent_calls_give_error_615(start: StartSandbox) -> None:
    hang = Fault("hang", call="lists", seconds=30)
    sandbox, client = start(hang, concurrent_limit=1)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(requests.get, f"{sandbox.url}/rest/v1/lists.json", timeout=9)
        while sandbox.calls[-1].name != "lists":
            pass
        message = "Concurrent access limit '1' exceeded"
        assert client.api_error(client.get(DESCRIBE)) == ("615", message)
        assert client.request_token().ok
        sandbox.__exit__(None, None, None)
        with pytest.raises(requests.ConnectionError):
            hanging.result()


def test_too_many_calls_on_one_day_give_error_607(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start(daily_calls=3, token_seconds=90_000)
    for _ in range(2):
        client.get(DESCRIBE)
    usage = client.get_result("/rest/v1/stats/usage.json")
    user = {"userId": sandbox.client_id, "count": 3}
    assert usage == [{"date": "2026-03-01", "total": 3, "users": [user]}]
    message = "Daily API Request Limit '3' exceeded"
    assert client.api_error(client.get(DESCRIBE)) == ("607", message)
    clock.advance(18 * 3600)
    assert client.get(DESCRIBE).json()["success"]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "610"),
        ("GET", "/rest/v1/leads.json", "610"),
        ("POST", DESCRIBE, "605"),
        ("DELETE", DESCRIBE, "605"),
    ],
)
def test_an_unknown_path_gives_error_610_and_a_wrong_method_error_605(
    start: StartSandbox, method: str, path: str, code: str
) -> None:
    sandbox, client = start()
    response = client.session.request(method, client.url + path, timeout=9)
    assert (response.status_code, client.api_error(response)[0]) == (200, code)
    assert (sandbox.calls[-1].name, sandbox.calls[-1].status) == ("", 200)


def test_too_large_requests_are_rejected(start: StartSandbox) -> None:
    _, client = start()
    long = client.get(DESCRIBE, params={"x": "y" * 9000})
    assert (long.status_code, client.api_error(long)[0]) == (414, "414")
    large = client.create(format="x" * 1_000_001)
    assert (large.status_code, client.api_error(large)[0]) == (413, "413")


def test_the_request_log_has_every_call(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start()
    job = client.enqueue_job("activities")
    job.get_file()
    token, create, enqueue, file = sandbox.calls
    assert (token.name, token.method, token.path) == ("token", "POST", "/identity/oauth/token")
    assert (create.name, create.object, create.export_id) == ("create", "activities", "")
    assert create.body == sandbox.jobs[0].request
    assert create.at == clock.now()
    assert (enqueue.export_id, enqueue.body) == (sandbox.jobs[0].export_id, None)
    assert (file.name, file.status) == ("file", 404)


def test_describe_lists_fields_that_cannot_be_exported_too(start: StartSandbox) -> None:
    sandbox, client = start(many_fields=30)
    fields = client.get_result(DESCRIBE)
    assert {field["dataType"] for field in fields if "rest" not in field}
    assert "formula" in {field["dataType"] for field in fields}
    exportable = [
        field["rest"]["name"]
        for field in fields
        if "rest" in field and field["dataType"] != "formula"
    ]
    assert exportable == list(sandbox.expected.lead_columns())
    assert next(field for field in fields if field["id"] == 1) == {
        "id": 1,
        "displayName": "Id",
        "dataType": "integer",
        "rest": {"name": "id", "readOnly": True},
        "soap": {"name": "Id", "readOnly": False},
    }


def test_describe_lists_ecids_by_option(start: StartSandbox) -> None:
    _, hidden = start(has_ecids=True)
    _, shown = start(has_ecids=True, ecids_described=True)
    assert hidden.create(fields=["ecids"]).json()["success"]
    assert "ECIDs" not in {field["displayName"] for field in hidden.get_result(DESCRIBE)}
    assert "ECIDs" in {field["displayName"] for field in shown.get_result(DESCRIBE)}


def test_activity_types_include_the_edge_cases(start: StartSandbox) -> None:
    _, client = start()
    types = {one["id"]: one for one in client.get_result("/rest/v1/activities/types.json")}
    assert {1, 2, 3, 6, 10, 11, 12, 13, 22, 24, 25, 37, 46, 104, 100001} <= set(types)
    assert types[104]["primaryAttribute"] == {"name": "Program ID", "dataType": "integer"}
    assert types[160]["attributes"] == []
    assert "primaryAttribute" not in types[160]
    assert types[100001]["name"].lower() == types[100002]["name"]
    assert {"Demo Date", "Demo-Date"} <= {one["name"] for one in types[100003]["attributes"]}


def test_deleted_leads_are_returned_in_short_and_empty_pages(start: StartSandbox) -> None:
    sandbox, client = start(leads=5000)
    since = {"sinceDatetime": "2025-01-01T00:00:00Z"}
    response = client.get("/rest/v1/activities/pagingtoken.json", params=since).json()
    found: dict[str, dict[str, Any]] = {}
    sizes = []
    more = True
    while more:
        token = {"nextPageToken": response["nextPageToken"]}
        response = client.get("/rest/v1/activities/deletedleads.json", params=token).json()
        page = response.get("result", [])
        sizes.append(len(page))
        found |= {one["marketoGUID"]: one for one in page}
        more = response["moreResult"]
    expected = sandbox.expected.deleted_leads()
    assert sizes == [11, 0, len(expected) - 11]
    assert list(found) == list(expected)
    one = next(iter(found.values()))
    assert one["leadId"] == expected[one["marketoGUID"]]["leadId"] == one["primaryAttributeValueId"]
    assert one["activityDate"] == expected[one["marketoGUID"]]["activityDate"]
    assert (one["activityTypeId"], one["attributes"][0]["name"]) == (37, "Remove From CRM")


def test_the_token_of_the_last_page_returns_later_deletions(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(leads=5000, token_seconds=10**8)
    since = {"sinceDatetime": f"{clock.now():%FT%T+0000}"}
    token = client.get("/rest/v1/activities/pagingtoken.json", params=since).json()
    path = "/rest/v1/activities/deletedleads.json"
    nothing = client.get(path, params={"nextPageToken": token["nextPageToken"]}).json()
    assert "result" not in nothing
    clock.advance(90 * 86_400)
    later: list[str] = []
    response = nothing
    while response["moreResult"] or not later:
        response = client.get(path, params={"nextPageToken": response["nextPageToken"]}).json()
        later += [one["activityDate"] for one in response.get("result", [])]
    assert later == sorted(later)
    assert later[0] > "2026-03-01"


def test_a_paging_token_requires_an_instant(start: StartSandbox) -> None:
    _, client = start()
    since = {"sinceDatetime": "yesterday"}
    response = client.get("/rest/v1/activities/pagingtoken.json", params=since)
    assert client.api_error(response) == ("704", "sinceDatetime: Invalid date-time 'yesterday'")
    assert client.api_error(client.get("/rest/v1/activities/deletedleads.json"))[0] == "1002"


def test_without_time_zone_data_the_error_names_the_package_to_install(
    clock: SandboxClock,
) -> None:
    with pytest.raises(TimeZoneDataMissingError, match="pip install tzdata"):
        central_midnight(clock.now(), time_zone="America/Nowhere")


def test_a_client_can_close_the_connection_during_a_download(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(lead_padding_bytes=1_000_000)
    job = client.enqueue_job(fields=["mktoPersonNotes"])
    clock.advance(1)
    job.status()
    address = urlsplit(client.url)
    token = client.session.headers["Authorization"]
    with socket.create_connection((address.hostname, address.port)) as connection:
        request = f"GET {job.path}/file.json HTTP/1.1\r\nAuthorization: {token!s}\r\n\r\n"
        connection.sendall(request.encode())
        assert connection.recv(500_000, socket.MSG_WAITALL).startswith(b"HTTP/1.1 200")
    while not sandbox.jobs[0].downloads:
        pass
    assert 0 < sandbox.jobs[0].bytes_sent < (sandbox.jobs[0].file_size or 0)


def test_the_url_is_known_after_the_server_was_started() -> None:
    sandbox = Sandbox(Options(leads=0))
    with pytest.raises(RuntimeError, match="use it in a 'with' statement"):
        _ = sandbox.url
    assert sandbox.calls == []
    with sandbox, SandboxClient(sandbox) as client:
        assert client.get(DESCRIBE).ok
    with pytest.raises(requests.ConnectionError):
        client.get(DESCRIBE)
