"""The commands show the jobs of every object that the tap exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.sandbox import Options
from tap_marketo_bulk.streams.base import StreamSpec
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.leads import LeadsRequestBuilder
from tests.support.jobs_command import CUSTOM_OBJECT
from tests.support.runs import tap_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Stream

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.tap import TapMarketoBulk
    from tests.support.jobs_command import JobsCommand

SCHEMA = {"type": "object", "properties": {"marketoGUID": {"type": "string"}}}


class OrdersRequestBuilder(LeadsRequestBuilder):
    """Asks for another object."""

    object_path = CUSTOM_OBJECT


def tap_with_orders(clock: Clock) -> type[TapMarketoBulk]:
    """Return a tap with one more stream, which is not selected."""

    class TapWithOrders(tap_class(clock)):  # type: ignore[misc] # a class of this test
        def discover_streams(self) -> Sequence[Stream]:
            spec = StreamSpec("orders", SCHEMA, ("marketoGUID",), (), selected_by_default=False)
            builder = OrdersRequestBuilder(self.settings)
            return [*super().discover_streams(), BulkStream(self, spec, self.sync_run, builder)]

    return TapWithOrders


@pytest.fixture
def command(command: JobsCommand, clock: Clock) -> JobsCommand:
    """The command, whose tap exports one more object."""
    command.tap_class = tap_with_orders(clock)
    return command


pytestmark = pytest.mark.parametrize("options", [Options(leads=40, activities=60, job_seconds=60)])


def test_the_jobs_of_a_third_object_are_listed_watched_drawn_and_cancelled(
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


def test_its_bytes_count_for_the_quota(command: JobsCommand) -> None:
    command.enqueue(CUSTOM_OBJECT)
    command.clock.sleep(60)
    size = command.sandbox.jobs[0].file_size
    assert size
    assert f"at least {size} bytes" in command.run("quota").stdout
