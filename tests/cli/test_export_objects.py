"""The commands show the jobs of every object that the tap exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options
from tests.support.jobs_command import CUSTOM_OBJECT

if TYPE_CHECKING:
    from tests.support.jobs_command import JobsCommand

pytestmark = pytest.mark.parametrize("options", [Options(leads=40, activities=60, job_seconds=60)])


def test_the_jobs_of_a_custom_object_are_listed_watched_drawn_and_cancelled(
    command: JobsCommand,
) -> None:
    job = command.enqueue(CUSTOM_OBJECT)
    command.clock.sleep(30)
    listed = json.loads(command.run("list", "--format", "json").stdout)
    assert [(each["id"], each["object"]) for each in listed] == [(job, CUSTOM_OBJECT)]
    (row,) = [line for line in command.run("watch").stdout.splitlines() if job in line]
    assert row.split() == ["slot", "1", CUSTOM_OBJECT, "processing", "30", "s", job]
    assert f"P {CUSTOM_OBJECT}" in command.run("timeline").stdout
    cancelled = command.run("cancel", job).stdout
    assert f"Cancelled {job} ({CUSTOM_OBJECT}), which was processing." in cancelled
