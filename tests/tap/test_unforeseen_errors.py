"""Errors of the SDK and a closed stdout are messages; unforeseen errors keep a traceback."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import InvalidReplicationKeyException
from singer_sdk.mapper import DefaultStreamMap, PluginMapper, SameRecordTransform

from tap_marketo_bulk.tap import TapMarketoBulk
from tests.support.command import PROGRAM, error_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.sandbox import Sandbox
    from tests.support.command import TapCommand

    Edit = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize("maps", [{}, {"stream_maps": {"activities": {"__alias__": "events"}}}])
def test_an_unforeseen_error_keeps_its_traceback(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch, maps: dict[str, Any]
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SameRecordTransform, "transform", fail)
    monkeypatch.setattr(DefaultStreamMap, "flattening_enabled", property(lambda _: True))
    with pytest.raises(ZeroDivisionError):
        command.run(*command.config(poll_seconds=1, **maps))


def test_an_error_of_the_sdk_is_an_error(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_tap: TapMarketoBulk) -> None:
        raise InvalidReplicationKeyException("There is no such replication key.")

    monkeypatch.setattr(TapMarketoBulk, "sync_all", fail)
    message = error_message(command.run(*command.config()), command)
    assert message == "There is no such replication key."


def test_an_unforeseen_error_of_the_mapper_keeps_its_traceback(
    command: TapCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(PluginMapper, "register_raw_streams_from_catalog", fail)
    with pytest.raises(ZeroDivisionError):
        command.run(*command.config())


@pytest.mark.parametrize("option", ["--discover", "--about", "--test"])
def test_a_closed_stdout_is_an_error(command: TapCommand, sandbox: Sandbox, option: str) -> None:
    arguments = [PROGRAM, *command.config(), option]
    closed = subprocess.run(  # noqa: S602 - our own program, and the shell is what closes stdout
        f"{shlex.join(arguments)} >&-", shell=True, stderr=subprocess.PIPE, text=True, check=False
    )
    assert closed.returncode == 1
    assert closed.stderr.count("\n") == 1
    assert "Standard output is closed" in closed.stderr
    assert sandbox.calls == []
