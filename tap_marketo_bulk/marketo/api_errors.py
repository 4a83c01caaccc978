"""From Marketo's error codes and messages to the errors of this package.

Source: Adobe, "Error Codes". What is not documented but was seen is marked so.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    AlreadyQueuedError,
    ApiError,
    CallQuotaError,
    ExportQuotaError,
    InternalServerError,
    QueueFullError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnknownFieldsError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.marketo.limits import CALL_PERIOD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_marketo_bulk.errors import MarketoBulkError

TOKEN_CODES = frozenset({"601", "602"})
# Time-outs, system errors and "usually temporary inaccessibility" (614), and the gateway's codes.
TRANSIENT_CODES = frozenset({"500", "502", "503", "504", "604", "608", "611", "614", "713"})
# 606, and HTTP 429, count the calls of a period; 615 counts the calls in progress.
RATE_LIMIT_WAIT_SECONDS = {"606": CALL_PERIOD_SECONDS, "429": CALL_PERIOD_SECONDS, "615": 1.0}
# All other codes mean that the request is wrong, 609 and 610 for example.
FATAL_CODES: Mapping[str, type[ApiError]] = {
    "607": CallQuotaError,
    "1035": UnsupportedFilterError,
}
# Adobe's reference names a permission for each endpoint; read-write permissions include it.
PERMISSIONS: Mapping[str, str] = {
    "/bulk/v1/leads": "Read-Only Lead",
    "/bulk/v1/program/members": "Read-Only Lead",
    "/bulk/v1/activities": "Read-Only Activity",
    "/bulk/v1/customobjects": "Read-Only Custom Object",
    "/rest/v1/leads": "Read-Only Lead",
    "/rest/v1/lists": "Read-Only Lead",
    "/rest/v1/programs": "Read-Only Lead",
    "/rest/v1/activities": "Read-Only Activity",
    "/rest/v1/customobjects": "Read-Only Custom Object",
    "/rest/v1/campaigns": "Read-Only Campaigns",
    "/rest/asset/v1": "Read-Only Assets",
}
# A message can list a thousand fields; in an error this much is enough.
MAX_REASON_CHARACTERS = 1000

_INVALID_FIELDS = re.compile(r"invalid fields?:?\s*\[([^\]]*)\]", re.IGNORECASE)
_FIELD_NOT_FOUND = re.compile(r"field\s+'([^']*)'\s+not found", re.IGNORECASE)
_QUOTA_MEGABYTES = re.compile(r"(?<![\d.])(\d+)\s*MB\b", re.IGNORECASE)


def error_from_code(
    call: str, code: str, message: str, *, http_status: int = HTTPStatus.OK
) -> MarketoBulkError:
    """Return the error for one entry of ``errors``.

    Args:
        call: Method and path, without query.
        code: Marketo's code as text, or the HTTP status.
        message: Marketo's message, as one line of clean text.
        http_status: 200 unless the HTTP status itself is the error.
    """
    reason = message[:MAX_REASON_CHARACTERS]
    if error := _transient_error(call, code, reason):
        return error
    if code == "603":
        return AccessDeniedError(call, code, reason, permission_for(call))
    if code == "1029":
        return _export_limit_error(call, code, reason)
    if fields := _unknown_fields(code, message):
        return UnknownFieldsError(call, code, reason, fields)
    return FATAL_CODES.get(code, ApiError)(call, code, reason, http_status=http_status)


def error_from_http_status(call: str, status: int) -> MarketoBulkError | None:
    """Return the error for an HTTP status that decides whatever the body is; None for others."""
    if status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG):
        message = "the request is too long, select fewer fields"
        return ApiError(call, str(int(status)), message, http_status=status)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return error_from_code(call, "429", "too many calls", http_status=status)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return InternalServerError(f"Marketo answered {call} with HTTP 500")
    if status > HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(f"Marketo answered {call} with HTTP {int(status)}")
    return None


def permission_for(call: str) -> str | None:
    """Return the name of the permission that a call needs, or None where it is not known."""
    path = call.partition(" ")[2]
    for prefix, permission in PERMISSIONS.items():
        if path.startswith((f"{prefix}/", f"{prefix}.")):
            return permission
    return None


def _transient_error(call: str, code: str, reason: str) -> TransientError | None:
    """Return the error for a code after which the call is repeated; None for other codes."""
    if code in TOKEN_CODES:
        return TokenRejectedError(f"Marketo did not accept the access token ({code} {reason})")
    if code in RATE_LIMIT_WAIT_SECONDS:
        return RateLimitError(code, reason, RATE_LIMIT_WAIT_SECONDS[code])
    if code in TRANSIENT_CODES:
        return TransientError(f"Marketo could not process {call} ({code} {reason})")
    return None


def _export_limit_error(call: str, code: str, reason: str) -> ApiError:
    """Return the error for 1029, which means three different things by its message."""
    folded = reason.casefold()
    if "already" in folded:
        return AlreadyQueuedError(call, code, reason)
    if "quota" in folded:
        found = _QUOTA_MEGABYTES.search(reason)
        return ExportQuotaError(call, code, reason, int(found[1]) if found else None)
    if "queue" in folded:
        return QueueFullError(call, code, reason)
    return ApiError(call, code, reason)


def _unknown_fields(code: str, message: str) -> list[str]:
    """Return the names of the unknown fields that Marketo's message lists (seen)."""
    if code not in ("1003", "1006"):
        return []
    if found := _INVALID_FIELDS.search(message):
        return [name.strip(" '\"") for name in found[1].split(",") if name.strip(" '\"")]
    return _FIELD_NOT_FOUND.findall(message)
