"""One order on its way, step by step."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk import errors
from tap_marketo_bulk.extract.delivery import JOB_TRIES, ODD_ANSWERS, Delivery, Stage
from tap_marketo_bulk.marketo.export_job import ExportJob, JobStatus
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import TERMS, FakeExports, order

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clock() -> TapClock:
    return TapClock(SandboxClock(NOW, speed=0))


@pytest.fixture
def exports(clock: TapClock) -> FakeExports:
    return FakeExports(clock)


def delivery(exports: FakeExports, **more: Any) -> Delivery:  # noqa: ANN401 - an order's own
    return Delivery(order(1, **more), exports.real, TERMS, exports.clock)


def api_error(kind: type[errors.ApiError], *more: object) -> errors.ApiError:
    return kind("POST /x", "1003", "Sorry", *more)


def told(exports: FakeExports, **answer: Any) -> None:  # noqa: ANN401 - a job's own
    """Let the next answers about the job be this."""
    exports.answer = ExportJob("job 1", **answer)


def stage_of(on_its_way: Delivery) -> Stage:
    return on_its_way.stage


def queued(exports: FakeExports) -> Delivery:
    on_its_way = delivery(exports)
    on_its_way.create()
    on_its_way.enqueue()
    return on_its_way


def test_an_order_becomes_a_proven_file(exports: FakeExports, clock: TapClock) -> None:
    on_its_way = queued(exports)
    on_its_way.poll()
    assert stage_of(on_its_way) is Stage.IN_QUEUE
    assert on_its_way.due == clock.monotonic() + 60
    clock.sleep(600)
    on_its_way.poll()
    assert stage_of(on_its_way) is Stage.COMPLETED
    assert not on_its_way.is_running
    on_its_way.fetch()
    assert stage_of(on_its_way) is Stage.READY
    assert on_its_way.content
    assert on_its_way.content.read() == b"job 1"
    on_its_way.content.close()


def test_a_job_without_records_needs_no_download(exports: FakeExports) -> None:
    on_its_way = queued(exports)
    told(exports, status=JobStatus.COMPLETED, records=0)
    on_its_way.poll()
    on_its_way.fetch()
    assert exports.ids("file") == []
    assert on_its_way.content
    assert on_its_way.content.read() == b""
    on_its_way.content.close()


def test_a_disk_that_takes_no_file_is_named(
    exports: FakeExports, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(errors.SpoolError, match="No temporary file can be made"):
        queued(exports).fetch()


def test_fields_that_are_gone_are_left_out_by_all_deliveries_of_a_stream(
    exports: FakeExports, clock: TapClock
) -> None:
    gone: set[str] = set()
    first = Delivery(order(1), exports.real, TERMS, clock, gone)
    second = Delivery(order(2), exports.real, TERMS, clock, gone)
    exports.trouble["create"] = [api_error(errors.UnknownFieldsError, ["zip"])]
    first.create()
    second.create()
    assert [request.fields for request in exports.made.values()] == [("id", "city")] * 2
    assert len(exports.ids("create")) == 3
    assert first.made_order.without == ("zip",)


@pytest.mark.parametrize("fields", [["id"], ["elsewhere"]])
def test_fields_that_are_needed_or_were_never_asked_for_are_an_error(
    exports: FakeExports, fields: list[str]
) -> None:
    exports.trouble["create"] = [api_error(errors.UnknownFieldsError, fields)]
    with pytest.raises(errors.UnknownFieldsError):
        delivery(exports).create()


def test_a_full_queue_is_waited_for_as_long_as_a_job(exports: FakeExports, clock: TapClock) -> None:
    on_its_way = delivery(exports)
    on_its_way.create()
    exports.trouble["enqueue"] = [api_error(errors.QueueFullError)] * 3
    on_its_way.enqueue()
    assert stage_of(on_its_way) is Stage.CREATED
    assert 30 <= on_its_way.due - clock.monotonic() <= 90
    clock.sleep(TERMS.job_timeout_seconds)
    on_its_way.enqueue()
    clock.sleep(1)
    with pytest.raises(errors.QueueFullError):
        on_its_way.enqueue()


def test_a_spent_quota_is_an_error_unless_the_job_got_in_before(exports: FakeExports) -> None:
    on_its_way = delivery(exports)
    on_its_way.create()
    exports.trouble["enqueue"] = [api_error(errors.ExportQuotaError, None)] * 2
    with pytest.raises(errors.ExportQuotaError):
        on_its_way.enqueue()
    assert stage_of(on_its_way) is Stage.CREATED
    exports.queued["job 1"] = 0.0
    on_its_way.enqueue()
    assert stage_of(on_its_way) is Stage.IN_QUEUE


def test_a_refused_job_is_an_error_unless_it_is_unknown(exports: FakeExports) -> None:
    on_its_way = delivery(exports)
    on_its_way.create()
    exports.trouble["enqueue"] = [api_error(errors.ApiError), api_error(errors.ApiError)]
    with pytest.raises(errors.ApiError):
        on_its_way.enqueue()
    exports.trouble["status"] = [api_error(errors.ApiError)]
    on_its_way.enqueue()
    assert stage_of(on_its_way) is Stage.WAITING


def test_time_spent_waiting_for_the_quota_is_not_held_against_the_job(
    exports: FakeExports, clock: TapClock
) -> None:
    on_its_way = delivery(exports)
    on_its_way.create()
    clock.sleep(20 * 3600)
    on_its_way.enqueue()
    clock.sleep(60)
    on_its_way.poll()
    assert stage_of(on_its_way) is Stage.IN_QUEUE


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_job_that_brings_nothing_is_asked_for_again_a_few_times(
    exports: FakeExports, clock: TapClock, status: JobStatus
) -> None:
    exports.ends[1] = status
    on_its_way = delivery(exports)
    for _ in range(JOB_TRIES - 1):
        on_its_way.create()
        on_its_way.enqueue()
        clock.sleep(600)
        on_its_way.poll()
        assert stage_of(on_its_way) is Stage.WAITING
    on_its_way.create()
    on_its_way.enqueue()
    clock.sleep(600)
    with pytest.raises(errors.ExportFailedError, match="as were those before it"):
        on_its_way.poll()
    assert not on_its_way.is_lost


def test_a_job_is_lost_that_no_state_knows(exports: FakeExports) -> None:
    on_its_way = queued(exports)
    assert on_its_way.is_lost
    on_its_way.recorded = True
    assert not on_its_way.is_lost


def test_a_job_that_takes_too_long_is_cancelled(exports: FakeExports, clock: TapClock) -> None:
    exports.seconds[1] = 10**6
    on_its_way = queued(exports)
    on_its_way.recorded = True
    clock.sleep(TERMS.job_timeout_seconds + 1)
    assert on_its_way.is_lost
    exports.trouble["cancel"] = [errors.UnreachableError("broken")]
    with pytest.raises(errors.ExportTimeoutError, match="still processing after 240 minutes"):
        on_its_way.poll()
    assert exports.ids("cancel") == ["job 1"]


def test_answers_that_make_no_sense_are_borne_a_few_times(exports: FakeExports) -> None:
    on_its_way = queued(exports)
    exports.trouble["status"] = [
        errors.InvalidResponseError("Hibernating") for _ in range(ODD_ANSWERS)
    ]
    for _ in range(ODD_ANSWERS - 1):
        on_its_way.poll()
    with pytest.raises(errors.InvalidResponseError, match="Gave up after 3 attempts"):
        on_its_way.poll()


def test_a_file_that_cannot_be_proven_is_not_used(exports: FakeExports) -> None:
    on_its_way = queued(exports)
    told(exports, status=JobStatus.COMPLETED, records=3, size=5)
    for _ in range(ODD_ANSWERS - 1):
        on_its_way.poll()
        assert stage_of(on_its_way) is Stage.IN_QUEUE
    with pytest.raises(errors.CorruptFileError, match="cannot be proven"):
        on_its_way.poll()


@pytest.mark.parametrize(
    "error", [errors.AccessDeniedError, errors.CallQuotaError, errors.CredentialsError]
)
def test_what_is_no_word_on_the_job_is_not_taken_for_one(
    exports: FakeExports, error: type[errors.ApiError]
) -> None:
    on_its_way = queued(exports)
    exports.trouble["status"] = [api_error(error)]
    with pytest.raises(error):
        on_its_way.poll()


# Jobs of an earlier run.

LEFT = {"export_id": "job 1"}


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        (JobStatus.CREATED, Stage.CREATED),
        (JobStatus.QUEUED, Stage.IN_QUEUE),
        (JobStatus.PROCESSING, Stage.IN_QUEUE),
        (JobStatus.FAILED, Stage.WAITING),
        (JobStatus.CANCELLED, Stage.WAITING),
    ],
)
def test_a_job_of_an_earlier_run_is_taken_up_where_it_is(
    exports: FakeExports, status: JobStatus, stage: Stage
) -> None:
    on_its_way = delivery(exports, **LEFT)
    assert on_its_way.recorded
    told(exports, status=status)
    on_its_way.take_up()
    assert stage_of(on_its_way) is stage
    assert on_its_way.recorded == (stage is not Stage.WAITING)


@pytest.mark.parametrize(
    ("age", "stage"),
    [
        (timedelta(days=6, hours=23), Stage.COMPLETED),
        (timedelta(days=7), Stage.WAITING),
    ],
)
@pytest.mark.parametrize("zone", ["+00:00", ""])
def test_a_file_is_fetched_for_seven_days(
    exports: FakeExports, age: timedelta, stage: Stage, zone: str
) -> None:
    created = (NOW - age).isoformat().removesuffix("+00:00") + zone
    told(exports, status=JobStatus.COMPLETED, records=0, created_at=created)
    on_its_way = delivery(exports, **LEFT)
    on_its_way.take_up()
    assert stage_of(on_its_way) is stage


def test_a_job_without_a_date_is_not_taken_for_old(exports: FakeExports) -> None:
    told(exports, status=JobStatus.COMPLETED, records=0, created_at="yesterday")
    on_its_way = delivery(exports, **LEFT)
    on_its_way.take_up()
    assert stage_of(on_its_way) is Stage.COMPLETED


def test_a_job_that_cannot_be_proven_is_asked_for_again(exports: FakeExports) -> None:
    told(exports, status=JobStatus.COMPLETED, records=3)
    on_its_way = delivery(exports, **LEFT)
    on_its_way.take_up()
    for _ in range(ODD_ANSWERS - 1):
        on_its_way.poll()
    assert stage_of(on_its_way) is Stage.WAITING


@pytest.mark.parametrize(
    "error", [errors.FileNotReadyError("404"), errors.CorruptFileError("other bytes")]
)
def test_a_file_that_is_not_right_is_asked_for_again_only_of_an_earlier_run(
    exports: FakeExports, clock: TapClock, error: errors.MarketoBulkError
) -> None:
    for more in (LEFT, {}):
        on_its_way = delivery(exports, **more)
        on_its_way.job = ExportJob("job 1", JobStatus.COMPLETED, records=1, size=5, sha256="0" * 64)
        exports.trouble["file"] = [error] * 11
        if more:
            on_its_way.fetch()
            assert stage_of(on_its_way) is Stage.WAITING
        else:
            with pytest.raises(type(error)):
                on_its_way.fetch()
    assert clock.monotonic() < 1000


def test_a_job_made_without_a_field_is_read_without_it(exports: FakeExports) -> None:
    on_its_way = delivery(exports, **LEFT, without=("zip",))
    assert on_its_way.request.fields == ("id", "city")
    assert on_its_way.made_order.without == ("zip",)
