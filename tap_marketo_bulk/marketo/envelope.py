"""Marketo's answers: one pure function tells a success from every kind of refusal."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import (
    AccessDeniedError,
    AlreadyQueuedError,
    ApiError,
    CallQuotaError,
    ExportQuotaError,
    InvalidResponseError,
    MarketoBulkError,
    QueueFullError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnknownFieldsError,
    UnsupportedFilterError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN_CODES = frozenset({"601", "602"})
# Time-out, system error and their kin, and the gateway's own words for them.
TRANSIENT_CODES = frozenset({"500", "502", "503", "504", "604", "608", "611", "713"})
# 606 counts the calls of the last 20 seconds, 615 those under way.
RATE_LIMIT_PAUSES = {"606": 20.0, "615": 1.0}
# Everything else is a wrong request, which Marketo's own message explains best.
FATAL_CODES: dict[str, type[ApiError]] = {
    "603": AccessDeniedError,
    "607": CallQuotaError,
    "1035": UnsupportedFilterError,
}

_INVALID_FIELDS = re.compile(r"invalid fields?:?\s*\[([^\]]*)\]", re.IGNORECASE)
_FIELD_NOT_FOUND = re.compile(r"field\s+'([^']*)'\s+not found", re.IGNORECASE)
_QUOTA = re.compile(r"(?<![\d.])(\d+)\s*MB\b", re.IGNORECASE)

Envelope = dict[str, Any]


def read_envelope(call: str, status: int, body: bytes) -> Envelope:
    """Return the envelope of a call that succeeded.

    Args:
        call: The method and path, without query, for messages.
        status: The HTTP status.
        body: The whole body.

    Raises:
        ApiError: Marketo refuses the call for good.
        TransientError: The same call may succeed later.
    """
    if status in (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_URI_TOO_LONG):
        raise ApiError(call, str(status), "the request is too long, select fewer fields")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise refusal(call, "606", "too many calls (HTTP 429)")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"Marketo answered {call} with HTTP {status}"
        raise TransientError(message)
    envelope = parse_object(body)
    if envelope is None:
        raise not_marketo(call, status)
    if envelope.get("success") is True and status == HTTPStatus.OK:
        return envelope
    code, reason = _first_error(envelope)
    if not code and status != HTTPStatus.OK:
        code = str(status)
    raise refusal(call, code, reason)


def refusal(call: str, code: str, reason: str) -> MarketoBulkError:
    """Turn one entry of ``errors`` into what it asks of the caller."""
    if code in TOKEN_CODES:
        return TokenRejectedError(f"Marketo did not accept the access token ({code} {reason})")
    if code in RATE_LIMIT_PAUSES:
        message = f"Marketo asked for fewer calls ({code} {reason})"
        return RateLimitError(message, RATE_LIMIT_PAUSES[code])
    if code in TRANSIENT_CODES:
        return TransientError(f"Marketo could not answer {call} ({code} {reason})")
    if code == "1029":
        return _export_limit(call, code, reason)
    if fields := _unknown_fields(code, reason):
        return UnknownFieldsError(call, code, reason, fields)
    return FATAL_CODES.get(code, ApiError)(call, code, reason)


def _export_limit(call: str, code: str, reason: str) -> ApiError:
    """1029 is three different things, told apart by the message."""
    words = reason.casefold()
    if "already" in words:
        return AlreadyQueuedError(call, code, reason)
    if "quota" in words:
        found = _QUOTA.search(reason)
        return ExportQuotaError(call, code, reason, int(found[1]) if found else None)
    if "queue" in words:
        return QueueFullError(call, code, reason)
    return ApiError(call, code, reason)


def _unknown_fields(code: str, reason: str) -> list[str]:
    """Read the names of fields that are gone out of Marketo's message."""
    if code not in ("1003", "1006"):
        return []
    if found := _INVALID_FIELDS.search(reason):
        return [name.strip(" '\"") for name in found[1].split(",") if name.strip(" '\"")]
    return _FIELD_NOT_FOUND.findall(reason)


def not_marketo(call: str, status: int) -> InvalidResponseError:
    """Build the error for an answer that Marketo would not give."""
    return InvalidResponseError(
        f"The answer to {call} (HTTP {status}) is not Marketo's. Check that endpoint is the REST "
        "endpoint shown in Marketo's Admin > Web Services"
    )


@contextmanager
def understanding(call: str) -> Iterator[None]:
    """Turn what makes no sense in an envelope's ``result`` into a ``InvalidResponseError``."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise not_marketo(call, HTTPStatus.OK) from error


def parse_object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object; None where the bytes are anything else."""
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return envelope if isinstance(envelope, dict) else None


def readable(words: object) -> str:
    """Return Marketo's words as one line that any terminal can print."""
    line = " ".join(str(words).split())
    return line.encode(errors="replace").decode()[:1000]


def _first_error(envelope: Envelope) -> tuple[str, str]:
    """Return code and message of the first error; either can be missing."""
    errors = envelope.get("errors")
    entry = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(entry, dict):
        entry = {"message": entry}
    code = entry.get("code")
    reason = readable(entry.get("message") or "no reason given")
    # Text as documented, though integers were seen.
    return ("" if code is None else readable(code)), reason
