"""The life of export jobs: queue, slots, quota, and who sees what when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tap_marketo_bulk.sandbox import Clock, Options, Sandbox
from tests.support.api_client import Client, ExportJob

from .conftest import Open

FULL = ("1029", "Too many jobs (10) in queue")


def statuses(jobs: list[ExportJob]) -> list[str]:
    return [job.status()["status"] for job in jobs]


def test_a_reply_tells_only_what_has_come_to_be(start: Open, clock: Clock) -> None:
    _, client = start(slots=1)
    first, job = client.queued(), client.created()
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


def test_two_jobs_are_processed_at_once_in_the_order_they_were_queued(
    start: Open, clock: Clock
) -> None:
    sandbox, client = start(job_seconds=10)
    jobs = [client.created() for _ in range(3)]
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
    assert [job.export_id for job in sandbox.jobs] == [job.path[-36:] for job in jobs]
    assert sandbox.peak_in_queue == 3


def test_a_job_can_be_queued_once(start: Open) -> None:
    _, client = start()
    job = client.queued()
    assert client.refusal(job.enqueue()) == ("1029", "Job already queued")


def test_the_queue_takes_ten_jobs_of_all_objects(start: Open, clock: Clock) -> None:
    sandbox, client = start()
    for kind in ("leads", "activities") * 5:
        client.queued(kind)
    job = client.created()
    assert client.refusal(job.enqueue()) == FULL
    clock.advance(1)
    assert job.enqueue().json()["success"]
    assert sandbox.peak_in_queue == 10


def test_messages_come_as_documented_too(start: Open, clock: Clock) -> None:
    _, client = start(
        queue_limit=1, queue_full_style="documented", quota_style="documented", quota_bytes=1
    )
    client.queued()
    job = client.created()
    assert client.refusal(job.enqueue()) == ("1029", "Too many jobs in queue")
    clock.advance(1)
    assert client.refusal(client.create()) == ("1029", "Export daily quota exceeded")


def test_a_spent_quota_stops_creating_and_enqueuing_but_not_what_runs(
    start: Open, clock: Clock
) -> None:
    _, client = start(quota_bytes=1000, job_seconds=10, slots=1, activities=6000)
    running, waiting, idle = client.queued("activities"), client.queued(), client.created()
    clock.advance(10)
    assert running.status()["fileSize"] > 1000
    spent = ("1029", "Export daily quota 0.001MB exceeded.")
    assert client.refusal(client.create()) == spent
    assert client.refusal(idle.enqueue()) == spent
    clock.advance(10)
    assert waiting.status()["status"] == "Completed"


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), 18),  # midnight is 06:00 UTC in winter
        (datetime(2026, 7, 1, 12, tzinfo=UTC), 17),  # and 05:00 in summer
        (datetime(2026, 3, 8, 12, tzinfo=UTC), 17),  # the day that has 23 hours
    ],
)
def test_the_quota_begins_anew_at_midnight_in_chicago(now: datetime, hours: int) -> None:
    clock = Clock(now, speed=0)
    options = Options(leads=200, activities=10, quota_bytes=1)
    with Sandbox(options, clock=clock) as sandbox, Client(sandbox) as client:
        client.queued(columnHeaderNames={"id": "number"}, filter={"staticListId": 2001})
        clock.advance(1)
        used = sandbox.quota_used
        clock.advance(hours * 3600 - 2)
        assert sandbox.quota_used == used > 0
        clock.advance(1)
        assert sandbox.quota_used == 0
        client.renew()
        assert client.create().json()["success"]


@pytest.mark.parametrize("charged", [True, False])
def test_bytes_sent_again_can_count_against_the_quota(
    start: Open, clock: Clock, *, charged: bool
) -> None:
    sandbox, client = start(charge_downloads=charged)
    job = client.queued()
    clock.advance(1)
    size = len(job.file().content)
    assert sandbox.quota_used == size
    job.file(Range="bytes=0-9")
    assert sandbox.quota_used == size + 10 * charged


@pytest.mark.parametrize("spelling", ["Cancelled", "Canceled"])
def test_a_cancelled_job_gives_its_place_to_the_next(
    start: Open, clock: Clock, spelling: str
) -> None:
    _, client = start(slots=1, cancel_spelling=spelling)
    first, second, third = client.queued(), client.queued(), client.created()
    assert first.cancel().json()["result"][0]["status"] == spelling
    clock.advance(1)
    assert statuses([first, second]) == [spelling, "Completed"]
    assert third.cancel().json()["success"]
    assert client.refusal(third.enqueue()) == ("1029", "Job already queued")
    assert client.refusal(second.cancel()) == ("1029", "Job is already completed")
    assert first.file().status_code == 404
    listed = client.result("/bulk/v1/leads/export.json?status=canceled")
    assert [job["exportId"] for job in listed] == [first.path[-36:], third.path[-36:]]


def test_a_status_changes_once_a_minute(start: Open, clock: Clock) -> None:
    _, client = start(status_seconds=60, job_seconds=10)
    job = client.queued()
    assert job.status()["status"] == "Processing"
    clock.advance(59)
    assert job.status()["status"] == "Processing"
    assert job.file().status_code == 404
    clock.advance(1)
    assert job.status()["status"] == "Completed"
    assert job.status()["finishedAt"] == "2026-03-01T12:00:10Z"


def test_a_queued_job_shows_that_it_was_started_late_too(start: Open, clock: Clock) -> None:
    _, client = start(status_seconds=60, job_seconds=10, slots=1)
    client.queued()
    job = client.queued()
    clock.advance(30)
    assert job.status()["status"] == "Queued"
    clock.advance(30)
    assert job.status()["status"] == "Completed"


def test_the_file_can_be_late(start: Open, clock: Clock) -> None:
    _, client = start(file_delay_seconds=30)
    job = client.queued()
    clock.advance(30.5)
    late = job.file()
    assert (job.status()["status"], late.status_code) == ("Completed", 404)
    assert late.headers["Content-Type"].startswith("text/plain")
    clock.advance(0.5)
    assert job.file().status_code == 200


def test_a_job_is_known_for_seven_days(start: Open, clock: Clock) -> None:
    _, client = start()
    job = client.queued()
    clock.advance(7 * 86_400 - 1)
    client.renew()
    assert job.file().status_code == 200
    clock.advance(1)
    client.renew()
    assert job.file().status_code == 404
    assert client.result("/bulk/v1/leads/export.json") == []


def test_nobody_sees_the_jobs_of_others(start: Open, clock: Clock) -> None:
    sandbox, client = start(users=2, queue_limit=1)
    job = client.queued()
    with Client(sandbox, user=1) as other:
        theirs = ExportJob(other, job.path)
        code, message = other.refusal(theirs.enqueue())
        assert (code, message.split("'")[0]) == ("1003", "Export job ")
        assert theirs.file().status_code == 404
        assert other.result("/bulk/v1/leads/export.json") == []
        assert other.refusal(other.created().enqueue())[0] == "1029"
    clock.advance(1)
    assert client.get(job.path.replace("leads", "activities") + "/status.json").json()["errors"]


def test_an_unknown_job_can_have_another_code(start: Open) -> None:
    _, client = start(unknown_job_code="610")
    assert client.refusal(client.get("/bulk/v1/leads/export/x/status.json"))[0] == "610"


def listed(client: Client, **query: Any) -> Any:  # noqa: ANN401 - JSON
    return client.get("/bulk/v1/leads/export.json", params=query).json()


def test_jobs_are_listed_by_status_and_in_pages(start: Open) -> None:
    _, client = start()
    ids = [client.created().path[-36:] for _ in range(3)] + [client.queued().path[-36:]]
    first = listed(client, batchSize=3)
    second = listed(client, batchSize=3, nextPageToken=first["nextPageToken"])
    assert [job["exportId"] for job in first["result"] + second["result"]] == ids
    assert "nextPageToken" not in second
    running = listed(client, status="Queued,Processing")["result"]
    assert [job["exportId"] for job in running] == ids[3:]
    for query in ({"batchSize": 301}, {"batchSize": "x"}, {"status": "Lost"}):
        assert listed(client, **query)["errors"][0]["code"] == "1003"
    assert listed(client, nextPageToken="!")["errors"][0]["message"] == "Invalid nextPageToken"


def test_a_file_shows_the_leads_as_they_were_when_processing_began(
    start: Open, clock: Clock
) -> None:
    sandbox, client = start(leads=2000, job_seconds=86_400, token_seconds=864_000)
    job = client.queued(filter={"staticListId": 2001})
    clock.advance(86_400)
    number_then = len(sandbox.expected.leads({"staticListId": 2001}, at=sandbox.jobs[0].started_at))
    assert job.status()["numberOfRecords"] == number_then
