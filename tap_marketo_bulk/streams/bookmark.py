"""What a bulk stream keeps in STATE: its bookmark, and the jobs not yet read.

::

    {"replication_key": "updatedAt", "replication_key_value": "2026-11-20T00:00:00Z",
     "exports": [{"id": "...", "start": "...", "end": "...", "request": "<digest>",
                  "without": ["fieldThatIsGone"]}]}

The SDK owns the dictionary and writes the first two keys; this is the one place that knows
the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tap_marketo_bulk.errors import StateError
from tap_marketo_bulk.extract.windows import Window
from tap_marketo_bulk.instants import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tap_marketo_bulk.extract.order import Order


_T = TypeVar("_T")
INSTANTS = ("replication_key_value", "horizon", "sweep_began", "sweep_reached")


@dataclass(frozen=True)
class LeftExport:
    """A job that was made and whose file was not read to the end.

    Attributes:
        digest: Of the request as the catalog had it.
        without: Fields of it that Marketo did not know.
    """

    export_id: str
    window: Window
    digest: str
    without: tuple[str, ...] = ()


class Bookmark:
    """The state of one stream, read and written in the words of windows and exports."""

    def __init__(self, stream: str, state: dict[str, Any]) -> None:
        """Wrap the SDK's own dictionary, which is written to."""
        self._stream = stream
        self._state = state

    def instant(self, key: str) -> datetime | None:
        """Return an instant kept under ``key``; raises ``StateError`` where it is none."""
        if key not in self._state:
            return None
        return self._understood(key, lambda: parse_instant(self._state[key]))

    def keep(self, key: str, instant: datetime | None) -> None:
        """Keep an instant under ``key``, or nothing."""
        if instant is None:
            self._state.pop(key, None)
        else:
            self._state[key] = format_instant(instant)

    def value(self, replication_key: str | None) -> datetime | None:
        """Return the bookmark, if it is one of this replication key."""
        if replication_key is None or self._state.get("replication_key") != replication_key:
            return None
        return self.instant("replication_key_value")

    def exports(self) -> list[LeftExport]:
        """Return the jobs of earlier runs; raises ``StateError`` where they make no sense."""
        entries = self._state.get("exports") or []
        return self._understood("exports", lambda: [_left(entry) for entry in entries])

    def check(self) -> None:
        """Raise ``StateError`` where the state makes no sense to this tap."""
        for key, value in self._state.items():
            if key == "exports":
                self.exports()
            elif key in INSTANTS and value is not None:
                self.instant(key)

    def record(self, order: Order, export_id: str) -> None:
        """Note the job made for an order, in place of an earlier one."""
        window = order.window
        entry: dict[str, Any] = {
            "id": export_id,
            "start": format_instant(window.start),
            "end": format_instant(window.end),
            "request": order.request.digest,
        }
        if order.without:
            entry["without"] = list(order.without)
        self.forget(order)
        self._keep_exports([*self._state.get("exports", ()), entry])

    def forget(self, order: Order) -> None:
        """Drop the job of an order, so that another is made."""
        window = format_instant(order.window.start), format_instant(order.window.end)
        entries = self._state.get("exports", ())
        self._keep_exports([it for it in entries if (it["start"], it["end"]) != window])

    def close(self, window: Window) -> None:
        """Drop the jobs of a window that was read, and of those before it."""
        end = format_instant(window.end)
        self._keep_exports([it for it in self._state.get("exports", ()) if it["end"] > end])

    def _keep_exports(self, entries: list[dict[str, Any]]) -> None:
        if entries:
            self._state["exports"] = entries
        else:
            self._state.pop("exports", None)

    def _understood(self, key: str, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except (KeyError, TypeError, ValueError, AttributeError):
            finding = f"{key} of {self._stream} is not what this tap writes there"
            raise StateError(finding) from None


def _left(entry: dict[str, Any]) -> LeftExport:
    window = Window(parse_instant(entry["start"]), parse_instant(entry["end"]))
    without = tuple(str(name) for name in entry.get("without", ()))
    return LeftExport(str(entry["id"]), window, str(entry["request"]), without)
