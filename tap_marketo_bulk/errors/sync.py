"""Errors of a run: the quota, export jobs and their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.exceptions import DataError as SingerDataError
from singer_sdk.exceptions import FatalSyncError

from tap_marketo_bulk.errors.base import MarketoBulkError
from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_marketo_bulk.errors.responses import (
        AccessDeniedError,
        ApiError,
        UnsupportedFilterError,
    )


class RunEndedByExportQuotaError(MarketoBulkError, FatalSyncError):
    """The run ended early, since the daily export quota is used up."""

    def __init__(
        self,
        quota_megabytes: int | None,
        bookmarks: Mapping[str, datetime | None],
        reset: datetime,
    ) -> None:
        """Report the bookmark of each stream, and when the next run can continue."""
        quota = f" of {quota_megabytes} MB" if quota_megabytes else ""
        progress = "; ".join(
            f"{stream} is complete up to {format_instant(bookmark)}"
            if bookmark
            else f"{stream} is not complete"
            for stream, bookmark in bookmarks.items()
        )
        super().__init__(
            f"Marketo's daily export quota{quota} is used up. {progress}. Records that were "
            f"written are safe; a run after {format_instant(reset)} (00:00 US Central) continues "
            "from there."
        )


class StreamsDeniedError(MarketoBulkError, FatalSyncError):
    """Streams were left out, since Marketo denied access; all others were read to their end."""

    def __init__(self, errors: Mapping[str, AccessDeniedError]) -> None:
        """Name the permissions that are missing.

        Args:
            errors: The error of each stream that was left out.
        """
        self.streams = tuple(errors)
        causes = {
            stream: f"{_cause(error)}, needs {_permission_text(error.permission)}"
            for stream, error in errors.items()
        }
        super().__init__(
            f"Marketo denied access to {_by_cause(causes)}. Give the API user's role the "
            "permission, and check the IP allow list in Marketo's Admin, or deselect the streams. "
            "All other streams were read to their end; run again afterwards."
        )


class StreamsWithoutFilterError(MarketoBulkError, FatalSyncError):
    """Streams were left out, since the subscription lacks the filter that they are read by."""

    def __init__(self, errors: Mapping[str, UnsupportedFilterError]) -> None:
        """Name the streams and Marketo's reason.

        Args:
            errors: The error of each stream that was left out.
        """
        self.streams = tuple(errors)
        causes = {stream: _cause(error) for stream, error in errors.items()}
        super().__init__(
            f"The subscription lacks the filter by which {_by_cause(causes)} can be exported. Ask "
            "Marketo Support to enable this filter for your subscription, or deselect the "
            "streams. All other streams were read to their end; run again afterwards."
        )


def _cause(error: ApiError) -> str:
    return f"{error.code} {error.reason.rstrip('.')}"


def _by_cause(causes: Mapping[str, str]) -> str:
    """Return the streams as text, those with the same cause together."""
    streams: dict[str, list[str]] = {}
    for stream, cause in causes.items():
        streams.setdefault(cause, []).append(stream)
    return "; ".join(f"{', '.join(names)} ({cause})" for cause, names in streams.items())


def _permission_text(permission: str | None) -> str:
    return f"the permission {permission}" if permission else "another permission"


class ExportFailedError(MarketoBulkError, FatalSyncError):
    """Each job for a window failed or was cancelled."""


class ExportTimeoutError(MarketoBulkError, FatalSyncError):
    """A job was not finished, or not even accepted into the queue, in time."""


class DataError(MarketoBulkError, SingerDataError):
    """A file differs from what Marketo reported or documents."""


class CorruptFileError(DataError):
    """A finished file has another size, checksum or row count than its job reported."""


class MalformedFileError(DataError):
    """A file's header is not the requested one, or its rows cannot be parsed."""


class InvalidValueError(DataError):
    """A value does not fit its column's type."""


class SpoolError(MarketoBulkError, FatalSyncError):
    """The local disk cannot store the file."""
