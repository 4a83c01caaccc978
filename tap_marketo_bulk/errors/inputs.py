"""Errors of the configuration, the catalog, the state and stream maps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.exceptions import ConfigurationError, MappingError

from tap_marketo_bulk.errors.base import MarketoBulkError

if TYPE_CHECKING:
    from collections.abc import Sequence


class SettingsError(MarketoBulkError, ConfigurationError):
    """The configuration is invalid."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Report all problems in one message."""
        super().__init__(f"Invalid configuration: {'; '.join(problems)}.")
        self.problems = tuple(problems)


class CatalogError(MarketoBulkError, ConfigurationError):
    """The catalog selects a stream or field that neither Marketo nor this tap has."""


class StateError(MarketoBulkError, ConfigurationError):
    """The state was not written by this tap."""

    advice = "Restore the last good state, or run without state to load everything again"

    def __init__(self, problem: str) -> None:
        """Describe the problem and the two ways to continue."""
        super().__init__(f"The state cannot be used: {problem}. Nothing was read. {self.advice}.")


class OtherTapStateError(StateError):
    """The state has bookmarks of another tap, which this tap cannot read."""

    advice = (
        "Set start_date to where the other tap stopped and run with an empty state; or keep the "
        'state and write each bookmark as {"replication_key": "updatedAt", '
        '"replication_key_value": "2026-01-31T00:00:00Z"}, for activities with "activityDate"'
    )

    def __init__(self, streams: str, keys: str) -> None:
        """Name the streams, and the keys that their bookmarks have."""
        super().__init__(f"another tap wrote the bookmarks of {streams}, which have {keys}")


class RecordMappingError(MarketoBulkError, MappingError):
    """An expression of ``stream_maps`` cannot be evaluated for a record."""

    def __init__(self, stream: str, problem: str) -> None:
        """Name the stream and the problem."""
        super().__init__(
            f"The stream map of {stream} cannot be applied to a record: {problem.rstrip('.')}. "
            "Bookmarks only cover records that were written; correct stream_maps and run again."
        )
