"""Responses of the API: the JSON envelope, its errors, and pages of long results."""

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import TypeVar

from tap_marketo_bulk.sandbox.api_errors import SandboxApiError, invalid_type, invalid_value
from tap_marketo_bulk.sandbox.http.messages import HttpResponse

MAX_PAGE_SIZE = 300
_Item = TypeVar("_Item")


def json_response(content: object, status: int = 200) -> HttpResponse:
    """A response with ``content`` as JSON."""
    return HttpResponse(status, json.dumps(content).encode())


def text_response(status: int, text: str) -> HttpResponse:
    """A response of plain text."""
    return HttpResponse(status, text.encode(), "text/plain;charset=UTF-8")


def success_response(**members: object) -> HttpResponse:
    """The envelope of a successful call, with these members, such as ``result``."""
    return json_response({"requestId": _request_id(), "success": True, **members})


def result_response(result: Sequence[Mapping[str, object]], **members: object) -> HttpResponse:
    """The envelope of a successful call, with ``result`` and other members."""
    return success_response(result=result, **members)


def error_response(entry: Mapping[str, object], status: int = 200) -> HttpResponse:
    """The envelope of a failed call, with one entry of ``errors``."""
    content = {"requestId": _request_id(), "success": False, "errors": [entry]}
    return json_response(content, status)


def api_error_response(error: SandboxApiError) -> HttpResponse:
    """The envelope of a failed call for an error that a handler raised."""
    return error_response({"code": error.code, "message": error.message}, error.http_status)


def encode_page_token(*numbers: int) -> str:
    """A page token that contains these numbers."""
    text = ":".join(map(str, numbers))
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_page_token(token: str, count: int) -> list[int]:
    """The ``count`` numbers in a page token.

    Raises:
        SandboxApiError: The token is not one of the sandbox.
    """
    try:
        numbers = [int(number) for number in base64.urlsafe_b64decode(token).split(b":")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise invalid_value("Invalid nextPageToken")
    return numbers


def batch_size(query: Mapping[str, str]) -> int:
    """The largest number of items in a page: ``batchSize`` of a query, by default the maximum.

    Raises:
        SandboxApiError: It is not a number, or out of range.
    """
    size = query.get("batchSize", str(MAX_PAGE_SIZE))
    if not size.isdecimal():
        raise invalid_type(f"Invalid value '{size}' for batchSize. Required of type 'Integer'")
    if not 1 <= int(size) <= MAX_PAGE_SIZE:
        raise invalid_value(f"batchSize must be from 1 to {MAX_PAGE_SIZE}")
    return int(size)


def page_by_token(
    items: Sequence[_Item], query: Mapping[str, str]
) -> tuple[Sequence[_Item], dict[str, object]]:
    """The items of the page that ``batchSize`` and ``nextPageToken`` of a query select.

    The second value has the member ``nextPageToken`` if there is another page.

    Raises:
        SandboxApiError: One of them is invalid.
    """
    size = batch_size(query)
    token = query.get("nextPageToken")
    start = decode_page_token(token, 1)[0] if token else 0
    end = start + size
    next_page: dict[str, object] = (
        {"nextPageToken": encode_page_token(end)} if end < len(items) else {}
    )
    return items[start:end], next_page


def _request_id() -> str:
    digits = uuid.uuid4().hex
    return f"{digits[:4]}#{digits[4:15]}"
