"""Fields that are selected, or created in Marketo, after a stream was read."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bulk_objects import MEMBERS, ORDERS, TWO_WINDOWS, UNCHANGING_OBJECTS
from tests.support.runs import RunResult, logged_warnings, selecting, with_metadata

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options, Sandbox
    from tests.support.runs import TapRunner

# Stream -> its key with its replication key, and a field that is selected later.
STREAMS = {
    "leads": (("id", "updatedAt"), "city"),
    MEMBERS: (("leadId", "programId", "updatedAt"), "dietaryNeeds"),
    ORDERS: (("marketoGUID", "updatedAt"), "amount"),
    "activities": (("marketoGUID", "activityDate"), "campaignId"),
}
KEYS = {
    "leads": ("id",),
    MEMBERS: ("leadId", "programId"),
    ORDERS: ("marketoGUID",),
    "activities": ("marketoGUID",),
}
WARNING = "these columns are null until a record changes"


@pytest.fixture
def options() -> Options:
    """Data that does not change between two runs."""
    return UNCHANGING_OBJECTS


def selecting_columns(catalog: Any, stream: str, is_selected: Any) -> Any:  # noqa: ANN401 - a catalog, and a function
    """Return a catalog that selects a stream with some of its columns."""
    copy = deepcopy(selecting(catalog, stream))
    (entry,) = [each for each in copy["streams"] if each["stream"] == stream]
    for item in entry["metadata"]:
        if item["breadcrumb"]:
            item["metadata"]["selected"] = is_selected(item["breadcrumb"][1])
    return copy


def upserted(stream: str, *runs: RunResult) -> dict[Any, dict[str, Any]]:
    """Return the rows of a target that changes the columns of a record, and no others."""
    rows: dict[Any, dict[str, Any]] = {}
    for run in runs:
        for record in run.records(stream):
            key = tuple(record[name] for name in KEYS[stream])
            rows.setdefault(key, {}).update(record)
    return rows


@pytest.mark.parametrize("stream", STREAMS)
def test_a_full_read_of_the_new_fields_alone_fills_them_and_ends_the_warning(
    tap: TapRunner, caplog: pytest.LogCaptureFixture, stream: str
) -> None:
    automatic, new = STREAMS[stream]
    discovered = tap.discover()
    all_columns = selecting_columns(discovered, stream, lambda _: True)
    tap.config |= TWO_WINDOWS
    first = tap.run(catalog=selecting_columns(discovered, stream, lambda name: name != new))
    assert not logged_warnings(caplog, WARNING)
    second = tap.run(catalog=all_columns, state=first.state)
    third = tap.run(catalog=all_columns, state=second.state)
    warnings = logged_warnings(caplog, WARNING)
    assert len(warnings) == 2
    assert f"{stream} was read without {new} so far" in warnings[0]
    assert ", ".join(f"{stream}.{name}" for name in (*automatic, new)) in warnings[0]
    narrow = selecting_columns(discovered, stream, lambda name: name in (*automatic, new))
    fill = tap.run(
        catalog=with_metadata(
            narrow, stream, replication_method="FULL_TABLE", forced_replication_method="FULL_TABLE"
        ),
        state=third.state,
    )
    caplog.clear()
    last = tap.run(catalog=all_columns, state=fill.state)
    assert not logged_warnings(caplog, WARNING)
    assert {each.error for each in (first, second, third, fill, last)} == {None}
    truth = tap.run(catalog=all_columns)
    assert upserted(stream, first, second, third, fill, last) == upserted(stream, truth)


def test_a_field_that_was_deselected_for_a_run_is_new_again(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    discovered = tap.discover()
    every = selecting_columns(discovered, "leads", lambda _: True)
    first = tap.run(catalog=every)
    without = tap.run(
        catalog=selecting_columns(discovered, "leads", lambda name: name != "city"),
        state=first.state,
    )
    assert not logged_warnings(caplog, WARNING)
    tap.run(catalog=every, state=without.state)
    assert len(logged_warnings(caplog, "leads was read without city so far")) == 1


def test_a_state_without_fields_is_about_those_of_today(
    tap: TapRunner, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = selecting(tap.discover(), "leads")
    state: Any = tap.run(catalog=catalog).state
    del state["bookmarks"]["leads"]["fields"]
    again = tap.run(catalog=catalog, state=state)
    assert not logged_warnings(caplog, WARNING)
    assert "city" in again.state["bookmarks"]["leads"]["fields"]  # type: ignore[index]


def test_a_full_read_of_few_fields_is_no_read_of_the_others(
    tap: TapRunner, sandbox: Sandbox
) -> None:
    """Both are about updatedAt: the windows that are unread stay unread for all other fields."""
    automatic, new = STREAMS[ORDERS]
    catalog = selecting_columns(tap.discover(), ORDERS, lambda _: True)
    late = {"start_date": "2026-02-01"}
    first = tap.run(catalog=catalog, config=late)
    narrow = selecting_columns(catalog, ORDERS, lambda name: name in (*automatic, new))
    fill = tap.run(
        catalog=with_metadata(
            narrow, ORDERS, replication_method="FULL_TABLE", forced_replication_method="FULL_TABLE"
        ),
        config=TWO_WINDOWS,
        state=first.state,
    )
    last = tap.run(catalog=catalog, config=TWO_WINDOWS, state=fill.state)
    truth = tap.run(catalog=catalog, config=TWO_WINDOWS)
    assert last.records(ORDERS)
    assert upserted(ORDERS, first, fill, last) == upserted(ORDERS, truth)
    del sandbox
