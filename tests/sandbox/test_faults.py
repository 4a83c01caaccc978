"""Faults as data: each kind does what it says, as often as it says."""

from itertools import islice

import pytest
import requests

from tap_marketo_bulk.sandbox import Clock, Fault
from tap_marketo_bulk.sandbox.faults import KINDS
from tests.support.api_client import Client, ExportJob

from .conftest import Open

DESCRIBE = "/rest/v1/leads/describe.json"


def completed(client: Client, clock: Clock) -> ExportJob:
    job = client.queued()
    clock.advance(1)
    job.status()
    return job


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("606", {"code": "606", "message": "System error"}),
        (611, {"code": 611, "message": "System error"}),
        (None, {"message": "System error"}),
    ],
)
def test_an_envelope_fault_answers_with_any_error(
    start: Open, code: str | int | None, entry: dict[str, object]
) -> None:
    sandbox, client = start(Fault("envelope", call="create", code=code))
    reply = client.create()
    assert (reply.status_code, reply.json()["errors"]) == (200, [entry])
    assert sandbox.jobs == []
    assert client.create().json()["success"]


def test_faults_can_wait_and_repeat(start: Open) -> None:
    sandbox, client = start(Fault("http", call="describe", status=503, skip=1, times=2))
    assert [client.get(DESCRIBE).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    sandbox.faults.append(Fault("http", status=429, body="slow down", times=None))
    assert {client.get(DESCRIBE).text for _ in range(3)} == {"slow down"}
    sandbox.faults.clear()
    assert client.get(DESCRIBE).ok


def test_faults_can_strike_one_object(start: Open) -> None:
    _, client = start(Fault("http", call="create", object="activities"))
    assert client.create().ok
    assert client.create("activities").status_code == 502


def test_faults_can_strike_at_random_but_the_same_way_each_time(start: Open) -> None:
    def struck() -> list[bool]:
        _, client = start(Fault("http", call="describe", times=None, probability=0.3))
        return [not client.get(DESCRIBE).ok for _ in range(50)]

    first = struck()
    assert 5 < sum(first) < 25
    assert struck() == first


@pytest.mark.parametrize(
    ("kind", "call", "message"),
    [
        ("explode", None, "There is no kind of fault 'explode'"),
        ("fail", "create", "A fault 'fail' cannot befall the call 'create'"),
    ],
)
def test_a_fault_that_can_never_strike_is_refused(
    kind: str, call: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(kind, call=call)


def test_other_answers_than_the_api_s(start: Open) -> None:
    _, client = start(
        Fault("html", call="describe", status=500),
        Fault("not_json", call="describe"),
        Fault("redirect", call="describe", url="http://127.0.0.1:9/elsewhere"),
    )
    page = client.get(DESCRIBE)
    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html")
    with pytest.raises(requests.JSONDecodeError):
        client.get(DESCRIBE).json()
    moved = client.get(DESCRIBE, allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"]) == (302, "http://127.0.0.1:9/elsewhere")


@pytest.mark.parametrize(("kind", "jobs"), [("reset", 0), ("hang", 0), ("lost_reply", 1)])
def test_connections_end_with_and_without_effect(start: Open, kind: str, jobs: int) -> None:
    sandbox, client = start(Fault(kind, call="create"))
    with pytest.raises(requests.ConnectionError):
        client.create()
    assert len(sandbox.jobs) == jobs
    assert sandbox.calls[-1].status == 0
    assert client.create().json()["success"]


def test_a_reply_can_be_late(start: Open) -> None:
    sandbox, client = start(
        Fault("delay", call="describe", seconds=0.5),
        Fault("hang", call="describe", seconds=9),
    )
    for _ in range(2):
        with pytest.raises(requests.Timeout):
            client.session.get(client.url + DESCRIBE, timeout=0.05)
    assert [call.status for call in sandbox.calls[1:]] == [200, 0]


def test_warnings_come_beside_the_result(start: Open, clock: Clock) -> None:
    _, client = start(
        Fault("warnings", call="describe", code=4, message="careful"),
        Fault("warnings", call="file"),
    )
    reply = client.get(DESCRIBE).json()
    assert reply["success"]
    assert reply["warnings"] == [{"code": 4, "message": "careful"}]
    assert completed(client, clock).file().text.startswith("id\n")


def test_tokens_can_be_troublesome(start: Open) -> None:
    _, client = start()
    _, client = start(
        Fault("bad_credentials", skip=1), Fault("no_expires_in", skip=1), Fault("expired_token")
    )
    assert client.token().status_code == 401
    assert client.refusal(client.get(DESCRIBE))[0] == "602"
    assert "expires_in" not in client.token().json()
    client.renew()
    assert client.get(DESCRIBE).ok


def test_a_status_can_be_a_word_nobody_knows(start: Open) -> None:
    _, client = start(Fault("unknown_status", call="status"), Fault("unknown_status", call="list"))
    job = client.created()
    assert job.status()["status"] == "Hibernating"
    assert client.result("/bulk/v1/leads/export.json")[0]["status"] == "Hibernating"
    assert job.status()["status"] == "Created"


def test_an_unknown_status_leaves_errors_alone(start: Open) -> None:
    _, client = start(Fault("unknown_status", call="status"))
    assert client.refusal(client.get("/bulk/v1/leads/export/x/status.json"))[0] == "1003"


@pytest.mark.parametrize("at_byte", [0, 1, 20, None])
def test_a_file_can_be_dropped_at_any_byte(start: Open, clock: Clock, at_byte: int | None) -> None:
    sandbox, client = start(Fault("drop", call="file", at_byte=at_byte))
    job = completed(client, clock)
    with client.session.get(f"{client.url}{job.path}/file.json", stream=True, timeout=9) as reply:
        promised = int(reply.headers["Content-Length"])
        expected = promised // 2 if at_byte is None else at_byte
        received = b""
        chunks = reply.iter_content(1)
        for chunk in islice(chunks, expected):
            received += chunk
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            next(chunks)
    whole = job.file().content
    assert received == whole[:expected]
    assert promised == len(whole)
    assert sandbox.jobs[0].bytes_sent == expected + len(whole)


def test_a_file_can_be_wrong_in_every_way(start: Open, clock: Clock) -> None:
    _, client = start(
        Fault("truncate", call="file", at_byte=7),
        Fault("corrupt", call="file", at_byte=4),
        Fault("extra", call="file", amount=3),
        Fault("envelope", call="file"),
    )
    job = completed(client, clock)
    short, corrupt, longer = job.file().content, job.file().content, job.file().content
    assert client.refusal(job.file()) == ("611", "System error")
    whole = job.file().content
    assert short == whole[:7]
    assert corrupt == whole[:4] + bytes([whole[4] ^ 1]) + whole[5:]
    assert longer == whole + b"xxx"


def test_other_replies_can_be_wrong_too(start: Open) -> None:
    _, client = start(Fault("truncate", call="describe", at_byte=7), Fault("wrong_range"))
    assert client.get(DESCRIBE).content == b'{"reque'
    assert client.get("/bulk/v1/leads/export/x/file.json").status_code == 404


def test_ranges_can_be_mistaken(start: Open, clock: Clock) -> None:
    _, client = start(
        Fault("ignore_range"),
        Fault("wrong_range", amount=2),
        Fault("wrong_range"),
    )
    job = completed(client, clock)
    whole = job.file(Range="bytes=5-")
    wrong = job.file(Range="bytes=5-9")
    assert (whole.status_code, whole.content[:3]) == (200, b"id\n")
    assert (wrong.status_code, wrong.content) == (206, whole.content[5:10])
    assert wrong.headers["Content-Range"] == "bytes 7-11/12"
    assert job.file(Range="bytes=99999999-").status_code == 416


def test_a_file_can_trickle(start: Open, clock: Clock) -> None:
    _, client = start(Fault("trickle", call="file", seconds=0.0001))
    job = completed(client, clock)
    with client.session.get(f"{client.url}{job.path}/file.json", stream=True, timeout=9) as reply:
        first = reply.raw.read1(1 << 16)
        rest = reply.raw.read()
    assert len(first) < 30
    assert first + rest == job.file().content


def test_a_job_can_fail(start: Open, clock: Clock) -> None:
    _, client = start(Fault("fail", message="out of luck"))
    job = client.queued()
    assert job.status()["status"] == "Processing"
    clock.advance(1)
    status = job.status()
    assert (status["status"], status["errorMsg"]) == ("Failed", "out of luck")
    assert "fileSize" not in status
    assert job.file().status_code == 404


def test_a_job_can_be_cancelled_by_somebody(start: Open, clock: Clock) -> None:
    sandbox, client = start(Fault("cancelled", call="status"))
    job = client.queued()
    assert job.status()["status"] == "Cancelled"
    clock.advance(1)
    assert job.status()["status"] == "Cancelled"
    sandbox.faults.append(Fault("fail", call="status"))
    assert job.status()["status"] == "Cancelled"
    assert sandbox.jobs[0].status == "Cancelled"


def test_a_job_can_vanish(start: Open) -> None:
    _, client = start(Fault("vanish", call="status", skip=1))
    job = client.queued()
    assert job.status()["status"] == "Processing"
    assert client.refusal(client.get(f"{job.path}/status.json"))[0] == "1003"
    assert client.refusal(job.enqueue())[0] == "1003"
    assert job.file().status_code == 404
    assert client.result("/bulk/v1/leads/export.json") == []


def test_a_fault_of_a_job_nobody_knows_has_no_effect(start: Open) -> None:
    _, client = start(Fault("fail", call="status"))
    assert client.refusal(client.get("/bulk/v1/leads/export/x/status.json"))[0] == "1003"


def test_jobs_can_be_slow_or_stuck(start: Open, clock: Clock) -> None:
    _, client = start(Fault("slow", seconds=100), Fault("stuck"))
    slow, stuck = client.queued(), client.queued()
    clock.advance(100)
    assert slow.status()["status"] == "Processing"
    clock.advance(1)
    assert slow.status()["status"] == "Completed"
    clock.advance(3000)
    assert stuck.status()["status"] == "Processing"
    assert stuck.cancel().json()["success"]


def test_a_job_can_misdescribe_its_file(start: Open, clock: Clock) -> None:
    _, client = start(
        Fault("wrong_count", amount=-1), Fault("wrong_size", amount=5), Fault("no_checksum")
    )
    jobs = [completed(client, clock) for _ in range(4)]
    counted, sized, bare, right = (job.status() for job in jobs)
    assert counted["numberOfRecords"] == right["numberOfRecords"] - 1
    assert sized["fileSize"] == right["fileSize"] + 5
    assert "fileChecksum" not in bare
    assert counted["fileChecksum"] == right["fileChecksum"]


def test_every_kind_of_fault_can_be_made() -> None:
    assert {Fault(kind).kind for kind in KINDS} == set(KINDS)
