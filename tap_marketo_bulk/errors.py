"""All errors; each builds its own message, which states facts and ends in what to do.

MarketoBulkError
├── SettingsError, CatalogError, RecordMappingError
├── StateError
│   └── OtherTapStateError
├── ApiError                        Marketo rejected a call; repeating it does not help
│   ├── CredentialsError
│   ├── AccessDeniedError           603
│   │   └── DiscoveryDeniedError
│   ├── UnknownFieldsError          1003, 1006
│   ├── UnsupportedFilterError      1035
│   ├── AlreadyQueuedError, QueueFullError, ExportQuotaError    1029
│   └── CallQuotaError              607
├── TransientError                  the same call may succeed a little later
│   ├── TokenRejectedError          601, 602
│   ├── RateLimitError              606, 615, HTTP 429
│   ├── InternalServerError         HTTP 500
│   ├── MarketoSystemError          611
│   ├── UnreachableError            no complete response
│   ├── InvalidResponseError        not a response of Marketo's API
│   └── FileNotReadyError           404 for the file of a completed job
├── RunEndedByExportQuotaError, StreamsDeniedError, StreamsWithoutFilterError, RefusedIdsError
├── ExportFailedError, ExportTimeoutError
├── DataError                       a file differs from what Marketo reported or documents
│   └── CorruptFileError, MalformedFileError, InvalidValueError, UndecodableKeysError
└── SpoolError                      the local disk
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from singer_sdk.exceptions import (
    ConfigurationError,
    FatalAPIError,
    FatalSyncError,
    MappingError,
    RetriableSyncError,
    SingerSDKError,
)
from singer_sdk.exceptions import DataError as SingerDataError

from tap_marketo_bulk.times import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


CHECK_ENDPOINT = (
    "Check that endpoint is the REST endpoint shown in Marketo's Admin > Web Services, and that "
    "this machine can reach it"
)


# An error that names hundreds of rows is of no use.
_NAMED_ROWS = 10


class MarketoBulkError(SingerSDKError):
    """The root of this package's errors; ``str()`` is a message for the user."""


class SettingsError(MarketoBulkError, ConfigurationError):
    """The configuration is invalid."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"Invalid configuration: {'; '.join(problems)}.")
        self.problems = tuple(problems)


class CatalogError(MarketoBulkError, ConfigurationError):
    """The catalog selects a stream or field that neither Marketo nor this tap has."""


class StateError(MarketoBulkError, ConfigurationError):
    """The state was not written by this tap."""

    advice = "Restore the last good state, or run without state to load everything again"

    def __init__(self, problem: str) -> None:
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
        super().__init__(
            f"The stream map of {stream} cannot be applied to a record: {problem.rstrip('.')}. "
            "Bookmarks only cover records that were written; correct stream_maps and run again."
        )


class ApiError(MarketoBulkError, FatalAPIError):
    """Marketo rejected a call; repeating it does not help.

    Attributes:
        call: Method and path, as ``POST /bulk/v1/leads/export/create.json``.
        code: Marketo's error code as text, or the HTTP status; empty if there is neither.
        reason: Marketo's own message.
        http_status: 200 unless the HTTP status itself was the error.
    """

    advice = "No data was lost; correct the cause and run again"

    def __init__(
        self, call: str, code: str, reason: str, *, http_status: int = HTTPStatus.OK
    ) -> None:
        self.call, self.code, self.reason = call, code, reason
        self.http_status = int(http_status)
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Return the message for the user."""
        quoted = f"{self.code} {self.reason}".strip().rstrip(".")
        return f"Marketo rejected {self.call}: {quoted}. {self.advice}."


class CredentialsError(ApiError):
    """Client id and secret are not accepted."""

    advice = (
        "Check client_id and client_secret against the custom service in Marketo's "
        "Admin > LaunchPoint"
    )


class AccessDeniedError(ApiError):
    """603: the API user lacks a permission, or the IP address is not on the allow list.

    Attributes:
        permission: The permission that the call needs; None if it is not known.
    """

    def __init__(self, call: str, code: str, reason: str, permission: str | None = None) -> None:
        self.permission = permission
        super().__init__(call, code, reason)

    def sentence(self) -> str:
        """Return the message for the user."""
        advice = "Check the permissions of the API user's role"
        if self.permission:
            advice = f"Give the API user's role the permission {self.permission}"
        return (
            f"Marketo denied access to {self.call} ({self.code} {self.reason.rstrip('.')}). "
            f"{advice}, and check the IP allow list in Marketo's Admin. No data was lost; run "
            "again afterwards."
        )


class DiscoveryDeniedError(AccessDeniedError):
    """What every subscription has cannot be described, so discovery would hide it."""

    def __init__(self, streams: str, error: AccessDeniedError) -> None:
        """Take the streams that cannot be described, as text, and Marketo's response."""
        self._streams = streams
        super().__init__(error.call, error.code, error.reason, error.permission)

    def sentence(self) -> str:
        """Return the message for the user."""
        return (
            f"Marketo denied access to {self.call} ({_cause(self)}), so {self._streams} cannot be "
            f"described. Give the API user's role {_permission_text(self.permission)}, check the "
            "IP allow list in Marketo's Admin, and run again; or, if the role lacks it on "
            "purpose, set ignore_missing_permissions to true, which leaves the streams out. "
            "Nothing was read."
        )


class UnknownFieldsError(ApiError):
    """1003 "Invalid fields [...]" or 1006 "Field '...' not found"; ``fields`` has their names."""

    advice = (
        "Run discovery again, deselect the fields that Marketo does not know, or take them out of "
        "extra_lead_fields"
    )

    def __init__(self, call: str, code: str, reason: str, fields: Sequence[str]) -> None:
        super().__init__(call, code, reason)
        self.fields = tuple(fields)


class UnsupportedFilterError(ApiError):
    """1035: the subscription does not have this filter."""

    advice = "Ask Marketo Support to enable this filter for your subscription"


class AlreadyQueuedError(ApiError):
    """1029 "Job already queued": an earlier call to enqueue the job succeeded."""


class QueueFullError(ApiError):
    """1029 "Too many jobs in queue": all ten places of the subscription's queue are in use."""

    advice = "Other integrations keep the export queue full; run again when it is shorter"


class ExportQuotaError(ApiError):
    """1029 "Export daily quota exceeded"."""

    advice = "Records that were written are safe; run again after the reset at 00:00 US Central"

    def __init__(self, call: str, code: str, reason: str, quota_megabytes: int | None) -> None:
        """Take the daily quota; None if Marketo's message does not name it."""
        super().__init__(call, code, reason)
        self.quota_megabytes = quota_megabytes


class CallQuotaError(ApiError):
    """607: the subscription's daily API call quota is used up."""

    advice = ExportQuotaError.advice


class TransientError(MarketoBulkError, RetriableSyncError):
    """A temporary failure; the same call may succeed a little later.

    Attributes:
        min_wait_seconds: A retry before this time cannot succeed; 0 if that is not known.
        attempts: How many attempts failed before the caller gave up; 0 before that.
    """

    min_wait_seconds = 0.0
    attempts = 0
    advice = "No data was lost; run again later"

    def __init__(self, problem: str, advice: str | None = None) -> None:
        """Use another advice than that of the class if it is given."""
        super().__init__(problem)
        if advice:
            self.advice = advice

    @property
    def problem(self) -> str:
        """What happened, without advice and without a full stop."""
        return super().__str__().rstrip(".")

    def __str__(self) -> str:
        """Return the message for the user."""
        attempts = f" Gave up after {self.attempts} attempts." if self.attempts else ""
        return f"{self.problem}.{attempts} {self.advice}."


class TokenRejectedError(TransientError):
    """601 or 602: the access token is invalid or expired."""


class RateLimitError(TransientError):
    """606, 615 or HTTP 429: too many calls, by all integrations together."""

    def __init__(self, code: str, reason: str, min_wait_seconds: float) -> None:
        super().__init__(f"Rate limit reached ({code} {reason})")
        self.min_wait_seconds = min_wait_seconds


class InternalServerError(TransientError):
    """HTTP 500: a failure of Marketo, or a badly formed URL."""

    advice = (
        "Marketo also answers a badly formed URL with HTTP 500: check endpoint. No data was lost; "
        "run again later"
    )


class MarketoSystemError(TransientError):
    """611: a failure of Marketo; also seen for the status of jobs over long windows."""


class UnreachableError(TransientError):
    """No connection could be made, or it broke, or the response took too long."""


class InvalidResponseError(TransientError):
    """The response is not a Marketo API response, or not as documented."""

    advice = (
        "No data was lost; run again later, and report the call to Marketo Support if its response "
        "stays the same"
    )


class FileNotReadyError(TransientError):
    """404 for the file of a completed job."""


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

    def __init__(
        self, errors: Mapping[str, UnsupportedFilterError], settings: Mapping[str, str]
    ) -> None:
        """Name the streams, Marketo's reason, and the settings that need a filter.

        Args:
            errors: The error of each stream that was left out.
            settings: Setting -> the filter that it stands for, of those streams.
        """
        self.streams = tuple(errors)
        causes = {stream: _cause(error) for stream, error in errors.items()}
        needed = [f"{name} stands for the filter {each}" for name, each in settings.items()]
        explained = f" The setting {', and '.join(needed)}: use another one." if needed else ""
        super().__init__(
            f"The subscription lacks the filter by which {_by_cause(causes)} can be exported."
            f"{explained} Ask Marketo Support to enable this filter for your subscription, or "
            "deselect the streams. All other streams were read to their end; run again afterwards."
        )


class RefusedIdsError(MarketoBulkError, FatalSyncError):
    """Marketo refused to export single programs or lists; all others were read."""

    def __init__(self, errors: Mapping[str, ApiError]) -> None:
        """Name them, with Marketo's reasons.

        Args:
            errors: The error of each filter by one id, as ``programIds 1002 of program_members``.
        """
        causes = {name: _cause(error) for name, error in errors.items()}
        super().__init__(
            f"Marketo refused to export {_by_cause(causes)}. All others were read. The next run "
            "asks again: correct them in Marketo, or take them out of the settings program_ids "
            "and list_ids."
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


class UndecodableKeysError(DataError):
    """Rows were not read, since their keys have bytes that are not UTF-8; all others were."""

    def __init__(self, rows: Sequence[str]) -> None:
        """Take the rows, each with its stream, line, export, field and value."""
        more = f"; and {len(rows) - _NAMED_ROWS} more" if len(rows) > _NAMED_ROWS else ""
        super().__init__(
            "Rows were not read, since a value of a key field has bytes that are not UTF-8: "
            f"{'; '.join(rows[:_NAMED_ROWS])}{more}. All other rows were read, and bookmarks move "
            "past these. Correct the values in Marketo, and read the records with a full refresh "
            "of the stream, unless it exports records that have changed."
        )


class SpoolError(MarketoBulkError, FatalSyncError):
    """The local disk cannot store the file."""
