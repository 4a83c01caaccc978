"""Export jobs: queue, slots, quota, reported status, visibility."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Options, Sandbox, SandboxClock
from tests.support.api_client import JobClient, SandboxClient

from .conftest import StartSandbox

QUEUE_FULL = ("1029", "Too many jobs (10) in queue")


def statuses(jobs: list[JobClient]) -> list[str]:
    return [job.status()["status"] for job in jobs]


def test_a_job_has_no_members_without_a_value(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start(slots=1)
    first, job = client.enqueue_job(), client.create_job()
    created = {"exportId", "format", "status", "createdAt"}
    assert set(job.status()) == created
    assert set(job.enqueue().json()["result"][0]) == created | {"queuedAt"}
    assert (job.status()["status"], set(job.status())) == ("Queued", created | {"queuedAt"})
    clock.advance(1)
    assert set(job.status()) == created | {"queuedAt", "startedAt"}
    clock.advance(1)
    done = job.status()
    members = {"queuedAt", "startedAt", "finishedAt", "numberOfRecords", "fileSize", "fileChecksum"}
    assert set(done) == created | members
    assert done["createdAt"] == "2026-03-01T12:00:00Z"
    assert done["finishedAt"] == "2026-03-01T12:00:02Z"
    assert first.status()["finishedAt"] == done["startedAt"]


def test_two_jobs_are_processed_concurrently_in_queue_order(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(job_seconds=10)
    jobs = [client.create_job() for _ in range(3)]
    for job in reversed(jobs):
        job.enqueue()
        clock.advance(1)
    assert statuses(jobs) == ["Queued", "Processing", "Processing"]
    clock.advance(7)
    assert statuses(jobs) == ["Processing", "Processing", "Completed"]
    clock.advance(1)
    assert statuses(jobs) == ["Processing", "Completed", "Completed"]
    clock.advance(9)
    assert statuses(jobs) == ["Completed"] * 3
    assert [job.export_id for job in sandbox.jobs] == [job.export_id for job in jobs]
    assert sandbox.peak_in_queue == 3


def test_a_job_cannot_be_enqueued_twice(start: StartSandbox) -> None:
    _, client = start()
    job = client.enqueue_job()
    assert client.api_error(job.enqueue()) == ("1029", "Job already queued")


def test_the_queue_has_ten_places_for_all_objects(start: StartSandbox, clock: SandboxClock) -> None:
    sandbox, client = start()
    for object_name in ("leads", "activities") * 5:
        client.enqueue_job(object_name)
    job = client.create_job()
    assert client.api_error(job.enqueue()) == QUEUE_FULL
    clock.advance(1)
    assert job.enqueue().json()["success"]
    assert sandbox.peak_in_queue == 10


def test_a_used_up_quota_prevents_create_and_enqueue_but_not_processing(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(quota_bytes=1000, job_seconds=10, slots=1, activities=6000)
    running, waiting, idle = (
        client.enqueue_job("activities"),
        client.enqueue_job(),
        client.create_job(),
    )
    clock.advance(10)
    assert running.status()["fileSize"] > 1000
    quota_exceeded = ("1029", "Export daily quota 0.001MB exceeded.")
    assert client.api_error(client.create()) == quota_exceeded
    assert client.api_error(idle.enqueue()) == quota_exceeded
    clock.advance(10)
    assert waiting.status()["status"] == "Completed"


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), 18),  # in winter midnight is at 06:00 UTC
        (datetime(2026, 7, 1, 12, tzinfo=UTC), 17),  # in summer at 05:00 UTC
        (datetime(2026, 3, 8, 12, tzinfo=UTC), 17),  # this day has 23 hours
    ],
)
def test_the_quota_resets_at_midnight_in_us_central_time(now: datetime, hours: int) -> None:
    clock = SandboxClock(now, speed=0)
    options = Options(leads=200, activities=10, quota_bytes=1)
    with Sandbox(options, clock=clock) as sandbox, SandboxClient(sandbox) as client:
        client.enqueue_job(columnHeaderNames={"id": "number"}, filter={"staticListId": 2001})
        clock.advance(1)
        used = sandbox.quota_used
        clock.advance(hours * 3600 - 2)
        assert sandbox.quota_used == used > 0
        clock.advance(1)
        assert sandbox.quota_used == 0
        client.use_current_token()
        assert client.create().json()["success"]


@pytest.mark.parametrize("charged", [True, False])
def test_repeated_downloads_count_against_the_quota_by_option(
    start: StartSandbox, clock: SandboxClock, *, charged: bool
) -> None:
    sandbox, client = start(charge_downloads=charged)
    job = client.enqueue_job()
    clock.advance(1)
    size = len(job.get_file().content)
    assert sandbox.quota_used == size
    job.get_file(Range="bytes=0-9")
    assert sandbox.quota_used == size + 10 * charged


@pytest.mark.parametrize("spelling", ["Cancelled", "Canceled"])
def test_a_cancelled_job_frees_its_slot(
    start: StartSandbox, clock: SandboxClock, spelling: str
) -> None:
    _, client = start(slots=1, cancel_spelling=spelling)
    first, second, third = client.enqueue_job(), client.enqueue_job(), client.create_job()
    assert first.cancel().json()["result"][0]["status"] == spelling
    clock.advance(1)
    assert statuses([first, second]) == [spelling, "Completed"]
    assert third.cancel().json()["success"]
    assert client.api_error(third.enqueue()) == ("1029", "Job already queued")
    assert client.api_error(second.cancel()) == ("1029", "Job is already completed")
    assert first.get_file().status_code == 404
    listed = client.get_result("/bulk/v1/leads/export.json?status=canceled")
    assert [job["exportId"] for job in listed] == [first.export_id, third.export_id]


def test_the_reported_status_changes_once_a_minute(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(status_seconds=60, job_seconds=10)
    job = client.enqueue_job()
    assert job.status()["status"] == "Processing"
    clock.advance(59)
    assert job.status()["status"] == "Processing"
    assert job.get_file().status_code == 404
    clock.advance(1)
    assert job.status()["status"] == "Completed"
    assert job.status()["finishedAt"] == "2026-03-01T12:00:10Z"


def test_the_reported_status_of_a_waiting_job_is_out_of_date_too(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(status_seconds=60, job_seconds=10, slots=1)
    client.enqueue_job()
    job = client.enqueue_job()
    clock.advance(30)
    assert job.status()["status"] == "Queued"
    clock.advance(30)
    assert job.status()["status"] == "Completed"


def test_the_file_can_be_available_later_than_the_status(
    start: StartSandbox, clock: SandboxClock
) -> None:
    _, client = start(file_delay_seconds=30)
    job = client.enqueue_job()
    clock.advance(30.5)
    late = job.get_file()
    assert (job.status()["status"], late.status_code) == ("Completed", 404)
    assert late.headers["Content-Type"].startswith("text/plain")
    clock.advance(0.5)
    assert job.get_file().status_code == 200


def test_a_job_is_visible_for_seven_days(start: StartSandbox, clock: SandboxClock) -> None:
    _, client = start()
    job = client.enqueue_job()
    clock.advance(7 * 86_400 - 1)
    client.use_current_token()
    assert job.get_file().status_code == 200
    clock.advance(1)
    client.use_current_token()
    assert job.get_file().status_code == 404
    assert client.get_result("/bulk/v1/leads/export.json") == []


def test_an_api_user_cannot_see_the_jobs_of_another(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(users=2, queue_limit=1)
    job = client.enqueue_job()
    with SandboxClient(sandbox, user=1) as other:
        same_job = JobClient(other, job.path)
        code, message = other.api_error(same_job.enqueue())
        assert (code, message.split("'")[0]) == ("1003", "Export job ")
        assert same_job.get_file().status_code == 404
        assert other.get_result("/bulk/v1/leads/export.json") == []
        assert other.api_error(other.create_job().enqueue())[0] == "1029"
    clock.advance(1)
    assert client.get(job.path.replace("leads", "activities") + "/status.json").json()["errors"]


def list_jobs(client: SandboxClient, **query: Any) -> Any:  # noqa: ANN401 - JSON
    return client.get("/bulk/v1/leads/export.json", params=query).json()


def test_jobs_are_listed_by_status_and_page(start: StartSandbox) -> None:
    _, client = start()
    ids = [client.create_job().export_id for _ in range(3)] + [client.enqueue_job().export_id]
    first = list_jobs(client, batchSize=3)
    second = list_jobs(client, batchSize=3, nextPageToken=first["nextPageToken"])
    assert [job["exportId"] for job in first["result"] + second["result"]] == ids
    assert "nextPageToken" not in second
    running = list_jobs(client, status="Queued,Processing")["result"]
    assert [job["exportId"] for job in running] == ids[3:]
    for query, code in (
        ({"batchSize": 301}, "1003"),
        ({"batchSize": "x"}, "1001"),
        ({"status": "Lost"}, "1003"),
    ):
        assert list_jobs(client, **query)["errors"][0]["code"] == code
    assert list_jobs(client, nextPageToken="!")["errors"][0]["message"] == "Invalid nextPageToken"


def test_a_file_has_the_rows_as_of_the_start_of_processing(
    start: StartSandbox, clock: SandboxClock
) -> None:
    sandbox, client = start(leads=2000, job_seconds=86_400, token_seconds=864_000)
    job = client.enqueue_job(filter={"staticListId": 2001})
    clock.advance(86_400)
    expected_count = len(
        sandbox.expected.leads({"staticListId": 2001}, at=sandbox.jobs[0].started_at)
    )
    assert job.status()["numberOfRecords"] == expected_count
    assert expected_count != len(sandbox.expected.leads({"staticListId": 2001}))
