"""The effects of faults on export jobs, on what is reported about them, and on their files."""

from itertools import islice

import pytest
import requests

from tap_marketo_bulk.sandbox import Fault, SandboxClock
from tests.support.api_client import create_completed_job, export_file

from .conftest import StartSandbox


def test_unknown_status_changes_the_status_in_the_response_only(start: StartSandbox) -> None:
    _, client = start(Fault("unknown_status", call="status"), Fault("unknown_status", call="list"))
    job = client.create_job()
    assert job.status()["status"] == "Hibernating"
    assert client.get_result("/bulk/v1/leads/export.json")[0]["status"] == "Hibernating"
    assert job.status()["status"] == "Created"


def test_unknown_status_does_not_change_an_error(start: StartSandbox) -> None:
    _, client = start(Fault("unknown_status", call="status"))
    assert client.api_error(client.get("/bulk/v1/leads/export/x/status.json"))[0] == "1003"


@pytest.mark.parametrize("at_byte", [0, 1, 20, None])
def test_drop_ends_the_connection_at_the_byte(
    start: StartSandbox, clock: SandboxClock, at_byte: int | None
) -> None:
    sandbox, client = start(Fault("drop", call="file", at_byte=at_byte))
    job = create_completed_job(client, clock)
    with client.session.get(
        f"{client.url}{job.path}/file.json", stream=True, timeout=9
    ) as response:
        promised = int(response.headers["Content-Length"])
        expected = promised // 2 if at_byte is None else at_byte
        received = b""
        chunks = response.iter_content(1)
        for chunk in islice(chunks, expected):
            received += chunk
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            next(chunks)
    whole = job.get_file().content
    assert received == whole[:expected]
    assert promised == len(whole)
    assert sandbox.jobs[0].bytes_sent == expected + len(whole)


def test_truncate_corrupt_and_extra_change_the_bytes_of_a_file(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(
        Fault("truncate", call="file", at_byte=7),
        Fault("corrupt", call="file", at_byte=4),
        Fault("extra", call="file", amount=3),
        Fault("envelope", call="file"),
    )
    job = create_completed_job(client, clock)
    short, corrupt, longer = job.get_file().content, job.get_file().content, job.get_file().content
    assert client.api_error(job.get_file()) == ("611", "System error")
    whole = job.get_file().content
    assert short == whole[:7]
    assert corrupt == whole[:4] + bytes([whole[4] ^ 1]) + whole[5:]
    assert longer == whole + b"xxx"


def test_ignore_range_and_wrong_range_change_the_range(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(
        Fault("ignore_range"),
        Fault("wrong_range", amount=2),
        Fault("wrong_range"),
    )
    job = create_completed_job(client, clock)
    whole = job.get_file(Range="bytes=5-")
    wrong = job.get_file(Range="bytes=5-9")
    assert (whole.status_code, whole.content[:3]) == (200, b"id\n")
    assert (wrong.status_code, wrong.content) == (206, whole.content[5:10])
    assert wrong.headers["Content-Range"] == "bytes 7-11/12"
    assert job.get_file(Range="bytes=99999999-").status_code == 416


def test_trickle_sends_small_chunks(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start(Fault("trickle", call="file", seconds=0.3))
    job = create_completed_job(client, clock)
    url = f"{client.url}{job.path}/file.json"
    with client.session.get(url, stream=True, timeout=9) as response:
        first = response.raw.read1(1 << 16)
    assert 0 < len(first) < 30
    assert job.get_file().content.startswith(first)


def test_fail_ends_the_job_as_failed(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start(Fault("fail", message="out of memory"))
    job = client.enqueue_job()
    assert job.status()["status"] == "Processing"
    clock.advance(1)
    status = job.status()
    assert (status["status"], status["errorMsg"]) == ("Failed", "out of memory")
    assert "fileSize" not in status
    assert job.get_file().status_code == 404


def test_cancelled_ends_the_job_at_once(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start(Fault("cancelled", call="status"))
    job = client.enqueue_job()
    assert job.status()["status"] == "Cancelled"
    clock.advance(1)
    assert job.status()["status"] == "Cancelled"
    sandbox.faults.append(Fault("fail", call="status"))
    assert job.status()["status"] == "Cancelled"
    assert sandbox.jobs[0].status == "Cancelled"


def test_vanish_hides_the_job(start: StartSandbox) -> None:
    _, client = start(Fault("vanish", call="status", skip=1))
    job = client.enqueue_job()
    assert job.status()["status"] == "Processing"
    assert client.api_error(client.get(f"{job.path}/status.json"))[0] == "1003"
    assert client.api_error(job.enqueue())[0] == "1003"
    assert job.get_file().status_code == 404
    assert client.get_result("/bulk/v1/leads/export.json") == []


def test_a_fault_for_an_unknown_job_has_no_effect(start: StartSandbox) -> None:
    _, client = start(Fault("fail", call="status"))
    assert client.api_error(client.get("/bulk/v1/leads/export/x/status.json"))[0] == "1003"


def test_slow_and_stuck_jobs_are_processed_longer(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start(Fault("slow", seconds=100), Fault("stuck"))
    slow, stuck = client.enqueue_job(), client.enqueue_job()
    clock.advance(100)
    assert slow.status()["status"] == "Processing"
    clock.advance(1)
    assert slow.status()["status"] == "Completed"
    clock.advance(3000)
    assert stuck.status()["status"] == "Processing"
    assert stuck.cancel().json()["success"]


def test_wrong_count_wrong_size_and_no_checksum_change_the_reported_job(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(
        Fault("wrong_count", amount=-1), Fault("wrong_size", amount=5), Fault("no_checksum")
    )
    jobs = [create_completed_job(client, clock) for _ in range(4)]
    counted, sized, bare, right = (job.status() for job in jobs)
    assert counted["numberOfRecords"] == right["numberOfRecords"] - 1
    assert sized["fileSize"] == right["fileSize"] + 5
    assert "fileChecksum" not in bare
    assert counted["fileChecksum"] == right["fileChecksum"]


def test_undecodable_puts_a_byte_that_is_not_utf_8_into_one_cell(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(Fault("undecodable", field="company"))
    columns = ["id", "company"]
    first, *rows = export_file(client, clock, fields=columns).split(b"\n")[1:-1]
    key = int(rows[-1].split(b",")[0])
    assert first.endswith(b",M\xfcnchen")
    assert all(row.decode() for row in rows)
    sandbox.faults.append(Fault("undecodable", field="company", item=key))
    changed = export_file(client, clock, fields=columns)
    assert f"\n{key},M".encode() + b"\xfcnchen\n" in changed
    assert changed.count(b"\xfc") == 1
    assert b"\xfc" not in export_file(client, clock)


def test_fail_can_name_the_daily_quota_as_the_reason(
    start: StartSandbox, clock: SandboxClock
) -> None:
    reason = "Export daily quota 500MB exceeded."
    _, client = start(Fault("fail", object="leads", message=reason))
    job = client.enqueue_job()
    clock.advance(1)
    assert job.status()["errorMsg"] == reason
    assert create_completed_job(client, clock).status()["status"] == "Completed"
