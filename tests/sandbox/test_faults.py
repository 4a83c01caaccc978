"""The calls to which a fault applies; faults of tokens, responses and connections."""

from contextlib import suppress

import pytest
import requests

from tap_marketo_bulk.sandbox import Fault, SandboxClock
from tap_marketo_bulk.sandbox.faults import KINDS
from tests.support.api_client import JobClient, SandboxClient, create_completed_job

from .conftest import StartSandbox

DESCRIBE = "/rest/v1/leads/describe.json"


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("606", {"code": "606", "message": "System error"}),
        (611, {"code": 611, "message": "System error"}),
        (None, {"message": "System error"}),
    ],
)
def test_envelope_returns_any_error_instead_of_executing_the_call(
    start: StartSandbox, code: str | int | None, entry: dict[str, object]
) -> None:
    sandbox, client = start(Fault("envelope", call="create", code=code))
    response = client.create()
    assert (response.status_code, response.json()["errors"]) == (200, [entry])
    assert sandbox.jobs == []
    assert client.create().json()["success"]


def test_a_fault_skips_calls_and_applies_several_times(start: StartSandbox) -> None:
    sandbox, client = start(Fault("http", call="describe", status=503, skip=1, times=2))
    assert [client.get(DESCRIBE).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    sandbox.faults.append(Fault("http", status=429, body="slow down", times=None))
    assert {client.get(DESCRIBE).text for _ in range(3)} == {"slow down"}
    sandbox.faults.clear()
    assert client.get(DESCRIBE).ok


def test_a_fault_can_apply_to_one_export_object(start: StartSandbox) -> None:
    _, client = start(Fault("http", call="create", object="activities"))
    assert client.create().ok
    assert client.create("activities").status_code == 502


def test_a_fault_with_a_probability_applies_to_the_same_calls_in_every_run(
    start: StartSandbox,
) -> None:
    def failed_calls() -> list[bool]:
        _, client = start(Fault("http", call="describe", times=None, probability=0.3))
        return [not client.get(DESCRIBE).ok for _ in range(50)]

    first = failed_calls()
    assert 5 < sum(first) < 25
    assert failed_calls() == first


@pytest.mark.parametrize(
    ("kind", "call", "message"),
    [
        ("explode", None, "There is no fault kind 'explode'"),
        ("fail", "create", "A fault of kind 'fail' cannot apply to the call 'create'"),
    ],
)
def test_a_fault_that_can_never_apply_is_an_error(
    kind: str, call: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(kind, call=call)


def test_html_and_not_json_and_redirect_replace_the_response(start: StartSandbox) -> None:
    _, client = start(
        Fault("html", call="describe", status=500),
        Fault("not_json", call="describe"),
        Fault("redirect", call="describe", url="http://127.0.0.1:9/elsewhere"),
    )
    page = client.get(DESCRIBE)
    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html")
    with pytest.raises(requests.JSONDecodeError):
        client.get(DESCRIBE).json()
    redirect = client.get(DESCRIBE, allow_redirects=False)
    assert (redirect.status_code, redirect.headers["Location"]) == (
        302,
        "http://127.0.0.1:9/elsewhere",
    )


@pytest.mark.parametrize(("kind", "jobs"), [("reset", 0), ("hang", 0), ("lost_reply", 1)])
def test_a_connection_ends_before_or_after_the_call_is_executed(
    start: StartSandbox, kind: str, jobs: int
) -> None:
    sandbox, client = start(Fault(kind, call="create"))
    with pytest.raises(requests.ConnectionError):
        client.create()
    assert len(sandbox.jobs) == jobs
    assert sandbox.calls[-1].status == 0
    assert client.create().json()["success"]


def test_delay_and_hang_send_no_response_in_time(start: StartSandbox) -> None:
    sandbox, client = start(
        Fault("delay", call="describe", seconds=0.5),
        Fault("hang", call="describe", seconds=9),
    )
    for _ in range(2):
        with pytest.raises(requests.Timeout):
            client.session.get(client.url + DESCRIBE, timeout=0.05)
    assert [call.status for call in sandbox.calls[1:]] == [200, 0]


def test_warnings_are_added_to_a_json_response_only(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(
        Fault("warnings", call="describe", code=4, message="careful"),
        Fault("warnings", call="file"),
    )
    response = client.get(DESCRIBE).json()
    assert response["success"]
    assert response["warnings"] == [{"code": 4, "message": "careful"}]
    assert create_completed_job(client, clock).get_file().text.startswith("id\n")


def test_token_faults_change_the_response_or_expire_the_token(start: StartSandbox) -> None:
    _, client = start(
        Fault("bad_credentials", skip=1), Fault("no_expires_in", skip=1), Fault("expired_token")
    )
    assert client.request_token().status_code == 401
    assert client.api_error(client.get(DESCRIBE))[0] == "602"
    assert "expires_in" not in client.request_token().json()
    client.use_current_token()
    assert client.get(DESCRIBE).ok


def test_truncate_and_wrong_range_apply_to_responses_without_file(start: StartSandbox) -> None:
    _, client = start(Fault("truncate", call="describe", at_byte=7), Fault("wrong_range"))
    assert client.get(DESCRIBE).content == b'{"reque'
    assert client.get("/bulk/v1/leads/export/x/file.json").status_code == 404


def send_call(name: str, client: SandboxClient, job: JobClient) -> None:
    if name == "token":
        client.request_token()
    elif name == "file":
        job.get_file()
    elif name == "programs":
        client.get("/rest/asset/v1/programs.json")
    else:
        job.status()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_has_an_effect_that_the_server_can_send(
    start: StartSandbox, clock: SandboxClock, kind: str
) -> None:
    sandbox, client = start()
    job = create_completed_job(client, clock)
    names = ("token", "file", "status", "programs")
    call = next(name for name in names if not KINDS[kind] or name in KINDS[kind])
    sandbox.faults.append(Fault(kind, call=call, url=client.url))
    # Clients raise an error for many of the responses.
    with suppress(requests.RequestException, KeyError):
        send_call(call, client, job)
    sends_nothing = kind in {"reset", "hang", "lost_reply"}
    assert (sandbox.calls[-1].status == 0) is sends_nothing


def test_advance_clock_moves_the_clock_after_a_page_of_assets(
    start: StartSandbox, clock: SandboxClock
) -> None:
    before = clock.now()
    sandbox, client = start(Fault("advance_clock", call="programs", seconds=86_400))
    first = client.get_result("/rest/asset/v1/programs.json")
    assert (clock.now() - before).total_seconds() == 86_400
    client.use_current_token()
    second = client.get_result("/rest/asset/v1/programs.json")
    assert len(second) == len(sandbox.expected.programs()) == len(first) + 2


def test_hide_leaves_an_entry_out_of_a_list(start: StartSandbox) -> None:
    sandbox, client = start(
        Fault("hide", call="programs", item=1003, times=2), Fault("hide", call="lists", item=2001)
    )
    ids = [
        [one["id"] for one in client.get_result(f"/rest/asset/v1/programs.json?offset={offset}")]
        for offset in (0, 2, 2)
    ]
    assert sorted([*ids[0], 1003]) == sorted(sandbox.expected.programs())
    assert ids[1] == ids[0][2:]
    assert 1003 in ids[2]
    lists = client.get_result("/rest/v1/lists.json")
    assert {one["id"] for one in lists} == set(sandbox.expected.lists()) - {2001}


@pytest.mark.parametrize(
    ("object_name", "refused", "accepted"),
    [
        ("program/members", {"programIds": [1001, 1002]}, {"programIds": [1001, 1003]}),
        ("program/members", {"programId": 1002}, {"programId": 1003}),
        ("leads", {"staticListId": 1002}, {"staticListId": 2001}),
    ],
)
def test_a_fault_can_apply_to_one_program_or_list(
    start: StartSandbox, object_name: str, refused: dict[str, object], accepted: dict[str, object]
) -> None:
    _, client = start(
        Fault("envelope", call="create", code="1003", message="No", filter_value=1002, times=None)
    )
    assert client.api_error(client.create(object_name, filter=refused)) == ("1003", "No")
    assert client.create(object_name, filter=accepted).json()["success"]


def test_a_fault_can_apply_to_one_custom_object(start: StartSandbox) -> None:
    denied = "customobjects/order_c"
    _, client = start(
        Fault("envelope", call="create", object=denied, code="1013", message="No", times=None)
    )
    assert client.api_error(client.create(denied)) == ("1013", "No")
    assert client.create().json()["success"]


def test_a_fault_can_apply_to_jobs_over_wide_ranges(start: StartSandbox) -> None:
    _, client = start(Fault("envelope", call="status", longer_than_days=7, times=None))
    week = {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-02-08T00:00:00Z"}
    wide = client.enqueue_job()
    narrow = client.enqueue_job(filter={"createdAt": week})
    members = client.enqueue_job("program/members")
    assert client.api_error(client.get(f"{wide.path}/status.json")) == ("611", "System error")
    assert narrow.status()["status"] == "Processing"
    assert members.status()["status"] == "Queued"
