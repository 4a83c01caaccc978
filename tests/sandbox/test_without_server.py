"""Calls that are made without a server and without a socket."""

import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tap_marketo_bulk.sandbox import Fault, Options, Sandbox, SandboxClock
from tap_marketo_bulk.sandbox.http.messages import HttpResponse

LEADS = "/bulk/v1/leads/export"
FILTER = {"createdAt": {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-03-01T00:00:00Z"}}


@pytest.fixture
def sandbox(clock: SandboxClock) -> Iterator[Sandbox]:
    options = Options(leads=40, activities=0, history_days=28)
    with Sandbox(options, clock=clock, serves_http=False) as started:
        yield started


def call(sandbox: Sandbox, method: str, target: str, content: object = None) -> HttpResponse:
    credentials = {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}
    query = urlencode({"grant_type": "client_credentials", **credentials})
    token = sandbox.handle("GET", f"/identity/oauth/token?{query}", {}, b"")
    headers = {
        "Authorization": f"Bearer {json.loads(token.body)['access_token']}",
        "Content-Type": "application/json",
    }
    return sandbox.handle(method, target, headers, json.dumps(content).encode())


def exported_file(sandbox: Sandbox, clock: SandboxClock) -> HttpResponse:
    body = {"fields": ["id"], "filter": FILTER}
    created = json.loads(call(sandbox, "POST", f"{LEADS}/create.json", body).body)
    job = created["result"][0]["exportId"]
    call(sandbox, "POST", f"{LEADS}/{job}/enqueue.json")
    clock.advance(60)
    return call(sandbox, "GET", f"{LEADS}/{job}/file.json")


def test_a_job_is_created_processed_and_downloaded(sandbox: Sandbox, clock: SandboxClock) -> None:
    response = exported_file(sandbox, clock)
    content = b"".join(response.body_chunks())
    ids = {int(line) for line in content.split()[1:]}
    assert ids == set(sandbox.expected.leads(FILTER))
    assert response.all_headers()["Content-Length"] == str(len(content))
    assert response.all_headers()["Date"] == "Sun, 01 Mar 2026 12:01:00 GMT"
    assert (sandbox.jobs[0].downloads, sandbox.jobs[0].bytes_sent) == (1, len(content))
    assert sandbox.calls[-1].status == 200


def test_the_bytes_that_were_not_read_do_not_count_as_sent(
    sandbox: Sandbox, clock: SandboxClock
) -> None:
    sandbox.faults.append(Fault("trickle", call="file", seconds=1))
    chunks = exported_file(sandbox, clock).body_chunks()
    first, second = next(chunks), next(chunks)
    chunks.close()
    assert first
    assert second
    assert sandbox.jobs[0].bytes_sent == len(first)


def test_a_fault_of_the_connection_is_part_of_the_response(sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("hang", call="describe", seconds=7))
    transmission = call(sandbox, "GET", "/rest/v1/leads/describe.json").transmission
    assert (transmission.delay_seconds, transmission.drop_at) == (7, -1)
    assert sandbox.calls[-1].status == 0


def test_without_a_server_there_is_no_url(sandbox: Sandbox) -> None:
    with pytest.raises(RuntimeError, match="no URL"):
        _ = sandbox.url
