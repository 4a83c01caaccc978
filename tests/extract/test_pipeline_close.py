"""Closing a pipeline: which jobs are cancelled, and which calls and files are not waited for."""

from __future__ import annotations

import gc
import threading
import warnings

from tap_marketo_bulk import errors
from tests.support.pipeline_run import (
    TIMEOUT_SECONDS,
    PipelineRun,
    await_calls,
    policy_with_limit,
    started,
)


def test_closing_cancels_jobs_that_are_not_in_state() -> None:
    with started() as run:
        run.submit(3)
        await_calls(run, "create", 1)
        # The id of the first job is not persisted yet, so no job is enqueued.
        run.pipeline.close()
        assert run.exports.ids("cancel") == list(run.exports.created)
        assert not run.exports.queued


def test_closing_does_not_cancel_jobs_that_are_in_state() -> None:
    with started() as run:
        run.exports.seconds = {1: 9000, 2: 9000}
        run.submit(3)
        files = run.files("leads")
        next(files)
        run.pipeline.close()
        assert not run.exports.ids("cancel")
        # A second call has no effect.
        run.pipeline.close()
        assert not run.exports.ids("cancel")


def test_a_job_that_is_being_created_while_closing_is_cancelled() -> None:
    with started() as run:
        has_begun, may_continue = threading.Event(), threading.Event()

        def hold(call: str) -> None:
            if call == "create":
                has_begun.set()
                may_continue.wait(TIMEOUT_SECONDS)

        run.exports.during = hold
        run.submit(1)
        assert has_begun.wait(TIMEOUT_SECONDS)
        closer = threading.Thread(target=run.pipeline.close)
        closer.start()
        may_continue.set()
        closer.join(TIMEOUT_SECONDS)
        assert run.exports.ids("cancel") == ["job 1"]


def test_closing_does_not_wait_for_a_call_that_takes_too_long() -> None:
    run = PipelineRun()
    has_begun, may_continue = threading.Event(), threading.Event()

    def hold(_call: str) -> None:
        has_begun.set()
        may_continue.wait(TIMEOUT_SECONDS)

    run.exports.during = hold
    run.submit(1)
    assert has_begun.wait(TIMEOUT_SECONDS)
    run.pipeline.close()
    assert not run.exports.created
    may_continue.set()


def test_a_file_that_arrives_after_closing_is_closed() -> None:
    before = set(threading.enumerate())
    run = PipelineRun(policy_with_limit(1))
    has_begun, may_continue = threading.Event(), threading.Event()

    def hold(call: str) -> None:
        if call == "file":
            has_begun.set()
            may_continue.wait(TIMEOUT_SECONDS)

    run.exports.during = hold
    run.submit(1)
    run.exports.seconds = {0: 0}
    reader = threading.Thread(target=next, args=(run.files(), None), daemon=True)
    reader.start()
    assert has_begun.wait(TIMEOUT_SECONDS)
    (worker,) = set(threading.enumerate()) - before - {reader}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.pipeline.close()
        may_continue.set()
        worker.join(TIMEOUT_SECONDS)
        gc.collect()
    assert not worker.is_alive()
    assert not [each for each in caught if each.category is ResourceWarning]


def test_a_cancel_call_that_fails_is_not_repeated() -> None:
    with started() as run:
        run.exports.errors["cancel"] = [errors.UnreachableError("broken")]
        run.submit(1)
        await_calls(run, "create", 1)
        run.pipeline.close()
        assert run.exports.ids("cancel") == ["job 1"]
