"""Every error this package raises. Each message says what happened, what is safe, what to do.

::

    MarketoBulkError
    ├── SettingsError            the settings are wrong; lists every problem
    ├── CatalogError             the catalog asks for what Marketo does not have
    ├── StateError               the state is not one this tap wrote
    ├── ApiError                 Marketo refused a call for good
    │   ├── CredentialsError     client id and secret are not accepted
    │   ├── AccessDeniedError    603: the API user lacks a permission
    │   ├── UnknownFieldsError   1003, 1006: requested fields are gone
    │   ├── UnsupportedFilterError  1035: the subscription lacks a filter
    │   ├── CallQuotaError       607: the day's API calls are spent
    │   ├── AlreadyQueuedError   1029: the job is queued, which is what was wanted
    │   ├── QueueFullError       1029: ten jobs are waiting already
    │   └── ExportQuotaError     1029: the day's export bytes are spent
    ├── TransientError           worth another try
    │   ├── TokenRejectedError   601, 602
    │   ├── RateLimitError       606, 615, HTTP 429
    │   ├── UnreachableError     no connection, or it broke
    │   ├── InvalidResponseError      the answer is no Marketo envelope
    │   └── FileNotReadyError    404: a completed job's file is not there yet
    ├── DailyQuotaExceededError          how far each stream got before the quota was spent
    ├── ExportFailedError        Marketo gave up on a job, again and again
    ├── ExportTimeoutError       a job did not finish in time
    ├── SpoolError               the local disk cannot take the file
    └── DataError
        ├── CorruptFileError     a file differs from what its job promised
        ├── MalformedFileError   a file's rows cannot be told apart
        └── InvalidValueError    a value is not of its column's type

They derive from singer_sdk's errors by what a caller should do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.exceptions import (
    ConfigurationError,
    FatalAPIError,
    FatalSyncError,
    RetriableSyncError,
    SingerSDKError,
)
from singer_sdk.exceptions import DataError as SingerDataError

from tap_marketo_bulk.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class MarketoBulkError(SingerSDKError):
    """The root of this package's errors; ``str()`` is a sentence for the user."""


class SettingsError(MarketoBulkError, ConfigurationError):
    """The settings are wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Tell every problem at once."""
        super().__init__(f"The settings need attention: {'; '.join(problems)}.")
        self.problems = tuple(problems)


class CatalogError(MarketoBulkError, ConfigurationError):
    """The catalog asks for what Marketo, or this tap, does not have."""


class StateError(MarketoBulkError, ConfigurationError):
    """The state is not one this tap wrote."""

    def __init__(self, finding: str) -> None:
        """Say what is wrong with the state."""
        super().__init__(
            f"The state cannot be used: {finding}. Nothing was read. Restore the last good "
            "state, or run without state to load everything again."
        )


class ApiError(MarketoBulkError, FatalAPIError):
    """Marketo refused a call for good.

    Attributes:
        call: What was asked, as ``POST /bulk/v1/leads/export/create.json``.
        code: Marketo's error code as text, empty where it gave none.
        reason: Marketo's own message.
    """

    advice = "Nothing was lost; correct the cause and run again"

    def __init__(self, call: str, code: str, reason: str) -> None:
        """Quote Marketo and add what to do."""
        self.call, self.code, self.reason = call, code, reason
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Put the facts into words."""
        quoted = f"{self.code} {self.reason}".strip().rstrip(".")
        return f"Marketo refused {self.call}: {quoted}. {self.advice}."


class CredentialsError(ApiError):
    """Client id and secret are not accepted."""

    advice = (
        "Check client_id and client_secret against the custom service in Marketo's "
        "Admin > LaunchPoint"
    )


class AccessDeniedError(ApiError):
    """603: the API user may not do this."""

    def sentence(self) -> str:
        """Name the permission that is missing."""
        subject = "Activity" if "activit" in self.call else "Lead"
        return (
            f"Marketo denied access to {self.call} ({self.code} {self.reason.rstrip('.')}). "
            f"Give the API user's role the permission Read-Only {subject}, and check the IP "
            "allow list in Marketo's Admin; nothing was lost."
        )


class UnknownFieldsError(ApiError):
    """1003 "Invalid fields [...]" or 1006 "Field '...' not found"."""

    advice = "Run discovery again, or deselect what Marketo no longer has"

    def __init__(self, call: str, code: str, reason: str, fields: Sequence[str]) -> None:
        """Keep the names of the fields that are gone."""
        super().__init__(call, code, reason)
        self.fields = tuple(fields)


class UnsupportedFilterError(ApiError):
    """1035: the subscription does not have this filter."""

    advice = "Ask Marketo Support to enable this filter for your subscription"


class AlreadyQueuedError(ApiError):
    """1029 "Job already queued": what was asked for has happened."""


class QueueFullError(ApiError):
    """1029 "Too many jobs in queue": the subscription's ten places are taken."""

    advice = "Other integrations keep the export queue full; run again when it is shorter"


class ExportQuotaError(ApiError):
    """1029 "Export daily quota exceeded".

    Attributes:
        quota_megabytes: The subscription's allocation where Marketo named it.
    """

    advice = "What was delivered is safe; the next run goes on after 00:00 US Central"

    def __init__(self, call: str, code: str, reason: str, quota_megabytes: int | None) -> None:
        """Keep the allocation."""
        super().__init__(call, code, reason)
        self.quota_megabytes = quota_megabytes


class CallQuotaError(ApiError):
    """607: the subscription's API calls of the day are spent."""

    advice = (
        "What was delivered is safe; the next run goes on from there after the calls reset "
        "at 00:00 US Central"
    )


class TransientError(MarketoBulkError, RetriableSyncError):
    """Something passing; the same call may succeed a little later.

    Attributes:
        pause_seconds: The least wait that can help, 0 where unknown.
        tries: How often it was met by whoever gave up, 0 before that.
    """

    pause_seconds = 0.0
    tries = 0

    def __str__(self) -> str:
        """Add to the facts what to do, once nobody tries again."""
        finding = super().__str__().rstrip(".")
        if not self.tries:
            return f"{finding}."
        return f"{finding}. Tried {self.tries} times; nothing was lost, run again later."


class TokenRejectedError(TransientError):
    """601 or 602: the access token is not, or no longer, valid."""


class RateLimitError(TransientError):
    """606, 615 or HTTP 429: too many calls, by all integrations together."""

    def __init__(self, message: str, pause_seconds: float) -> None:
        """Keep how long Marketo counts back."""
        super().__init__(message)
        self.pause_seconds = pause_seconds


class UnreachableError(TransientError):
    """No connection could be made, or it broke, or nothing came in time."""


class InvalidResponseError(TransientError):
    """The answer is not one of Marketo's envelopes, HTML for example."""


class FileNotReadyError(TransientError):
    """404 for the file of a job that is completed."""


class DailyQuotaExceededError(MarketoBulkError, FatalSyncError):
    """The run could not read everything, since the day's export bytes are spent."""

    def __init__(
        self,
        quota_megabytes: int | None,
        reached: Mapping[str, datetime | None],
        reset: datetime,
    ) -> None:
        """Say how far each stream is complete, and when the next run can go on."""
        quota = f" of {quota_megabytes} MB" if quota_megabytes else ""
        bookmarks = "; ".join(
            f"{stream} is complete up to {format_instant(instant)}"
            if instant
            else f"{stream} is not complete"
            for stream, instant in reached.items()
        )
        super().__init__(
            f"Marketo's daily export quota{quota} is used up. {bookmarks}. What was delivered is "
            f"safe, and a run after {format_instant(reset)} (00:00 US Central) goes on from there."
        )


class ExportFailedError(MarketoBulkError, FatalSyncError):
    """Marketo failed a job, or somebody cancelled it, each time it was asked for."""


class ExportTimeoutError(MarketoBulkError, FatalSyncError):
    """A job was not finished, or not even taken into the queue, in time."""


class DataError(MarketoBulkError, SingerDataError):
    """What Marketo delivered is not what it promised."""


class CorruptFileError(DataError):
    """A finished file has another size, checksum or row count than its job promised."""


class MalformedFileError(DataError):
    """A file's header or rows are not what was asked for."""


class InvalidValueError(DataError):
    """A value does not fit its column's type."""


class SpoolError(MarketoBulkError, FatalSyncError):
    """The local disk cannot take the file."""
