"""The envelope of Marketo's API responses: ``{"success": true, "result": [...]}``."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_marketo_bulk.errors import InvalidResponseError
from tap_marketo_bulk.marketo.api_errors import error_from_code, error_from_http_status
from tap_marketo_bulk.marketo.server_text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    if envelope.get("success") is True and status == HTTPStatus.OK:
        return envelope
    code, message = _first_error(envelope)
    if not code and status != HTTPStatus.OK:
        raise error_from_code(call, str(int(status)), message, http_status=status)
    raise error_from_code(call, code, message)


def invalid_response(call: str, status: int) -> InvalidResponseError:
    """Return the error for a response that does not come from Marketo's API."""
    return InvalidResponseError(
        f"The response to {call} (HTTP {int(status)}) is not a Marketo API response. Check that "
        "endpoint is the REST endpoint shown in Marketo's Admin > Web Services"
    )


@contextmanager
def parsing_response(call: str) -> Iterator[None]:
    """Raise ``InvalidResponseError`` for data of another shape than documented.

    Use it around code that reads an envelope's ``result`` without checking each type.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise invalid_response(call, HTTPStatus.OK) from error


def json_object_or_none(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object in ``body``; None where it is anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _first_error(envelope: Envelope) -> tuple[str, str]:
    """Return code and message of the first error; the code is empty where it is missing."""
    errors = envelope.get("errors")
    entry = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(entry, dict):
        entry = {"message": entry}
    code = entry.get("code")
    message = clean_line(entry.get("message") or "no reason given")
    # Text as documented, though integers were seen.
    return ("" if code is None else clean_line(code)[:_MAX_CODE_CHARACTERS]), message
