"""Runs that read all kinds of export objects of a subscription in which nothing changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.sandbox import Sandbox, SandboxClock
from tests.support.clock import NOW, TapClock
from tests.support.data_sets import CUSTOM_OBJECTS, UNCHANGING, WHOLE_HISTORY, loaded_rows
from tests.support.runs import TapRunner, selecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_marketo_bulk.sandbox import Job, Options
    from tests.support.runs import Message, RunResult

MEMBERS, MEMBERS_OBJECT = "program_members", "program/members"
ORDERS, ORDERS_OBJECT = "custom_purchase_order_c", "customobjects/purchaseOrder_c"
TICKETS, TICKETS_OBJECT = "custom_support_ticket_v2", "customobjects/SupportTicketV2"
STREAMS = ("activities", ORDERS, TICKETS, "leads", MEMBERS)
# Twenty programs, so two requests for a window; activities name two of them.
UNCHANGING_OBJECTS = replace(UNCHANGING, seed=387, activities=60, programs=20, object_changes=False)
# All rows of that data set, in two windows for each stream; each is exported once.
TWO_WINDOWS: dict[str, Any] = WHOLE_HISTORY | {"window_days": 31, "activity_lookback_minutes": 0}
ACTIVE = TWO_WINDOWS | {"program_members_of": "active"}
# Discovery has the same result in each sandbox with these options.
_catalogs: dict[Options, dict[str, Any]] = {}


def catalog_of(tap: TapRunner, *streams: str) -> Any:  # noqa: ANN401 - a catalog
    """Return a catalog that selects these streams and no others."""
    options = tap.sandbox.options
    if options not in _catalogs:
        _catalogs[options] = tap.discover()
    return selecting(_catalogs[options], *streams)


def new_sandbox(options: Options = UNCHANGING_OBJECTS) -> Iterator[TapRunner]:
    """Start a sandbox, and yield a tap for it."""
    clock = SandboxClock(NOW, speed=0)
    with Sandbox(options, clock=clock) as sandbox:
        yield TapRunner(sandbox, TapClock(clock))


def has_jobs(stream: str, count: int) -> Callable[[Message], bool]:
    """Return whether a message is a STATE with so many unfinished jobs of a stream."""

    def is_state_with_jobs(message: Message) -> bool:
        bookmarks = message.get("value", {}).get("bookmarks", {})
        return len(bookmarks.get(stream, {}).get("jobs", ())) == count

    return is_state_with_jobs


def is_record_of(stream: str) -> Callable[[Message], bool]:
    """Return whether a message is a record of a stream."""
    return lambda message: (message["type"], message.get("stream")) == ("RECORD", stream)


def named_programs(sandbox: Sandbox, since: str = "") -> set[int]:
    """Return the programs that activities of the type Change Status in Progression name."""
    return {
        int(str(activity["primaryAttributeValueId"]))
        for activity in sandbox.expected.activities().values()
        if activity["activityTypeId"] == 104 and str(activity["activityDate"]) >= since
    }


def expected_table(sandbox: Sandbox, stream: str) -> dict[Any, Any]:
    """Return the expected rows of a stream by key."""
    expected = sandbox.expected
    if stream in CUSTOM_OBJECTS:
        return dict(expected.custom_objects(CUSTOM_OBJECTS[stream]))
    rows: dict[Any, Any] = getattr(expected, stream)()
    return rows


def expected_active_members(sandbox: Sandbox) -> dict[Any, Any]:
    """Return the expected members of the programs that activities name."""
    programs = named_programs(sandbox)
    members = expected_table(sandbox, MEMBERS)
    return {key: member for key, member in members.items() if key[1] in programs}


def assert_objects_complete(sandbox: Sandbox, *runs: RunResult) -> None:
    """Check that a target has loaded the expected rows of all streams after these runs."""
    for stream in STREAMS:
        assert loaded_rows(runs, stream) == expected_table(sandbox, stream)


def assert_no_job_is_paid_twice(sandbox: Sandbox) -> None:
    """Check that each request was exported once, and that no job is still in the queue.

    Files without a byte cost nothing; without STATE such a job is not found, since it has no tag.
    """
    requests = Counter(
        (job.object, str(job.request["filter"]), str(job.request["fields"]))
        for job in paid_jobs(sandbox)
    )
    twice = [request[:2] for request, count in requests.items() if count > 1]
    assert not twice, twice
    assert {job.status for job in sandbox.jobs} <= {"Completed", "Cancelled", "Created"}


def paid_jobs(sandbox: Sandbox, export_object: str | None = None) -> list[Job]:
    """Return the jobs of an export object, or of all, whose files cost quota."""
    return [job for job in sandbox.jobs if job.file_size and export_object in (None, job.object)]
