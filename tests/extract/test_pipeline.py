"""Orders in, proven files out, in order: with jobs that take no time at all."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_marketo_bulk import errors
from tap_marketo_bulk.extract.pipeline import Pipeline
from tap_marketo_bulk.marketo.export_job import JobStatus
from tap_marketo_bulk.sandbox import SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.fake_exports import TERMS, FakeExports, order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_marketo_bulk.extract.order import JobPolicy, Order

MOMENT = 5.0


class Notes:
    """A run that writes down what its pipeline tells it, among the calls to Marketo."""

    def __init__(self, exports: FakeExports, pause: float | None = None) -> None:
        """Take what is returned when the quota is spent."""
        self._log = exports.log
        self._pause = pause

    def record(self, order: Order, export_id: str) -> None:
        """Note a job."""
        del order
        self._log.append(("record", export_id))

    def forget(self, order: Order) -> None:
        """Note an order whose job brings nothing."""
        self._log.append(("forget", str(order.window.start.day)))

    def quota_pause(self, error: errors.ExportQuotaError) -> float | None:
        """Note that the quota is spent."""
        del error
        self._log.append(("quota", ""))
        return self._pause


class Bench:
    """A pipeline, the jobs behind it, and the clock of both."""

    def __init__(self, terms: JobPolicy = TERMS, pause: float | None = None) -> None:
        """Start nothing yet."""
        self.clock = TapClock(SandboxClock(NOW, speed=0))
        self.exports = FakeExports(self.clock)
        self.pipeline = Impatient(self.exports.real, self.clock, terms, Notes(self.exports, pause))

    def order(self, days: int, stream: str = "leads") -> None:
        """Ask for so many days."""
        self.pipeline.order(order(day, stream) for day in range(days))

    def read(self, stream: str = "leads") -> list[int]:
        """Read all files of a stream; returns their days."""
        days = []
        for file in self.pipeline.files(stream):
            days.append(file.request.filter["createdAt"])
            assert file.content.read() == file.job.export_id.encode()
        return days


class Impatient(Pipeline):
    """A pipeline whose threads give up on each other soon."""

    STALL_SECONDS = 0.05
    FAREWELL_SECONDS = 0.05


@contextmanager
def bench(terms: JobPolicy = TERMS, pause: float | None = None) -> Iterator[Bench]:
    made = Bench(terms, pause)
    made.pipeline.STALL_SECONDS = made.pipeline.FAREWELL_SECONDS = MOMENT
    yield made
    made.pipeline.close()


def limited(jobs: int) -> JobPolicy:
    return replace(TERMS, max_jobs_in_flight=jobs)


def api_error(kind: type[errors.ApiError], *more: object) -> errors.ApiError:
    return kind("POST /x", "1", "Sorry", *more)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 3000), max_size=12), st.integers(1, 6))
def test_files_come_in_order_whatever_order_jobs_finish_in(
    seconds: list[float], limit: int
) -> None:
    with bench(limited(limit)) as made:
        made.exports.seconds = dict(enumerate(seconds))
        made.order(len(seconds))
        assert made.read() == list(range(len(seconds)))
        assert made.exports.peak <= limit


def test_jobs_run_side_by_side() -> None:
    with bench() as made:
        made.order(8)
        made.read()
        # Two rounds of four, each of ten minutes, looked at once a minute.
        assert made.clock.monotonic() <= 2 * 600 + 4 * 60
        assert made.exports.peak == 4


def test_a_job_is_in_state_before_it_is_queued() -> None:
    with bench() as made:
        made.order(6)
        made.read()
        log = made.exports.log
        for export_id in made.exports.queued:
            assert log.index(("record", export_id)) < log.index(("enqueue", export_id))


def test_no_more_than_two_files_wait_for_the_reader() -> None:
    with bench(limited(6)) as made:
        made.order(8)
        for taken, file in enumerate(made.pipeline.files("leads"), start=1):
            # The one in hand, and two.
            fetched = len(made.exports.ids("file"))
            assert fetched <= taken + 2
            assert file.content.read()


def test_a_file_is_closed_when_the_next_is_asked_for() -> None:
    with bench() as made:
        made.order(2)
        files = made.pipeline.files("leads")
        first = next(files)
        assert not first.content.closed
        next(files)
        assert first.content.closed


def test_a_failure_surfaces_at_its_window_after_those_before_it() -> None:
    with bench() as made:
        made.exports.seconds = {0: 3000}
        made.exports.ends = {2: JobStatus.FAILED}
        made.order(5)
        files = made.pipeline.files("leads")
        assert [next(files).request.filter["createdAt"] for _ in range(2)] == [0, 1]
        with pytest.raises(errors.ExportFailedError):
            next(files)
        assert ("forget", "3") in made.exports.log


def test_a_passing_failure_leaves_the_job_for_the_next_run() -> None:
    with bench(limited(1)) as made:
        made.exports.trouble["status"] = [errors.UnreachableError("broken")]
        made.order(1)
        with pytest.raises(errors.UnreachableError):
            made.read()
        made.pipeline.close()
        assert not made.exports.ids("forget")
        assert not made.exports.ids("cancel")


def test_either_stream_may_be_read_first() -> None:
    for first, second in (("leads", "activities"), ("activities", "leads")):
        with bench(limited(1)) as made:
            made.order(4, "leads")
            made.order(4, "activities")
            assert made.read(first) == [0, 1, 2, 3]
            assert made.read(second) == [0, 1, 2, 3]


def test_jobs_of_the_next_stream_run_while_the_last_windows_of_one_are_read() -> None:
    with bench() as made:
        made.order(2, "activities")
        made.order(2, "leads")
        files = made.pipeline.files("activities")
        next(files)
        assert len(made.exports.queued) == 4


def test_a_stream_that_is_given_up_has_its_unknown_jobs_cancelled_at_once() -> None:
    with bench(limited(2)) as made:
        made.order(3, "leads")
        made.order(1, "activities")
        with closing(made.pipeline.files("leads")) as files:
            next(files)
        assert made.read("activities") == [0]
        made.pipeline.close()
        known = set(made.exports.ids("record"))
        assert set(made.exports.ids("cancel")) == set(made.exports.made) - known


def test_orders_may_be_given_again_after_a_refusal() -> None:
    with bench() as made:
        made.exports.trouble["create"] = [api_error(errors.UnsupportedFilterError)]
        made.order(3)
        with pytest.raises(errors.UnsupportedFilterError):
            made.read()
        assert len(made.exports.ids("create")) == 1
        made.order(3)
        assert made.read() == [0, 1, 2]


# A target that stalls, and the end.


def await_calls(made: Bench, call: str, count: int) -> None:
    """Wait until something was called so often, without doing anything for the pipeline."""
    done = threading.Event()

    def look(_call: str) -> None:
        if len(made.exports.ids(call)) >= count:
            done.set()

    made.exports.during = look
    look("")
    assert done.wait(MOMENT)


def test_while_the_reader_stalls_jobs_are_queued_without_state() -> None:
    made = Bench(limited(2))
    made.order(4)
    await_calls(made, "status", 1)
    assert made.exports.queued
    assert not made.exports.ids("record")
    made.pipeline.note()
    assert set(made.exports.ids("record")) >= set(made.exports.queued)
    assert made.read() == [0, 1, 2, 3]
    assert set(made.exports.ids("record")) == set(made.exports.made)
    made.pipeline.close()


def test_the_end_cancels_the_jobs_that_no_state_knows_and_no_others() -> None:
    with bench() as made:
        made.order(3)
        await_calls(made, "create", 1)
        # The first is made and waits to be known; nothing is queued meanwhile.
        made.pipeline.close()
        assert made.exports.ids("cancel") == list(made.exports.made)
        assert not made.exports.queued


def test_the_end_leaves_known_jobs_running() -> None:
    with bench() as made:
        made.exports.seconds = {1: 9000, 2: 9000}
        made.order(3)
        files = made.pipeline.files("leads")
        next(files)
        made.pipeline.close()
        assert not made.exports.ids("cancel")
        # And a second time it is nothing.
        made.pipeline.close()


def test_a_job_that_is_being_made_at_the_end_is_cancelled() -> None:
    with bench() as made:
        begun, go_on = threading.Event(), threading.Event()

        def hold(call: str) -> None:
            if call == "create":
                begun.set()
                go_on.wait(MOMENT)

        made.exports.during = hold
        made.order(1)
        assert begun.wait(MOMENT)
        end = threading.Thread(target=made.pipeline.close)
        end.start()
        go_on.set()
        end.join(MOMENT)
        assert made.exports.ids("cancel") == ["job 1"]


def test_the_end_does_not_wait_long_for_a_call_that_hangs() -> None:
    made = Bench()
    begun, go_on = threading.Event(), threading.Event()

    def hold(_call: str) -> None:
        begun.set()
        go_on.wait(MOMENT)

    made.exports.during = hold
    made.order(1)
    assert begun.wait(MOMENT)
    made.pipeline.close()
    assert not made.exports.made
    go_on.set()


def test_a_file_that_arrives_after_the_end_is_closed() -> None:
    made = Bench(limited(1))
    begun, go_on = threading.Event(), threading.Event()

    def hold(call: str) -> None:
        if call == "file":
            begun.set()
            go_on.wait(MOMENT)

    made.exports.during = hold
    made.order(1)
    files = made.pipeline.files("leads")
    reader = threading.Thread(target=next, args=(files, None), daemon=True)
    reader.start()
    assert begun.wait(MOMENT)
    (delivery,) = made.pipeline._line  # noqa: SLF001 - the file is nowhere else to be seen
    made.pipeline.close()
    go_on.set()
    made.pipeline._worker.join(MOMENT)  # type: ignore[union-attr]  # noqa: SLF001 - likewise
    assert delivery.content
    assert delivery.content.closed


def test_a_cancel_that_fails_is_not_tried_again() -> None:
    with bench() as made:
        made.exports.trouble["cancel"] = [errors.UnreachableError("broken")]
        made.order(1)
        await_calls(made, "create", 1)
        made.pipeline.close()
        assert made.exports.ids("cancel") == ["job 1"]


def test_a_pipeline_without_orders_has_nothing_to_end() -> None:
    with bench() as made:
        made.order(0)
        assert made.read() == []


class BrokenClock(TapClock):
    """A clock that cannot wait."""

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        """Fail."""
        del condition, seconds
        raise ArithmeticError


def test_a_worker_that_breaks_keeps_nobody_waiting() -> None:
    clock = BrokenClock(SandboxClock(NOW, speed=0))
    exports = FakeExports(clock)
    pipeline = Pipeline(exports.real, clock, TERMS, Notes(exports))
    pipeline.order([order(0), order(1)])
    with pytest.raises(ArithmeticError):
        list(pipeline.files("leads"))
    pipeline.close()


# The quota.


def spent() -> errors.ApiError:
    return api_error(errors.ExportQuotaError, 500)


def test_a_spent_quota_fails_what_is_not_queued_and_no_more() -> None:
    with bench(limited(2)) as made:
        made.order(3)
        files = made.pipeline.files("leads")
        made.exports.trouble["create"] = []

        def spend(call: str) -> None:
            if call == "create" and len(made.exports.made) == 2:
                made.exports.trouble["create"] = [spent()]

        made.exports.during = spend
        assert next(files).request.filter["createdAt"] == 0
        assert next(files).request.filter["createdAt"] == 1
        with pytest.raises(errors.ExportQuotaError):
            next(files)


def test_a_spent_quota_may_be_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with bench(pause=3600.0) as made:
        made.exports.trouble["create"] = [spent()]
        made.order(2)
        assert made.read() == [0, 1]
        assert 3600 <= made.clock.monotonic() < 3600 + 2 * 600
    told = [it for it in caplog.messages if "more minutes for Marketo's export quota" in it]
    assert 6 <= len(told) <= 7


def test_while_the_reader_itself_waits_for_marketo_no_job_is_queued_without_state() -> None:
    made = Bench(limited(2))
    with made.pipeline.away():
        made.order(2)
        await_calls(made, "create", 1)
        time.sleep(3 * made.pipeline.STALL_SECONDS)
        assert not made.exports.queued
    assert made.read() == [0, 1]
    made.pipeline.close()
