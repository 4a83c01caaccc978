"""A pipeline whose jobs use up the export quota."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tap_marketo_bulk import errors
from tests.support.fake_exports import POLICY
from tests.support.pipeline_run import api_error, day_of, policy_with_limit, started


def quota_error() -> errors.ApiError:
    return api_error(errors.ExportQuotaError, 500)


def test_a_used_up_quota_fails_the_jobs_that_are_not_in_the_queue() -> None:
    with started(policy_with_limit(2)) as run:
        run.submit(3)
        files = run.files("leads")
        run.exports.errors["create"] = []

        def use_up(call: str) -> None:
            if call == "create" and len(run.exports.created) == 2:
                run.exports.errors["create"] = [quota_error()]

        run.exports.during = use_up
        assert day_of(next(files)) == 0
        assert day_of(next(files)) == 1
        with pytest.raises(errors.ExportQuotaError):
            next(files)


def test_a_used_up_quota_can_be_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with started(replace(POLICY, waits_for_quota=True)) as run:
        run.exports.errors["create"] = [quota_error()]
        run.submit(2)
        assert run.read() == [0, 1]
        # From 00:00 UTC to 00:00 US Central.
        reset = timedelta(hours=6).total_seconds()
        assert reset <= run.clock.monotonic() < reset + 2 * 600
    reminders = [it for it in caplog.messages if "more minutes for Marketo's export quota" in it]
    assert 35 <= len(reminders) <= 37


def test_after_a_pause_for_the_quota_a_full_queue_has_the_whole_job_timeout() -> None:
    with started(replace(POLICY, waits_for_quota=True, max_jobs_in_flight=1)) as run:
        full = api_error(errors.QueueFullError)
        run.exports.errors["enqueue"] = [full, quota_error(), full, full]
        run.submit(1)
        assert run.read() == [0]
        assert len(run.exports.ids("enqueue")) == 5
