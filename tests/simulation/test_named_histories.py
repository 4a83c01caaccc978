"""Histories with a name: each is a fault that the tap once had, written out as steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.sandbox import Fault
from tests.support.jobs_command import JobsCommand
from tests.support.runs import logged_warnings

from .clock import SimulatedClock
from .history import WIDEST, History, Wait, simulated
from .play import play
from .run import Interruption, Run, catalog_of, connected, simulated_tap_class
from .subscription import LIST_TYPES, LISTS, STREAMS
from .transport import SandboxAdapter

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = Wait(24)
EARLY, LATER = {"start_date": "2025-12-20"}, {"start_date": "2026-02-10"}
ONE_TYPE, TWO_TYPES = {"activity_type_ids": [1]}, {"activity_type_ids": [1, 12]}
LIST_CHANGES = {"activity_type_ids": list(LIST_TYPES)}
ONE_PROGRAM, TWO_PROGRAMS = {"program_ids": [1001]}, {"program_ids": [1001, 1002]}
FULL = {"replication_method": "FULL_TABLE"}


REFUSED_PROGRAM = (Fault("envelope", call="create", code="1003", filter_value=1002, times=None),)
TOO_LONG = (
    Fault("envelope", call="status", object="leads", longer_than_days=8, times=None),
    Fault("stuck", call="enqueue", object="leads", longer_than_days=8, times=None),
)


def only(stream: str, *settings: dict[str, Any], **options: Any) -> Run:  # noqa: ANN401 - of a run
    """Return a run of one stream."""
    merged = {name: value for each in settings for name, value in each.items()}
    return Run(settings=merged, streams=(stream,), **options)


def killed_after(messages: int) -> Interruption:
    """Return an interruption after which the target loads all messages."""
    return Interruption(messages=messages)


HISTORIES: dict[str, History] = {
    "all types, one type and all types again": History(
        1,
        (only("activities"), NIGHT, only("activities", ONE_TYPE), NIGHT),
        quiet_run=only("activities"),
    ),
    "two types, one type and the two types again": History(
        2,
        (only("activities", TWO_TYPES), NIGHT, only("activities", ONE_TYPE), NIGHT),
        quiet_run=only("activities", TWO_TYPES),
    ),
    "types are added, the run is interrupted, and the types are removed": History(
        3,
        (
            only("activities", ONE_TYPE),
            NIGHT,
            only("activities", TWO_TYPES, interruption=killed_after(3)),
            NIGHT,
            only("activities", ONE_TYPE),
        ),
        quiet_run=only("activities", ONE_TYPE),
    ),
    "a filter by primary attribute is made wider": History(
        6,
        (only("activities", LIST_CHANGES, {"primary_attribute_value_ids": [LISTS[0]]}), NIGHT),
        quiet_run=only("activities", LIST_CHANGES, {"primary_attribute_value_ids": list(LISTS)}),
    ),
    "a filter by primary attribute is removed": History(
        6,
        (only("activities", LIST_CHANGES, {"primary_attribute_value_ids": [LISTS[0]]}), NIGHT),
        quiet_run=only("activities", LIST_CHANGES),
    ),
    **{
        f"the start date of {stream} is after the bookmark, and then earlier again": History(
            5,
            (only(stream, LATER), Wait(96), only(stream, {"start_date": "2026-03-04"}), NIGHT),
            quiet_run=only(stream, LATER),
        )
        for stream in STREAMS
    },
    **{
        f"an earlier start date of {stream}, interrupted, and then a full table": History(
            6,
            (
                only(stream, LATER),
                NIGHT,
                only(stream, EARLY, interruption=killed_after(7)),
                NIGHT,
                only(stream, LATER, metadata={stream: FULL}),
            ),
            quiet_run=only(stream, EARLY),
        )
        for stream in STREAMS
    },
    "another program, interrupted, and then a full table without it": History(
        6,
        (
            only("program_members", ONE_PROGRAM),
            NIGHT,
            only("program_members", TWO_PROGRAMS, interruption=killed_after(4)),
            NIGHT,
            only("program_members", ONE_PROGRAM, metadata={"program_members": FULL}),
        ),
        quiet_run=only("program_members", TWO_PROGRAMS),
    ),
    "another replication key for a night": History(
        7,
        (
            only("leads"),
            NIGHT,
            only("leads", metadata={"leads": {"replication_key": "createdAt"}}),
            NIGHT,
        ),
        quiet_run=only("leads"),
    ),
    "another replication key for a run that reads nothing": History(
        7,
        (
            only("leads", LATER),
            NIGHT,
            only(
                "leads",
                EARLY,
                metadata={"leads": {"replication_key": "createdAt"}},
                interruption=killed_after(3),
            ),
            NIGHT,
        ),
        quiet_run=only("leads", EARLY),
    ),
    **{
        f"a full table of {stream}, interrupted, and an end date before what was read": History(
            8,
            (
                only(
                    stream,
                    {"window_days": 10},
                    metadata={stream: FULL},
                    interruption=killed_after(12),
                ),
                NIGHT,
                only(stream, {"end_date": "2025-12-28"}, metadata={stream: FULL}),
                NIGHT,
                only(stream, metadata={stream: FULL}),
            ),
            quiet_run=only(stream, metadata={stream: FULL}),
        )
        for stream in STREAMS
    },
    "a full table whose state is lost, and another full table": History(
        1,
        (
            only("leads"),
            NIGHT,
            only("leads", metadata={"leads": FULL}, keeps_state=False),
            Wait(72),
        ),
        quiet_run=only("leads", metadata={"leads": FULL}),
    ),
    **{
        f"Marketo refuses a program for some nights, {name}": History(
            6,
            (
                only("program_members", faults=REFUSED_PROGRAM, **options),
                NIGHT,
                only("program_members", faults=REFUSED_PROGRAM, **options),
                NIGHT,
            ),
            quiet_run=only("program_members", **options),
        )
        for name, options in (
            ("incremental", {}),
            ("full table", {"metadata": {"program_members": FULL}}),
        )
    },
    **{
        f"Marketo cannot finish long windows, {fault.kind}": History(
            6,
            (
                only("leads", faults=(fault,), interruption=killed_after(6)),
                NIGHT,
                only("leads", faults=(fault,)),
            ),
            quiet_run=only("leads"),
            # Marketo may have completed the jobs whose status it does not return.
            may_pay_twice=True,
        )
        for fault in TOO_LONG
    },
    "the catalog does not have a typed stream any more": History(
        1,
        (Run(streams=("activities", "activities_send_email")), NIGHT),
        quiet_run=only("activities"),
    ),
    "the jobs of STATE have expired, and the state with their successors is lost": History(
        1,
        (
            only("leads", interruption=killed_after(7)),
            Wait(200),
            only("leads", keeps_state=False),
            NIGHT,
        ),
        quiet_run=only("leads"),
    ),
    "a pipeline with a lag beside one without": History(
        6,
        (
            Wait(2),
            only("leads", {"lag_minutes": 0}, pipeline="without lag"),
            Wait(16 / 60),
            only("leads"),
        ),
        options={"new_leads_per_hour": 30.0},
        quiet_run=only("leads"),
    ),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_after_a_named_history_all_rows_are_loaded_and_none_was_paid_twice(name: str) -> None:
    assert play(HISTORIES[name]) == []


@pytest.mark.parametrize("stream", ["leads", "activities"])
def test_full_reads_up_to_a_date_that_an_interrupted_full_read_has_passed_still_read(
    stream: str,
) -> None:
    settings, metadata = {"end_date": "2026-01-05"}, {stream: FULL}
    interrupted = only(stream, {"window_days": 5}, metadata=metadata, interruption=killed_after(30))
    simulation = simulated(History(8, ()))
    with simulation.sandbox:
        simulation.run(interrupted)
        simulation.wait(NIGHT)
        simulation.run(only(stream, settings, metadata=metadata))
        simulation.wait(NIGHT)
        last = simulation.run(only(stream, settings, metadata=metadata))
        assert "RECORD" in {message["type"] for message in last.messages}


@pytest.mark.parametrize("settings", [LATER, ONE_TYPE], ids=["an earlier start date", "more types"])
def test_wider_settings_in_the_first_run_with_a_state_of_version_0_1_cause_a_warning(
    settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    # Such a state does not say what was read before its bookmark, so the run goes on from there.
    streams = ("activities", "leads")
    simulation = simulated(History(11, (), quiet_run=Run(streams=streams), may_pay_twice=True))
    with simulation.sandbox:
        simulation.run(Run(settings=settings, streams=streams))
        state = simulation.targets["main"].state
        assert state
        earlier: Any = _of_version_0_1(state)
        simulation.targets["main"].state = earlier
        jobs = len(simulation.sandbox.jobs)
        simulation.play()
        assert len(logged_warnings(caplog, "not what was read before it")) == len(streams)
        new_jobs: list[Any] = simulation.sandbox.jobs[jobs:]
        filters = [next(iter(job.request["filter"].values())) for job in new_jobs]
        starts = {each["startAt"] for each in filters}
        bookmarks = {each["replication_key_value"] for each in earlier["bookmarks"].values()}
        assert min(starts) >= (min(bookmarks)[:10])


def _of_version_0_1(state: dict[str, Any]) -> dict[str, Any]:
    keys = ("replication_key", "replication_key_value")
    bookmarks = {
        stream: {key: entry[key] for key in keys} for stream, entry in state["bookmarks"].items()
    }
    return {"bookmarks": bookmarks}


def test_the_bookmark_of_an_unknown_stream_is_ignored_with_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bookmark = {"replication_key": "id", "replication_key_value": 12345}
    state = {"bookmarks": {"opportunities": bookmark}}
    assert play(History(12, (), state=state)) == []
    assert "opportunities" in logged_warnings(caplog, "bookmarks of streams")[0]


def test_the_plan_after_an_earlier_start_date_has_the_jobs_that_the_run_creates(
    tmp_path: Path,
) -> None:
    simulation = simulated(History(13, ()))
    with simulation.sandbox as sandbox:
        simulation.run(Run(LATER))
        simulation.wait(NIGHT)
        clock = SimulatedClock(sandbox.clock)
        tap_class = simulated_tap_class(clock, SandboxAdapter(sandbox, clock))
        command = _Command(sandbox, None, clock, tmp_path, tap_class)  # type: ignore[arg-type]  # it creates no job
        catalog = command.write_file("catalog", catalog_of(Run()))
        state = command.write_file("state", simulation.targets["main"].state)
        plan = command.run("plan", "--catalog", catalog, "--state", state, **WIDEST)
        planned = [line for line in plan.stdout.splitlines() if line.endswith("  new")]
        run = simulation.run(Run(EARLY))
        assert len(planned) == len(run.jobs)


class _Command(JobsCommand):
    @property
    def settings(self) -> dict[str, Any]:
        """Settings that connect to the sandbox."""
        return connected({}, self.sandbox)
