"""How a run reads the files of its export groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import StreamsWithoutFilterError
from tap_marketo_bulk.sandbox import Fault, Options
from tap_marketo_bulk.streams.bulk import BulkStream
from tap_marketo_bulk.streams.leads import LeadsRequestBuilder
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import CollectingWriter, RunResult, selecting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_marketo_bulk.marketo.exports import ExportRequest
    from tap_marketo_bulk.plan.ledger import ReadMode
    from tap_marketo_bulk.plan.windows import Window
    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.streams.bulk import ConsumerNeeds
    from tests.support.runs import Message, TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])
LISTS = (2001, 2003)


class TwoListsSource(LeadsRequestBuilder):
    """Has two requests for each window, as an object that is exported in parts."""

    def requests(
        self, window: Window, consumers: Sequence[ConsumerNeeds], mode: ReadMode
    ) -> Sequence[ExportRequest]:
        """Return a request for each of two lists."""
        (request,) = super().requests(window, consumers, mode)
        return [replace(request, filter={"staticListId": each}) for each in LISTS]


def run_in_parts(
    tap: TapRunner, state: Message | None = None, stop_after: int | None = None
) -> RunResult:
    """Run the tap with leads only; each of its windows has two export jobs."""
    writer = CollectingWriter(stop_after)
    catalog = selecting(tap.discover(), "leads")
    config = {"start_date": "2026-02-01", "end_date": "2026-02-20", "resume_unknown_jobs": False}
    prepared = tap.make_tap(config=config, catalog=catalog, state=state, writer=writer)
    leads = prepared.streams["leads"]
    assert isinstance(leads, BulkStream)
    leads._request_builder = TwoListsSource(prepared.settings, leads.spec.names)  # noqa: SLF001 - replaces the source of leads
    error: BaseException | None = None
    try:
        prepared.sync_all()
    except Exception as raised:  # noqa: BLE001 - a test compares the error
        error = raised
    finally:
        prepared.sync_run.pipeline.close()
    return RunResult(writer.messages, error)


def expected_ids(sandbox: Sandbox) -> set[object]:
    return {key for each in LISTS for key in sandbox.expected.leads({"staticListId": each})}


@pytest.mark.parametrize("options", [Options(leads=300, activities=10, job_seconds=0)])
def test_the_bookmark_moves_after_the_last_job_of_a_window(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    run = run_in_parts(tap)
    assert run.error is None
    assert len(sandbox.jobs) == len(LISTS)
    assert set(run.table("leads")) == expected_ids(sandbox)
    bookmark_places = [
        place for place, it in enumerate(run.messages) if "replication_key" in str(it)
    ]
    assert bookmark_places == [len(run.messages) - 1]
    assert "exports" not in run.bookmark("leads")


@pytest.mark.parametrize("options", [Options(leads=300, activities=10, job_seconds=0)])
def test_an_interrupted_window_with_several_jobs_is_read_again_with_all_of_them(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    complete = run_in_parts(tap)
    jobs = len(sandbox.jobs)
    stopped = run_in_parts(tap, stop_after=len(complete.messages) - 2)
    again = run_in_parts(tap, state=stopped.state)
    assert again.error is None
    assert len(sandbox.jobs) == jobs + len(LISTS)
    assert set(again.table("leads")) == expected_ids(sandbox)


@unchanging
def test_an_unsupported_filter_of_activities_is_an_error(tap: TapRunner, sandbox: Sandbox) -> None:
    sandbox.faults.append(
        Fault("envelope", call="create", object="activities", code="1035", message="No such filter")
    )
    run = tap.run(config=WHOLE_HISTORY)
    assert type(run.error) is StreamsWithoutFilterError


@unchanging
def test_a_typed_stream_is_a_consumer_of_activities_and_reads_nothing_itself(
    tap: TapRunner,
) -> None:
    prepared = tap.make_tap(catalog=selecting(tap.discover(), "activities_product_demo"))
    typed = prepared.streams["activities_product_demo"]
    assert list(typed.get_records(None)) == []
    (group,) = prepared.export_groups()
    assert (group.name, group.consumers) == ("activities", (typed,))


@unchanging
@pytest.mark.parametrize("maps", [{"activities": None}, {"leads": {}, "__else__": None}])
def test_a_stream_that_a_stream_map_removes_is_not_exported_and_keeps_its_bookmark(
    tap: TapRunner, sandbox: Sandbox, maps: dict[str, object]
) -> None:
    first = tap.run(config=WHOLE_HISTORY | {"stream_maps": maps})
    assert first.error is None
    assert {job.object for job in sandbox.jobs} == {"leads"}
    assert first.bookmark("activities") == {}
    second = tap.run(config=WHOLE_HISTORY, state=first.state)
    assert second.table("activities") == sandbox.expected.activities()
