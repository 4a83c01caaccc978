"""Runs of the tap inside this process, and the messages that they wrote."""

from __future__ import annotations

import json
import logging
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding import SimpleSingerWriter

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.tap import TapMarketoBulk

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from singer_sdk.singerlib.encoding.base import GenericSingerWriter

    from tap_marketo_bulk.sandbox import Sandbox
    from tap_marketo_bulk.times import Clock

Message = dict[str, Any]
Record = dict[str, Any]
EMPTY_COLUMN = ("_invalid_values", None)
KEYS = {
    "leads": "id",
    "activities": "marketoGUID",
    "program_members": ("leadId", "programId"),
    "list_members": ("listId", "leadId"),
    "programs": "id",
}


class SimulatedCrashError(Exception):
    """A test ended the run of a tap, as a crash would."""


class CollectingWriter(SimpleSingerWriter):
    """Collects the messages of a tap as a target reads them: parsed from JSON."""

    def __init__(
        self, stop_after: int | None = None, stop_when: Callable[[Message], bool] | None = None
    ) -> None:
        """Collect all messages, or raise an error instead of a later one.

        Args:
            stop_after: The number of messages before the error.
            stop_when: Returns whether a message is the last one before the error.
        """
        super().__init__()
        self.messages: list[Message] = []
        self._stop_after = stop_after
        self._stop_when = stop_when

    def write_message(self, message: Any) -> None:  # noqa: ANN401 - any Singer message
        """Collect a message."""
        if len(self.messages) == self._stop_after:
            raise SimulatedCrashError
        self.messages.append(json.loads(self.format_message(message)))
        if self._stop_when and self._stop_when(self.messages[-1]):
            self._stop_after = len(self.messages)


@dataclass
class RunResult:
    """The messages of one run of the tap, and the error that ended it."""

    messages: list[Message]
    error: BaseException | None = None

    def records(self, stream: str) -> list[Record]:
        """Return a stream's records in order, as ``without_empty_column`` returns them."""
        return [
            without_empty_column(message["record"])
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

    def table(self, stream: str) -> dict[Any, Record]:
        """Return a stream's records by key, of each key the last record."""
        return {key_of(stream, record): record for record in self.records(stream)}

    @property
    def states(self) -> list[Message]:
        """The value of every STATE message, in order."""
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> Message | None:
        """A copy of the last STATE; None without any."""
        return deepcopy(self.states[-1]) if self.states else None

    def bookmark(self, stream: str) -> Message:
        """Return a stream's entry in the bookmarks of the last STATE, without the latest jobs."""
        bookmarks: Message = without_bookkeeping(self.state or {}).get("bookmarks", {})
        bookmark: Message = bookmarks.get(stream, {})
        return bookmark

    @property
    def schemas(self) -> dict[str, Message]:
        """The SCHEMA messages, by stream."""
        found = [message for message in self.messages if message["type"] == "SCHEMA"]
        return {message["stream"]: message for message in found}


def key_of(stream: str, record: Record) -> Any:  # noqa: ANN401 - a value, or a tuple of values
    """Return the key of a record: a value, or a tuple where the key has several columns."""
    columns = KEYS.get(stream, "marketoGUID")
    if isinstance(columns, str):
        return record[columns]
    return tuple(record[name] for name in columns)


def without_empty_column(record: Record) -> Record:
    """Return a record without ``_invalid_values`` if it is null, to compare it with a row."""
    return {name: value for name, value in record.items() if (name, value) != EMPTY_COLUMN}


def without_bookkeeping(state: Message) -> Message:
    """Return a copy of a state without what the tap keeps beside bookmarks and jobs."""
    copy = deepcopy(state)
    copy.pop("version", None)
    for bookmark in copy.get("bookmarks", {}).values():
        for name in ("latest_jobs", "reads", "read_to", "ledgers", "fields"):
            bookmark.pop(name, None)
    return copy


def tap_class(clock: Clock) -> type[TapMarketoBulk]:
    """Return a subclass of the tap with another clock."""
    return type("TapUnderTest", (TapMarketoBulk,), {"clock": clock})


@dataclass
class TapRunner:
    """Runs the tap against one sandbox; ``config`` has settings of every run."""

    sandbox: Sandbox
    clock: Clock
    config: dict[str, Any] = field(default_factory=dict)

    def make_tap(
        self,
        *,
        writer: GenericSingerWriter[Any, Any] | None = None,
        **options: Any,  # noqa: ANN401 - the tap's own
    ) -> TapMarketoBulk:
        """Return a new tap, with more settings in ``config``."""
        config = self.base_config | self.config | options.pop("config", {})
        message_writer = writer or CollectingWriter()
        return tap_class(self.clock)(config=config, message_writer=message_writer, **options)

    @property
    def base_config(self) -> dict[str, Any]:
        """The required settings, which connect to the sandbox."""
        return {
            "endpoint": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "start_date": "2026-01-01",
        }

    def discover(self) -> dict[str, Any]:
        """Return the catalog of discovery."""
        return json.loads(self.make_tap().catalog_json_text)  # type: ignore[no-any-return]

    def run_with_discovery(self, **options: Any) -> RunResult:  # noqa: ANN401 - the tap's own
        """Run all streams; an error of discovery also ends the run and is not raised."""
        try:
            return self.run(**options)
        except (MarketoBulkError, SimulatedCrashError) as error:
            return RunResult([], error)

    def run(
        self,
        *,
        stop_after: int | None = None,
        stop_when: Callable[[Message], bool] | None = None,
        **options: Any,  # noqa: ANN401 - the tap's own
    ) -> RunResult:
        """Run all streams; an error ends the run and is returned, not raised."""
        writer = CollectingWriter(stop_after, stop_when)
        tap = self.make_tap(writer=writer, **options)
        try:
            tap.sync_all()
        except Exception as error:  # noqa: BLE001 - a test compares the error
            return RunResult(writer.messages, error)
        finally:
            tap.sync_run.loop.close()
        return RunResult(writer.messages)


def edited(catalog: dict[str, Any], stream: str, edit: Callable[[dict[str, Any]], None]) -> Any:  # noqa: ANN401 - a catalog
    """Return a copy of a catalog with one stream's entry changed."""
    copy = deepcopy(catalog)
    edit(next(entry for entry in copy["streams"] if entry["stream"] == stream))
    return copy


def with_metadata(catalog: dict[str, Any], stream: str, **metadata: str) -> Any:  # noqa: ANN401 - a catalog
    """Return a copy of a catalog in which the metadata of a stream have these values."""

    def edit(entry: dict[str, Any]) -> None:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        for name, value in metadata.items():
            root["metadata"][name.replace("_", "-")] = value
            entry[name] = value

    return edited(catalog, stream, edit)


def logged_warnings(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    """Return the logged warnings that contain a text."""
    found = [it.getMessage() for it in caplog.records if it.levelno == logging.WARNING]
    return [message for message in found if text in message]


def selecting(catalog: dict[str, Any], *streams: str) -> Any:  # noqa: ANN401 - a catalog
    """Return a copy of a catalog that selects these streams and no others."""
    copy = deepcopy(catalog)
    for entry in copy["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        root["metadata"]["selected"] = entry["stream"] in streams
    return copy
