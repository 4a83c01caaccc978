"""What a run makes of the files of its export groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import UnsupportedFilterError
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.leads import LeadsSource
from tests.support.data_sets import STILL, WHOLE
from tests.support.runs import Run, Target, selecting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.extract.read_progress import ReadMode
    from tap_marketo_bulk.extract.windows import Window
    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.streams.export_group import RowSelection
    from tests.support.runs import Message, Tap

still = pytest.mark.parametrize("options", [STILL])
LISTS = (2001, 2003)


class TwoListsSource(LeadsSource):
    """Asks for each window in two requests, as objects do that are exported in parts."""

    def requests(
        self, window: Window, consumers: Sequence[RowSelection], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return a request for each of two lists."""
        (request,) = super().requests(window, consumers, mode)
        return [replace(request, filter={"staticListId": each}) for each in LISTS]


def run_in_parts(tap: Tap, state: Message | None = None, stop_after: int | None = None) -> Run:
    """Run the tap with leads alone, each window of which is two export jobs."""
    target = Target(stop_after)
    catalog = selecting(tap.discover(), "leads")
    config = {"start_date": "2026-02-01", "end_date": "2026-02-20", "resume_unknown_jobs": False}
    made = tap.make(config=config, catalog=catalog, state=state, target=target)
    leads = made.streams["leads"]
    assert isinstance(leads, BulkStream)
    leads._source = TwoListsSource(made.settings)  # noqa: SLF001 - in place of the ordinary one
    error: BaseException | None = None
    try:
        made.sync_all()
    except Exception as raised:  # noqa: BLE001 - tests look at whatever it is
        error = raised
    finally:
        made.run.pipeline.close()
    return Run(target.messages, error)


def members(sandbox: Sandbox) -> set[object]:
    return {key for each in LISTS for key in sandbox.expected.leads({"staticListId": each})}


@pytest.mark.parametrize("options", [Options(leads=300, activities=10, job_seconds=0)])
def test_a_window_of_several_jobs_moves_the_bookmark_after_the_last(
    tap: Tap, sandbox: Sandbox
) -> None:
    run = run_in_parts(tap)
    assert run.error is None
    assert len(sandbox.jobs) == len(LISTS)
    assert set(run.table("leads")) == members(sandbox)
    moved = [place for place, it in enumerate(run.messages) if "replication_key" in str(it)]
    assert moved == [len(run.messages) - 1]
    assert "exports" not in run.bookmark("leads")


@pytest.mark.parametrize("options", [Options(leads=300, activities=10, job_seconds=0)])
def test_an_interrupted_window_of_several_jobs_is_resumed_with_all_of_them(
    tap: Tap, sandbox: Sandbox
) -> None:
    whole = run_in_parts(tap)
    jobs = len(sandbox.jobs)
    stopped = run_in_parts(tap, stop_after=len(whole.messages) - 2)
    again = run_in_parts(tap, state=stopped.state)
    assert again.error is None
    assert len(sandbox.jobs) == jobs + len(LISTS)
    assert set(again.table("leads")) == members(sandbox)


@still
def test_an_unsupported_filter_of_activities_is_an_error(tap: Tap, sandbox: Sandbox) -> None:
    sandbox.faults.append(
        Fault("envelope", call="create", object="activities", code="1035", message="No such filter")
    )
    run = tap.run(config=WHOLE)
    assert type(run.error) is UnsupportedFilterError


@still
def test_typed_streams_are_read_by_their_parent(tap: Tap) -> None:
    made = tap.make(catalog=selecting(tap.discover(), "activities_product_demo"))
    typed = made.streams["activities_product_demo"]
    assert list(typed.get_records(None)) == []
    (group,) = made.export_groups()
    assert (group.name, group.consumers) == ("activities", (typed,))


@still
@pytest.mark.parametrize(
    "maps",
    [
        {"activities": None, "__else__": {}},
        {"leads": {}, "__else__": None},
    ],
)
def test_a_stream_that_a_map_removes_is_not_exported_and_keeps_its_bookmark(
    tap: Tap, sandbox: Sandbox, maps: dict[str, object]
) -> None:
    maps = {name: each for name, each in maps.items() if each is None or name != "__else__"}
    first = tap.run(config=WHOLE | {"stream_maps": maps})
    assert first.error is None
    assert {job.object for job in sandbox.jobs} == {"leads"}
    assert first.bookmark("activities") == {}
    second = tap.run(config=WHOLE, state=first.state)
    assert second.table("activities") == sandbox.expected.activities()
