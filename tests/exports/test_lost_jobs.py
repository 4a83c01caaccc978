"""Jobs that STATE lacks: which are found by the tags of their files, and which are waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_marketo_bulk import errors
from tap_marketo_bulk.exports.lost_jobs import (
    TAG_BYTES,
    FoundJob,
    JobTag,
    LostJobFinder,
    read_tag,
    tag_of,
    with_tag,
)
from tap_marketo_bulk.marketo.exports import ExportJob, ExportRequest, JobStatus
from tap_marketo_bulk.plan.state_format import LatestJobs, Ledger, StreamState, UnfinishedJob
from tap_marketo_bulk.plan.windows import Window
from tap_marketo_bulk.times import format_instant
from tests.support.fake_exports import FIRST_DAY, POLICY, task
from tests.support.loop_run import LoopRun

HOUR = timedelta(hours=1)
LAG = timedelta(minutes=15)
TASK = task(0)
FIELDS = TASK.request.fields
# The horizon of the task's run is the end of its window.
CREATED = TASK.as_of + LAG

INSTANTS = st.integers(0, 10**9).map(lambda seconds: FIRST_DAY + timedelta(seconds=seconds))
TAGS = st.builds(
    JobTag,
    field=st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,254}", fullmatch=True),
    window=st.builds(Window, INSTANTS, INSTANTS),
    as_of=INSTANTS,
    digest=st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    unknown_fields=st.integers(0, 999),
)


def lost_job(export_id: str = "lost", created: datetime = CREATED, **changes: object) -> ExportJob:
    job = ExportJob(
        export_id, JobStatus.COMPLETED, records=1, size=99, created_at=format_instant(created)
    )
    return replace(job, **changes)  # type: ignore[arg-type] # those of a job


def tagged_file(request: ExportRequest = TASK.request) -> bytes:
    """Return a file of the task, whose request may lack unknown fields."""
    return f"{','.join(with_tag(TASK, request).header)}\n1,2,3\n".encode()


@pytest.fixture
def run() -> LoopRun:
    """A loop with one lost job, whose file has the tag of the task."""
    run = LoopRun(now=FIRST_DAY + timedelta(days=2))
    run.exports.lost = [lost_job()]
    run.exports.files = {"lost": tagged_file()}
    return run


def found(
    run: LoopRun, state: StreamState | None = None, fields: tuple[str, ...] = FIELDS, *known: str
) -> list[FoundJob]:
    finder = LostJobFinder(run.exports.real, run.loop, POLICY, run.clock, LAG)
    return finder.wait_and_find("leads", state or StreamState(), known, fields)


def expected(*unknown_fields: str) -> list[FoundJob]:
    job = UnfinishedJob(
        "lost",
        TASK.window,
        TASK.request.digest,
        TASK.as_of,
        has_unknown_ids=True,
        unknown_fields=unknown_fields,
    )
    return [FoundJob(job, CREATED)]


def test_a_job_with_a_tag_is_found(run: LoopRun) -> None:
    assert found(run) == expected()
    assert run.loop.past_exports.sizes_by_id("leads") == {"lost": 99}


def test_without_jobs_that_state_lacks_one_call_is_made(run: LoopRun) -> None:
    assert found(run, None, FIELDS, "lost") == []
    assert run.exports.log == [("list", "leads")]


def test_a_job_in_the_queue_is_waited_for(run: LoopRun, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    run.exports.lost = [lost_job(status=JobStatus.PROCESSING, size=None)]
    before = run.clock.monotonic()

    def complete(_call: str) -> None:
        if run.clock.monotonic() > before + 150:
            run.exports.lost = [lost_job()]

    run.exports.during = complete
    assert found(run) == expected()
    assert run.clock.monotonic() - before == pytest.approx(180, abs=0.1)
    assert "Waiting for 1 export job of leads that the state does not have" in caplog.text


def test_jobs_of_this_run_are_worked_on_while_a_lost_job_is_waited_for(run: LoopRun) -> None:
    run.exports.lost = [lost_job(status=JobStatus.QUEUED)]
    run.submit(2, "activities")
    run.exports.during = lambda call: (
        run.exports.lost.clear() if len(run.exports.queued) == 2 and call == "list" else None
    )
    assert found(run) == []
    assert len(run.exports.queued) == 2


def test_a_job_is_not_waited_for_longer_than_the_job_timeout(run: LoopRun) -> None:
    run.exports.lost.append(lost_job("stuck", status=JobStatus.QUEUED))
    before = run.clock.monotonic()
    assert found(run) == expected()
    waited = run.clock.monotonic() - before
    assert POLICY.job_timeout_seconds <= waited <= POLICY.job_timeout_seconds + 61


@pytest.mark.parametrize(
    "changes",
    [
        {"status": JobStatus.CREATED},
        {"status": JobStatus.FAILED},
        {"size": 0},
        # A run with a shorter lag made it: what is stored late is missing.
        {"created_at": format_instant(CREATED - timedelta(seconds=6))},
        # Marketo has deleted the file.
        {"created_at": format_instant(FIRST_DAY - timedelta(days=5))},
    ],
)
def test_a_job_that_cannot_be_used_is_not_found(run: LoopRun, changes: dict[str, object]) -> None:
    run.exports.lost = [lost_job(**changes)]  # type: ignore[arg-type] # those of a job
    assert found(run) == []


@pytest.mark.parametrize("content", [b"", b"id,city,zip\n1,2,3\n"])
def test_a_file_without_a_tag_is_of_another_program(run: LoopRun, content: bytes) -> None:
    run.exports.files = {"lost": content}
    assert found(run) == []


def test_a_file_that_cannot_be_read_is_not_used(run: LoopRun) -> None:
    run.exports.errors["file"] = [errors.ApiError("GET /x", "610", "Not found")]
    assert found(run) == []


@pytest.mark.parametrize(
    ("state", "is_found"),
    [
        (StreamState(latest_jobs=LatestJobs(CREATED, ("read",))), True),
        (StreamState(latest_jobs=LatestJobs(CREATED + timedelta(seconds=1), ("read",))), False),
        (StreamState("updatedAt", {"updatedAt": Ledger((), CREATED - HOUR)}), True),
        (StreamState("updatedAt", {"updatedAt": Ledger((), CREATED + HOUR)}), False),
    ],
)
def test_only_jobs_that_are_later_than_state_can_be_lost(
    run: LoopRun, state: StreamState, *, is_found: bool
) -> None:
    assert found(run, state) == (expected() if is_found else [])


def test_the_fields_that_a_file_lacks_are_found_in_its_header_however_long_it_is(
    run: LoopRun,
) -> None:
    names = ("id", *(f"field{number:03}{'x' * 240}" for number in range(400)))
    task_of_all = replace(TASK, request=replace(TASK.request, fields=names))
    request = task_of_all.request.without(names[1:3] + names[-1:])
    header = ",".join(with_tag(task_of_all, request).header)
    assert len(header) > 64 * 1024
    run.exports.files = {"lost": f"{header}\n".encode()}
    (job,) = [each.job for each in found(run, None, names)]
    assert job.unknown_fields == names[1:3] + names[-1:]


@pytest.mark.parametrize("separator", [",", "\t", ";", " "])
def test_the_header_can_have_any_separator(run: LoopRun, separator: str) -> None:
    content = tagged_file(TASK.request.without(["city"])).decode().replace(",", separator)
    run.exports.files = {"lost": content.encode()}
    assert found(run) == expected("city")


# The tag.


@given(TAGS, st.sampled_from(["", "programId,", "\ufeff", '"']), st.sampled_from(",;\t\n "))
def test_a_tag_is_found_in_the_header_that_has_it(tag: JobTag, before: str, after: str) -> None:
    assert len(str(tag)) < TAG_BYTES
    header = f"{before}{tag}{after}email,city\n1,2,3\n".encode()
    assert read_tag(header) == tag


@given(TAGS)
def test_a_tag_has_only_letters_digits_and_underscores(tag: JobTag) -> None:
    assert str(tag).replace("_", "").isalnum()


def test_a_tag_names_the_window_the_horizon_and_the_request_of_a_task() -> None:
    one = task(0)
    tag = tag_of(one, "Größe (cm)", 2)
    assert str(tag) == (
        f"Gr__e__cm___20260101T000000Z_20260102T000000Z_20260102T000000Z_{one.request.digest}_2"
    )


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"id,email\n",
        b"\xff\xfe",
        b"email\nid__20260101T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdef_0,x\n",
        b"id__20260101T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdef",
        b"id__20261301T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdef_0",
        b"id__20260101T000000Z_20260201T000000Z_20260201T000000Z_0123456789abcdeg_0",
    ],
)
def test_a_header_without_a_complete_tag_gives_none(beginning: bytes) -> None:
    assert read_tag(beginning) is None
