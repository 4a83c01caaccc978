"""The jobs that the ids of the subcommand cancel stand for."""

from __future__ import annotations

from tap_marketo_bulk.jobs.cancellation import find_jobs
from tests.support.past_job import past_job


def test_a_beginning_that_several_ids_have_selects_no_job() -> None:
    jobs = [past_job("ab1"), past_job("ab2"), past_job("ab")]
    assert find_jobs(jobs, ["a"]) == ([], ["The ids of 3 jobs begin with a: pass more of the id."])
    assert find_jobs(jobs, ["ab"]) == ([jobs[2]], [])
    assert find_jobs(jobs, ["ab2", "ab1", "ab2"]) == (jobs[:2], [])


def test_an_empty_id_selects_no_job() -> None:
    assert find_jobs([past_job("ab1")], [""])[0] == []
