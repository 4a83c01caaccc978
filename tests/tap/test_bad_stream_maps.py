"""Wrong stream maps and flattening settings end with one error message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import error_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand

    Edit = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("maps", [{"leads": {"who": ""}}, {"leads": {"__else__": "x"}}])
def test_a_stream_map_that_the_sdk_trips_over_is_an_error(
    command: TapCommand, sandbox: Sandbox, maps: dict[str, Any]
) -> None:
    result = command.run(*command.config(stream_maps=maps))
    assert "Invalid configuration: stream_maps: " in error_message(result, command)
    assert sandbox.jobs == []


def test_flattening_without_a_depth_is_an_error(command: TapCommand) -> None:
    message = error_message(command.run(*command.config(flattening_enabled=True)), command)
    assert "flattening_max_depth is required" in message


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("1/0", "ZeroDivisionError: division by zero"),
        ("md5(id)", "AttributeError: 'int' object has no attribute 'encode'"),
        ("record['shoe']", "KeyError: 'shoe'"),
        ("json.loads('x')", "JSONDecodeError: "),
        ("shoe", "expressions shoe. "),
        ("import os", "import os"),
    ],
)
@pytest.mark.parametrize("name", ["who", "__filter__"])
def test_an_expression_that_fails_for_a_record_is_an_error(
    command: TapCommand, expression: str, words: str, name: str
) -> None:
    maps = {"leads": {name: expression}}
    result = command.run(*command.config(stream_maps=maps, poll_seconds=1))
    (message,) = result.errors
    assert result.exit_code == 1
    assert message.startswith("The stream map of leads cannot be applied to a record: ")
    assert words in message
    assert message.endswith("correct stream_maps and run again.")
    assert '"stream":"leads","record"' not in result.output


def test_an_invalid_stream_map_is_an_error(command: TapCommand) -> None:
    result = command.run(*command.config(stream_maps={"leads": {"who": "1 +"}}))
    assert result.exit_code == 1
    assert "STATE" not in result.output
    (message,) = result.errors
    assert "1 +" in message
