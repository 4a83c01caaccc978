"""The estimate of the bytes that tasks use, by the files of the past days."""

from __future__ import annotations

from tap_marketo_bulk.exports.quota import SizeEstimate, estimate_size
from tests.support.fake_exports import task

LEADS = {"a": 100, "b": 300}


def test_each_task_is_as_large_as_the_files_of_its_object() -> None:
    tasks = [task(0), task(1), task(0, "activities")]
    found = estimate_size(tasks, {"leads": LEADS, "activities": {"c": 50}})
    assert found == SizeEstimate(average_bytes=450, largest_bytes=650, past_files=3)


def test_a_task_whose_job_is_completed_uses_no_more_bytes() -> None:
    tasks = [task(0, export_id="a"), task(1, export_id="x")]
    assert estimate_size(tasks, {"leads": LEADS}) == SizeEstimate(200, 300, 2)
    assert estimate_size(tasks[:1], {"leads": LEADS}) is None
    assert estimate_size([], {}) is None


def test_an_object_without_past_files_is_named() -> None:
    found = estimate_size([task(0), task(0, "activities")], {"leads": LEADS, "activities": {}})
    assert found == SizeEstimate(200, 300, 2, ("activities",))
