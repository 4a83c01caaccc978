"""The book in which every call is written down as it arrives."""

from dataclasses import replace
from threading import Lock

from tap_marketo_bulk.sandbox.exchange import Call


class CallBook:
    """All calls in order of arrival; safe to share between threads."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = Lock()

    def all(self) -> list[Call]:
        """What has been written so far."""
        with self._lock:
            return list(self._calls)

    def arrive(self, call: Call) -> int:
        """Write a call down; its place in the book."""
        with self._lock:
            self._calls.append(call)
            return len(self._calls) - 1

    def answered(self, place: int, status: int) -> None:
        """Add what a call was answered with."""
        with self._lock:
            self._calls[place] = replace(self._calls[place], status=status)
