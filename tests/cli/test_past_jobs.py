"""The jobs of the past seven days."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.cli.reports import PastJob, PastJobReader, past_exports
from tap_marketo_bulk.errors import AccessDeniedError
from tap_marketo_bulk.marketo.exports import ExportJob, JobStatus
from tap_marketo_bulk.sandbox import Fault
from tests.support.runs import logged_warnings

if TYPE_CHECKING:
    from tap_marketo_bulk.marketo.exports import Exports
    from tap_marketo_bulk.sandbox import SandboxClock
    from tests.support.jobs_command import JobsCommand

OBJECTS = ("leads", "activities")
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def past(status: JobStatus = JobStatus.COMPLETED, **described: Any) -> PastJob:  # noqa: ANN401 - as ExportJob has them
    return PastJob("leads", ExportJob("x", status, **described))


def test_the_jobs_of_all_export_objects_are_sorted_from_the_latest(
    command: JobsCommand, exports: Exports, sandbox_clock: SandboxClock
) -> None:
    created = []
    for export_object in ("leads", "activities", "leads"):
        created.append((export_object, command.create(export_object)))
        sandbox_clock.advance(60)
    found = [
        (each.object_path, each.job.export_id) for each in PastJobReader(exports, OBJECTS).read()
    ]
    assert found == created[::-1]


def test_jobs_older_than_seven_days_are_not_returned(
    command: JobsCommand, exports: Exports, sandbox_clock: SandboxClock
) -> None:
    command.create()
    sandbox_clock.advance(7 * 86_400)
    assert PastJobReader(exports, OBJECTS).read() == []


def denied(object_path: str) -> Fault:
    return Fault("envelope", call="list", object=object_path, code="603", message="Access denied")


def test_an_object_that_is_denied_is_left_out_with_one_warning(
    command: JobsCommand, exports: Exports, caplog: pytest.LogCaptureFixture
) -> None:
    command.create("leads")
    job = command.create("activities")
    command.sandbox.faults.append(denied("leads"))
    reader = PastJobReader(exports, OBJECTS)
    assert [each.job.export_id for each in reader.read()] == [job]
    assert [each.job.export_id for each in reader.read()] == [job]
    (warning,) = logged_warnings(caplog, "The export jobs of leads are not shown.")
    assert "Read-Only Lead" in warning


def test_it_is_an_error_if_every_object_is_denied(command: JobsCommand, exports: Exports) -> None:
    command.sandbox.faults.extend(map(denied, OBJECTS))
    with pytest.raises(AccessDeniedError):
        PastJobReader(exports, OBJECTS).read()


def test_the_jobs_of_an_object_are_read_with_one_call(
    command: JobsCommand, exports: Exports
) -> None:
    reader = PastJobReader(exports, OBJECTS)
    reader.read()
    before = len(command.sandbox.calls)
    reader.read()
    assert [call.name for call in command.sandbox.calls[before:]] == ["list", "list"]


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-01T12:00:00Z",
        "2026-02-01T04:00:00-08:00",
        "2026-02-01T12:00:00+0000",
        "2026-02-01T12:00:00",
    ],
)
def test_instants_are_parsed_in_every_format(text: str) -> None:
    job = past(created_at=text, started_at=text, finished_at=text).job
    assert [job.created, job.started, job.finished] == [NOON] * 3


@pytest.mark.parametrize("text", [None, "", "soon"])
def test_text_that_is_not_an_instant_gives_none(text: str | None) -> None:
    assert past(created_at=text).job.created is None


@pytest.mark.parametrize(
    ("job", "seconds"),
    [
        (past(queued_at="2026-02-01T11:00:00Z", finished_at="2026-02-01T11:10:00Z"), 600),
        (past(JobStatus.PROCESSING, queued_at="2026-02-01T11:00:00Z"), 3600),
        (past(JobStatus.QUEUED, queued_at="2026-02-01T11:59:00Z"), 60),
        (past(JobStatus.CREATED), None),
        (past(JobStatus.CANCELLED, queued_at="2026-02-01T11:00:00Z"), None),
        (past(finished_at="2026-02-01T11:10:00Z"), None),
    ],
)
def test_the_duration_begins_when_the_job_is_queued(job: PastJob, seconds: float | None) -> None:
    assert job.seconds_since_queued(NOON) == seconds


def test_only_completed_jobs_are_charged_for_their_bytes() -> None:
    jobs = [past(size=7), past(), past(JobStatus.FAILED, size=7)]
    assert [past_exports([job]).sizes_by_id("leads") for job in jobs] == [{"x": 7}, {}, {}]
