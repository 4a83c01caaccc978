"""Wrong catalogs end with one error message and create no job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import error_message
from tests.support.runs import edited, selecting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand
    from tests.support.runs import TapRunner

    Edit = Callable[[dict[str, Any]], None]


def _rename_to(name: str) -> Edit:
    def edit(entry: dict[str, Any]) -> None:
        entry["stream"] = entry["tap_stream_id"] = name
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        root["metadata"]["selected"] = True

    return edit


def _with_field(name: str) -> Edit:
    def edit(entry: dict[str, Any]) -> None:
        entry["schema"]["properties"][name] = {"type": ["string", "null"]}
        entry["metadata"].append(
            {"breadcrumb": ["properties", name], "metadata": {"selected": True}}
        )

    return edit


def _without_key(entry: dict[str, Any]) -> None:
    del entry["schema"]["properties"]["id"]


def _with_replication_key(entry: dict[str, Any]) -> None:
    root = next(item for item in entry["metadata"] if not item["breadcrumb"])
    root["metadata"]["replication-key"] = "lastName"
    entry["replication_key"] = "lastName"


@pytest.mark.parametrize(
    ("stream", "edit", "problem"),
    [
        ("leads", _rename_to("opportunities"), "the stream opportunities, which does not exist"),
        (
            "activities_send_email",
            _rename_to("activities_opportunity"),
            "the stream activities_opportunity, which does not exist",
        ),
        ("leads", _with_field("shoeSize"), "shoeSize of leads"),
        ("activities", _with_field("shoeSize"), "shoeSize of activities"),
        ("leads", _without_key, "leaves out id, part of the key of leads"),
        ("leads", _with_replication_key, "can only filter by updatedAt or createdAt"),
    ],
)
def test_a_catalog_that_selects_what_does_not_exist_is_an_error(
    command: TapCommand, tap: TapRunner, stream: str, edit: Edit, problem: str
) -> None:
    catalog = command.write_file(edited(tap.discover(), stream, edit))
    result = command.run(*command.config(), "--catalog", catalog)
    assert problem in error_message(result, command)
    assert command.sandbox.jobs == []


def test_a_deselected_stream_that_does_not_exist_is_no_error(
    command: TapCommand, tap: TapRunner
) -> None:
    catalog = selecting(edited(tap.discover(), "leads", _rename_to("opportunities")), "activities")
    result = command.run(*command.config(), "--catalog", command.write_file(catalog))
    assert result.exit_code == 0


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1]",
        "7",
        '"x"',
        '{"streams": 3}',
        '{"streams": []}',
        '{"streams": [5]}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_not_a_catalog_is_an_error(command: TapCommand, content: str) -> None:
    result = command.run(*command.config(), "--catalog", command.write_file(content))
    assert "catalog" in error_message(result, command)


@pytest.mark.parametrize(
    "change",
    [
        {"tap_stream_id": 5},
        {"stream": "people"},
        {"stream": 5},
        {"key_properties": "id"},
        {"key_properties": [5]},
        {"replication_key": 5},
        {"replication_method": []},
        {"metadata": None},
        {"metadata": [{"breadcrumb": ["properties", []], "metadata": {}}]},
        {"metadata": [{"breadcrumb": [], "metadata": {"selected": "no"}}]},
        {"schema": {"properties": {"id": {"type": 5}}}},
        {"schema": {"properties": {"id": {"type": [["integer"]]}}}},
        {"schema": {"properties": {"id": {"items": 5}}}},
    ],
)
def test_a_catalog_of_another_shape_is_an_error(
    command: TapCommand, tap: TapRunner, sandbox: Sandbox, change: dict[str, Any]
) -> None:
    catalog = edited(tap.discover(), "leads", lambda entry: entry.update(change))
    result = command.run(*command.config(), "--catalog", command.write_file(catalog))
    assert "The catalog is not in Singer's format" in error_message(result, command)
    assert sandbox.jobs == []
