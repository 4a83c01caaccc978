"""How a run reads the files of its export groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_marketo_bulk.errors import StreamsWithoutFilterError
from tap_marketo_bulk.sandbox import Fault
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.runs import TapRunner

unchanging = pytest.mark.parametrize("options", [UNCHANGING])


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
