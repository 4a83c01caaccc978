"""Responses of Marketo: the bounded body, the envelope in it, and the error for each error code.

Source: Adobe, "Error Codes". Codes and messages that were seen but are not documented are marked.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import contextmanager
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote_plus

from tap_marketo_bulk.errors import (
    CHECK_ENDPOINT,
    AccessDeniedError,
    AlreadyQueuedError,
    ApiError,
    CallQuotaError,
    ExportQuotaError,
    InternalServerError,
    InvalidResponseError,
    MarketoSystemError,
    QueueFullError,
    RateLimitError,
    TokenRejectedError,
    TransientError,
    UnknownFieldsError,
    UnreachableError,
    UnsupportedFilterError,
)
from tap_marketo_bulk.marketo.limits import CALL_PERIOD_SECONDS
from tap_marketo_bulk.texts import clean_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import requests

    from tap_marketo_bulk.errors import MarketoBulkError
    from tap_marketo_bulk.times import Clock

TOKEN_CODES = frozenset({"601", "602"})
# Time-outs, system errors and "usually temporary inaccessibility" (614), and the gateway's codes.
TRANSIENT_CODES = frozenset({"500", "502", "503", "504", "604", "608", "611", "614", "713"})
# 606, and HTTP 429, count the calls of the past 20 s: some of them do not count any more after a
# quarter of that. 615 counts the calls in progress.
_PERIOD_WAIT_SECONDS = CALL_PERIOD_SECONDS / 4
RATE_LIMIT_WAIT_SECONDS = {"606": _PERIOD_WAIT_SECONDS, "429": _PERIOD_WAIT_SECONDS, "615": 1.0}
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
        return export_limit_error(call, code, reason)
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
    """Return the name of the permission that a call needs, or None if it is not known."""
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
        error = MarketoSystemError if code == "611" else TransientError
        return error(f"Marketo could not process {call} ({code} {reason})")
    return None


def export_limit_error(call: str, code: str, reason: str) -> ApiError:
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


Envelope = dict[str, Any]
# Codes have three or four digits.
_MAX_CODE_CHARACTERS = 100


def parse_envelope(call: str, status: int, body: bytes) -> Envelope:
    """Return the envelope of a call that succeeded.

    Args:
        call: Method and path, without query; for messages.
        status: The HTTP status.
        body: The whole body.

    Raises:
        ApiError: Marketo rejected the call; repeating it does not help.
        TransientError: The same call may succeed later.
    """
    if error := error_from_http_status(call, status):
        raise error
    envelope = json_object_or_none(body)
    if envelope is None:
        raise invalid_response(call, status)
    is_success = envelope.get("success") is True and status == HTTPStatus.OK
    if is_success and not envelope.get("errors"):
        return envelope
    code, message = _first_error(envelope)
    if not code and status != HTTPStatus.OK:
        raise error_from_code(call, str(int(status)), message, http_status=status)
    raise error_from_code(call, code, message)


def invalid_response(call: str, status: int) -> InvalidResponseError:
    """Return the error for a response that does not come from Marketo's API."""
    return InvalidResponseError(
        f"The response to {call} (HTTP {int(status)}) is not a Marketo API response",
        f"{CHECK_ENDPOINT}; if other calls succeed, run again later",
    )


def has_result(envelope: Envelope) -> bool:
    """Return whether there is a result, and not an empty one."""
    return bool(envelope.get("result"))


@contextmanager
def parsing_response(call: str) -> Iterator[None]:
    """Raise ``InvalidResponseError`` for data of another shape than documented.

    Use it around code that reads an envelope's ``result`` without checking each type.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidResponseError(
            f"The result of {call} has another structure than Marketo documents"
        ) from error


class WrittenNumber(Decimal):
    """A number with a fraction or an exponent.

    Attributes:
        text: The number as it was written: ``2e3``, which a Decimal writes as ``2E+3``.
    """

    text: str

    def __new__(cls, text: str) -> Self:
        """Read a JSON number."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def json_object_or_none(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in ``body``; None for anything else.

    Numbers with a fraction or an exponent are ``WrittenNumber``.
    """
    try:
        value = json.loads(body, parse_float=WrittenNumber)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _first_error(envelope: Envelope) -> tuple[str, str]:
    """Return code and message of the first error; the code is empty if it is missing."""
    errors = envelope.get("errors")
    entry = errors[0] if isinstance(errors, list) and errors else errors or {}
    if not isinstance(entry, dict):
        entry = {"message": entry}
    code = entry.get("code")
    # A gateway's error has the format of the identity endpoint.
    reason = entry.get("message") or envelope.get("error_description") or envelope.get("error")
    message = clean_line(reason or "no reason given")
    # Text as documented, though integers were seen.
    return ("" if code is None else clean_line(code)[:_MAX_CODE_CHARACTERS]), message


CHUNK_BYTES = 64 * 1024
# Even the description of a thousand fields is far smaller.
MAX_ENVELOPE_BYTES = 16 * 1024 * 1024
# Marketo's secrets and tokens have more than 30. Shorter ones, of a test system, are not redacted.
MIN_SECRET_CHARACTERS = 8


class Response:
    """An HTTP response whose body is not read yet.

    Attributes:
        call: Method and path, without query.
        status: The HTTP status.
        headers: The response's headers; names match in any letter case.
    """

    def __init__(
        self,
        call: str,
        response: requests.Response,
        clock: Clock,
        timeout_seconds: float,
        secrets: Collection[str] = (),
    ) -> None:
        """Wrap a response of requests that was opened with ``stream=True``.

        Args:
            call: Method and path, without query.
            response: The response.
            clock: Measures how long the body takes.
            timeout_seconds: The time-out.
            secrets: The secrets that the server knows, which no message may repeat.
        """
        self.call = call
        self.status = response.status_code
        self.headers = response.headers
        self._response = response
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._secrets = secrets

    @property
    def is_encoded(self) -> bool:
        """Whether a proxy compressed the body, though no compression was asked for."""
        return self.headers.get("Content-Encoding", "identity").casefold() != "identity"

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the body's bytes as they arrive, decompressed, at most 64 KiB at a time.

        The socket's time-out starts again with each byte, so it does not bound a slow body.

        Raises:
            UnreachableError: Less than 64 KiB arrived within ``timeout_seconds``, without the
                time that the caller took.
        """
        seconds, received = 0.0, 0
        started = self._clock.monotonic()
        # Not read(), which returns only when the whole chunk is there, however long that takes.
        while chunk := self._response.raw.read1(CHUNK_BYTES, decode_content=True):
            seconds += self._clock.monotonic() - started
            yield chunk
            received += len(chunk)
            if received >= CHUNK_BYTES:
                seconds, received = 0.0, 0
            elif seconds > self._timeout_seconds:
                raise UnreachableError(
                    f"The response to {self.call} arrived too slowly: {received} bytes in "
                    f"{self._timeout_seconds:g} s"
                )
            started = self._clock.monotonic()

    def read_body(self) -> bytes:
        """Return the whole body of an API response, without secrets.

        Raises:
            UnreachableError: The body arrives too slowly.
            InvalidResponseError: The body is longer than any API response.
        """
        body = bytearray()
        for chunk in self.iter_chunks():
            body += chunk
            if len(body) > MAX_ENVELOPE_BYTES:
                raise InvalidResponseError(
                    f"The response to {self.call} is longer than an API response can be"
                )
        return self.redacted(bytes(body))

    def redacted(self, body: bytes) -> bytes:
        """Return ``body`` with ``***`` in place of the secrets that the client sent.

        All texts of Marketo that are logged or shown come from such a body. So do the records of
        REST streams: a value that contains a secret loses it.
        """
        forms = [form for secret in self._secrets for form in _forms(secret)]
        pattern = b"|".join(re.escape(form) for form in forms)
        return re.sub(pattern, b"***", body, flags=re.IGNORECASE) if forms else body


def _forms(secret: str) -> set[bytes]:
    """Return a secret as it can stand in a response; nothing if it could be ordinary text."""
    if len(secret) < MIN_SECRET_CHARACTERS:
        return set()
    texts = {secret, quote_plus(secret), json.dumps(secret)[1:-1]}
    return {text.encode() for text in texts} | {b64encode(secret.encode()).rstrip(b"=")}
