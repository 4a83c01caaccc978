"""Running the tap inside this process, and reading what it wrote."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding import SimpleSingerWriter

from tap_marketo_bulk.errors import MarketoBulkError
from tap_marketo_bulk.tap import TapMarketoBulk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_marketo_bulk.clock import Clock
    from tap_marketo_bulk.sandbox import Sandbox

Message = dict[str, Any]
Record = dict[str, Any]
EMPTY_COLUMN = ("_invalid_values", None)
KEYS = {"leads": "id", "activities": "marketoGUID"}


class StoppedError(Exception):
    """A test stopped the tap, as a crash would."""


class Target(SimpleSingerWriter):
    """Takes messages as a target would: as JSON, one after the other."""

    def __init__(self, stop_after: int | None = None) -> None:
        """Crash after so many messages, if asked to."""
        super().__init__()
        self.messages: list[Message] = []
        self._stop_after = stop_after

    def write_message(self, message: Any) -> None:  # noqa: ANN401 - any Singer message
        """Keep a message."""
        if len(self.messages) == self._stop_after:
            raise StoppedError
        self.messages.append(json.loads(self.format_message(message)))


@dataclass
class Run:
    """What one run of the tap wrote."""

    messages: list[Message]
    error: BaseException | None = None

    def records(self, stream: str) -> list[Record]:
        """Return a stream's records, in order, ``_invalid_values`` where there are any."""
        return [
            without_empty_column(message["record"])
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

    def table(self, stream: str) -> dict[Any, Record]:
        """Return a stream's records by key, later ones in place of earlier ones."""
        return {record[KEYS[stream]]: record for record in self.records(stream)}

    @property
    def states(self) -> list[Message]:
        """Every STATE, in order."""
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> Message | None:
        """The last STATE, a copy."""
        return deepcopy(self.states[-1]) if self.states else None

    def bookmark(self, stream: str) -> Message:
        """Return what the last STATE holds of a stream."""
        bookmarks: Message = without_bookkeeping(self.state or {}).get("bookmarks", {})
        bookmark: Message = bookmarks.get(stream, {})
        return bookmark

    @property
    def schemas(self) -> dict[str, Message]:
        """Every SCHEMA, by stream."""
        found = [message for message in self.messages if message["type"] == "SCHEMA"]
        return {message["stream"]: message for message in found}


def without_empty_column(record: Record) -> Record:
    """Return a record without a null ``_invalid_values``, which no data set has."""
    return {name: value for name, value in record.items() if (name, value) != EMPTY_COLUMN}


def without_bookkeeping(state: Message) -> Message:
    """Return a copy of a state without what the tap keeps beside bookmarks and jobs."""
    copy = deepcopy(state)
    for bookmark in copy.get("bookmarks", {}).values():
        bookmark.pop("latest_jobs", None)
        bookmark.pop("coverage", None)
    return copy


def tap_class(clock: Clock) -> type[TapMarketoBulk]:
    """Return the tap with another clock."""
    return type("TapUnderTest", (TapMarketoBulk,), {"clock": clock})


@dataclass
class Tap:
    """The tap of one subscription, run as often as a test likes."""

    sandbox: Sandbox
    clock: Clock
    config: dict[str, Any] = field(default_factory=dict)

    def make(self, *, target: Target | None = None, **options: Any) -> TapMarketoBulk:  # noqa: ANN401 - the tap's own
        """Return a tap that has done nothing yet."""
        config = self.base | self.config | options.pop("config", {})
        writer = target or Target()
        return tap_class(self.clock)(config=config, message_writer=writer, **options)

    @property
    def base(self) -> dict[str, Any]:
        """The settings that reach the sandbox."""
        return {
            "endpoint": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_secret": self.sandbox.client_secret,
            "start_date": "2026-01-01",
        }

    def discover(self) -> dict[str, Any]:
        """Return the catalog that discovery makes."""
        return json.loads(self.make().catalog_json_text)  # type: ignore[no-any-return]

    def attempt(self, **options: Any) -> Run:  # noqa: ANN401 - the tap's own
        """Sync all, where discovery may fail already."""
        try:
            return self.run(**options)
        except (MarketoBulkError, StoppedError) as error:
            return Run([], error)

    def run(self, *, stop_after: int | None = None, **options: Any) -> Run:  # noqa: ANN401 - the tap's own
        """Sync all; an error ends the run and is kept, not raised."""
        target = Target(stop_after)
        tap = self.make(target=target, **options)
        try:
            tap.sync_all()
        except Exception as error:  # noqa: BLE001 - tests look at whatever it is
            return Run(target.messages, error)
        finally:
            tap.run.pipeline.close()
        return Run(target.messages)


def edited(catalog: dict[str, Any], stream: str, edit: Callable[[dict[str, Any]], None]) -> Any:  # noqa: ANN401 - a catalog
    """Return a copy of a catalog with one stream's entry changed."""
    copy = deepcopy(catalog)
    edit(next(entry for entry in copy["streams"] if entry["stream"] == stream))
    return copy


def selecting(catalog: dict[str, Any], *streams: str) -> Any:  # noqa: ANN401 - a catalog
    """Return a copy of a catalog that selects these streams alone."""
    copy = deepcopy(catalog)
    for entry in copy["streams"]:
        root = next(item for item in entry["metadata"] if not item["breadcrumb"])
        root["metadata"]["selected"] = entry["stream"] in streams
    return copy
