"""Errors of calls to Marketo."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from singer_sdk.exceptions import FatalAPIError, RetriableSyncError

from tap_marketo_bulk.errors.base import MarketoBulkError

if TYPE_CHECKING:
    from collections.abc import Sequence


class ApiError(MarketoBulkError, FatalAPIError):
    """Marketo rejected a call; repeating it does not help.

    Attributes:
        call: Method and path, as ``POST /bulk/v1/leads/export/create.json``.
        code: Marketo's error code as text, or the HTTP status; empty where there is neither.
        reason: Marketo's own message.
        http_status: 200 unless the HTTP status itself was the error.
    """

    advice = "No data was lost; correct the cause and run again"

    def __init__(
        self, call: str, code: str, reason: str, *, http_status: int = HTTPStatus.OK
    ) -> None:
        """Build the message from the call, Marketo's code and message, and the advice."""
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
        permission: The permission that the call needs; None where it is not known.
    """

    def __init__(self, call: str, code: str, reason: str, permission: str | None = None) -> None:
        """Name the permission in the message."""
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


class UnknownFieldsError(ApiError):
    """1003 "Invalid fields [...]" or 1006 "Field '...' not found"; ``fields`` has their names."""

    advice = (
        "Run discovery again, deselect the fields that Marketo does not know, or take them out of "
        "extra_lead_fields"
    )

    def __init__(self, call: str, code: str, reason: str, fields: Sequence[str]) -> None:
        """Take the names of the fields that do not exist."""
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
        """Take the daily quota where Marketo's message names it."""
        super().__init__(call, code, reason)
        self.quota_megabytes = quota_megabytes


class CallQuotaError(ApiError):
    """607: the subscription's daily API call quota is used up."""

    advice = ExportQuotaError.advice


class TransientError(MarketoBulkError, RetriableSyncError):
    """A temporary failure; the same call may succeed a little later.

    Attributes:
        min_wait_seconds: A retry before this time cannot succeed; 0 where that is not known.
        attempts: How many attempts failed before the caller gave up; 0 before that.
    """

    min_wait_seconds = 0.0
    attempts = 0
    advice = "No data was lost; run again later"

    @property
    def problem(self) -> str:
        """What happened, without advice and without a full stop."""
        return super().__str__().rstrip(".")

    def __str__(self) -> str:
        """Return the message for the user; with advice once there are no more attempts."""
        if not self.attempts:
            return f"{self.problem}."
        return f"{self.problem}. Gave up after {self.attempts} attempts. {self.advice}."


class TokenRejectedError(TransientError):
    """601 or 602: the access token is invalid or expired."""


class RateLimitError(TransientError):
    """606, 615 or HTTP 429: too many calls, by all integrations together."""

    def __init__(self, code: str, reason: str, min_wait_seconds: float) -> None:
        """Keep how long to wait before a retry."""
        super().__init__(f"Rate limit reached ({code} {reason})")
        self.min_wait_seconds = min_wait_seconds


class InternalServerError(TransientError):
    """HTTP 500: a failure of Marketo, or a badly formed URL."""

    advice = (
        "Marketo also answers a badly formed URL with HTTP 500: check endpoint. No data was lost; "
        "run again"
    )


class UnreachableError(TransientError):
    """No connection could be made, or it broke, or the response took too long."""


class InvalidResponseError(TransientError):
    """The response is not a Marketo API response, but HTML for example."""


class FileNotReadyError(TransientError):
    """404 for the file of a completed job."""
