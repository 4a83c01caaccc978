"""Activity types and attributes that get another name in Marketo after they were read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_marketo_bulk.errors import CatalogError
from tests.support.data_sets import UNCHANGING, WHOLE_HISTORY
from tests.support.runs import logged_warnings, selecting

if TYPE_CHECKING:
    from tap_marketo_bulk.sandbox import Options, Sandbox
    from tests.support.runs import RunResult, TapRunner

OLD, NEW = "activities_product_demo", "activities_product_show"


@pytest.fixture
def options() -> Options:
    """Data that does not change between two runs."""
    return UNCHANGING


@pytest.fixture
def first(tap: TapRunner) -> RunResult:
    """A run that has read the activities of a type."""
    tap.config |= WHOLE_HISTORY
    return tap.run(catalog=selecting(tap.discover(), OLD, "leads"))


def rename(sandbox: Sandbox, type_name: str, **changes: Any) -> None:  # noqa: ANN401 - any member
    sandbox.data_set.activity_types = tuple(
        replace(each, **changes) if each.name == type_name else each
        for each in sandbox.data_set.activity_types
    )


def test_a_type_with_a_new_label_goes_on_and_the_warning_names_both_tables(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, first: RunResult
) -> None:
    rename(sandbox, "Product Demo", name="Product Show")
    catalog = selecting(tap.discover(), NEW, "leads")
    second = tap.run(catalog=catalog, state=first.state)
    assert second.error is None
    assert second.records(NEW) == []
    assert second.bookmark(NEW) == first.bookmark(OLD)
    assert second.bookmark(OLD) == {}
    (warning,) = logged_warnings(caplog, f"was the stream {OLD}, and is {NEW} now")
    assert f'stream_maps: {{"{NEW}": {{"__alias__": "{OLD}"}}}}' in warning
    caplog.clear()
    tap.run(catalog=catalog, state=second.state)
    assert not logged_warnings(caplog, OLD)


def test_a_catalog_with_the_first_name_goes_on_with_it(
    tap: TapRunner, sandbox: Sandbox, first: RunResult
) -> None:
    catalog = selecting(tap.discover(), OLD)
    rename(sandbox, "Product Demo", name="Product Show")
    rename(sandbox, "Interesting Moment", name="Product Demo")
    second = tap.run(catalog=catalog, state=first.state)
    assert second.error is None
    assert second.records(OLD) == []
    assert second.bookmark(OLD) == first.bookmark(OLD)


def test_a_second_type_with_the_label_does_not_export_the_history_again(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, first: RunResult
) -> None:
    types = {each.name: each.id for each in sandbox.data_set.activity_types}
    of_old = f"{OLD}_{types['Product Demo']}"
    of_new = f"{OLD}_{types['Interesting Moment']}"
    rename(sandbox, "Interesting Moment", name="Product Demo")
    second = tap.run(catalog=selecting(tap.discover(), of_old, of_new), state=first.state)
    assert second.records(of_old) == []
    assert second.records(of_new)
    assert logged_warnings(caplog, f"was the stream {OLD}, and is {of_old} now")


def test_a_selected_stream_that_has_another_name_now_is_an_error_after_all_others(
    tap: TapRunner, sandbox: Sandbox, first: RunResult
) -> None:
    rename(sandbox, "Product Demo", name="Product Show")
    second = tap.run(catalog=selecting(tap.discover(), "leads", "activities"), state=first.state)
    assert type(second.error) is CatalogError
    assert f"was the stream {OLD}, and is {NEW} now" in str(second.error)
    assert second.table("activities") == sandbox.expected.activities()


def test_a_stream_that_was_deselected_before_its_type_was_renamed_is_no_error(
    tap: TapRunner, sandbox: Sandbox, first: RunResult
) -> None:
    state: Any = first.state
    state["bookmarks"][OLD]["replication_key_value"] = "2026-01-05T00:00:00Z"
    rename(sandbox, "Product Demo", name="Product Show")
    catalog = selecting(tap.discover(), "activities")
    second = tap.run(catalog=catalog, state=tap.run(catalog=catalog).state)
    state["bookmarks"] |= {"activities": second.state["bookmarks"]["activities"]}  # type: ignore[index]
    third = tap.run(catalog=catalog, state=state)
    assert third.error is None
    assert third.bookmark(OLD)["replication_key_value"] == "2026-01-05T00:00:00Z"


def test_a_type_that_marketo_does_not_have_any_more_is_a_warning(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, first: RunResult
) -> None:
    rename(sandbox, "Product Demo", name="Product Show", id=777)
    second = tap.run(catalog=selecting(tap.discover(), "leads"), state=first.state)
    assert second.error is None
    assert logged_warnings(caplog, f"{OLD} has a bookmark, but Marketo has no such activity type")


def test_an_attribute_with_a_new_label_is_a_warning_that_names_the_old_column(
    tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, first: RunResult
) -> None:
    (old,) = [each for each in sandbox.data_set.activity_types if each.name == "Product Demo"]
    (name, data_type), *others = old.attributes
    rename(sandbox, "Product Demo", attributes=(("Anything Else", data_type), *others))
    columns = set(first.schemas[OLD]["schema"]["properties"])
    second = tap.run(catalog=selecting(tap.discover(), OLD), state=first.state)
    (gone,) = columns - set(second.schemas[OLD]["schema"]["properties"])
    assert gone.replace("_", " ").startswith(name.lower())
    (warning,) = logged_warnings(caplog, f"{OLD} was read with {gone} so far")
    assert "stream_maps can give it the old name" in warning
    assert logged_warnings(caplog, f"{OLD} was read without anything_else")
