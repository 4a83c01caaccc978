"""Requests, the parameters in their query, and responses; independent of the server."""

import base64
import json
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tap_marketo_bulk.sandbox.api_errors import (
    SandboxApiError,
    invalid_date,
    invalid_type,
    invalid_value,
    missing_value,
)
from tap_marketo_bulk.sandbox.clock import ALL_TIME, TimeRange, epoch_seconds_of

BEFORE_HEADERS = -1
"""A value of ``Transmission.drop_at``: the connection ends before the headers."""

JsonValue = object
_CHUNK_BYTES = 1 << 16
# A response with pauses has so many chunks: a small file is slow, and a large one has an end.
_CHUNKS_WITH_PAUSES = 20


@dataclass(frozen=True)
class Call:
    """One call in the request log: when it arrived, and the HTTP status of its response.

    ``name`` is the name of its route, empty for an unknown path. ``object`` is the export object,
    ``export_id`` the job; both are empty in other calls. ``status`` is 0 until there is a response
    and if none was sent. ``body`` is the decoded JSON of the request, None without any.
    """

    at: datetime
    name: str
    method: str
    path: str
    object: str = ""
    export_id: str = ""
    status: int = 0
    body: JsonValue = None


@dataclass(frozen=True)
class HttpRequest:
    """The request of a call, as a handler receives it.

    ``headers`` have lower-case names. ``client_id`` is the API user, known after the token check.
    ``hidden_key`` is the key of an entry that the response must not have, because of a fault.
    """

    call: Call
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    client_id: str = ""
    hidden_key: object = None


@dataclass(frozen=True)
class FilePart:
    """The bytes of the file of a job from ``start`` on."""

    path: Path
    start: int
    length: int
    count_sent_bytes: Callable[[int], None]
    """Called once for each response, with the number of bytes that it sent."""


@dataclass(frozen=True)
class Transmission:
    """How a response is sent; by default at once and completely. Seconds are real seconds."""

    delay_seconds: float = 0.0
    """Before anything is sent."""
    drop_at: int | None = None
    """The connection ends at this byte of the body, or ``BEFORE_HEADERS``."""
    reset: bool = False
    """A dropped connection is reset, not closed."""
    corrupt_at: int | None = None
    """This byte of the body is changed."""
    pause_seconds: float = 0.0
    """The body is sent in small chunks with this time between them."""


@dataclass(frozen=True)
class HttpResponse:
    """The response to a call. The body is the part of the ``file``, if any, and then ``body``."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    file: FilePart | None = None
    transmission: Transmission = Transmission()

    @property
    def length(self) -> int:
        """The length of the body in bytes, as in Content-Length."""
        return len(self.body) + (self.file.length if self.file else 0)

    @property
    def _end(self) -> int:
        """The number of bytes of the body that are sent."""
        drop_at = self.transmission.drop_at
        return self.length if drop_at is None else drop_at

    def all_headers(self) -> dict[str, str]:
        """All headers, with those that describe the body."""
        about_body = {"Content-Type": self.content_type, "Content-Length": str(self.length)}
        return {**about_body, **self.headers}

    def body_chunks(self) -> Generator[bytes]:
        """The bytes to send as the body, up to the byte where the connection ends.

        Each chunk counts as sent once the next one is requested, the last one once it is returned:
        a client that has received it can read the count.
        """
        total, sent = self._end, 0
        count = self.file.count_sent_bytes if self.file else lambda _: None
        try:
            for chunk in self._changed_chunks():
                if sent + len(chunk) == total:
                    sent += len(chunk)
                    count(sent)
                    yield chunk
                    return
                yield chunk
                sent += len(chunk)
        finally:
            if sent < total:
                count(sent)

    def _changed_chunks(self) -> Iterator[bytes]:
        """The chunks of the body with the effect of faults."""
        offset = 0
        end = self._end
        corrupt_at = self.transmission.corrupt_at
        for original in self._original_chunks():
            chunk = original[: end - offset]
            if corrupt_at is not None and offset <= corrupt_at < offset + len(chunk):
                index = corrupt_at - offset
                chunk = chunk[:index] + bytes([chunk[index] ^ 1]) + chunk[index + 1 :]
            yield chunk
            offset += len(chunk)

    def _original_chunks(self) -> Iterator[bytes]:
        size = _CHUNK_BYTES
        if self.transmission.pause_seconds:
            size = max(1, self.length // _CHUNKS_WITH_PAUSES)
        if self.file:
            with self.file.path.open("rb") as file:
                file.seek(self.file.start)
                unread = self.file.length
                while unread:
                    chunk = file.read(min(size, unread))
                    yield chunk
                    unread -= len(chunk)
        for start in range(0, len(self.body), size):
            yield self.body[start : start + size]


Handler = Callable[[HttpRequest], HttpResponse]
"""Responds to an authenticated call; may raise ``SandboxApiError``."""


@dataclass(frozen=True)
class Route:
    """The handler of the calls with this method and a path that matches ``path_pattern``.

    ``name`` is the name of the call in the request log and in faults. The pattern may have the
    groups ``object`` and ``export_id``. ``permission_of`` returns the permission that a request
    needs, empty if it needs none.
    """

    name: str
    method: str
    path_pattern: str
    handler: Handler
    permission_of: Callable[[HttpRequest], str] = lambda _: ""


def json_response(content: object, status: int = 200) -> HttpResponse:
    """A response with ``content`` as JSON."""
    return HttpResponse(status, json.dumps(content).encode())


def text_response(status: int, text: str) -> HttpResponse:
    """A response of plain text."""
    return HttpResponse(status, text.encode(), "text/plain;charset=UTF-8")


def success_response(**members: object) -> HttpResponse:
    """The envelope of a successful call, with these members, such as ``result``."""
    return json_response({"requestId": _request_id(), "success": True, **members})


def error_response(entry: Mapping[str, object], status: int = 200) -> HttpResponse:
    """The envelope of a failed call, with one entry of ``errors``."""
    content = {"requestId": _request_id(), "success": False, "errors": [entry]}
    return json_response(content, status)


def api_error_response(error: SandboxApiError) -> HttpResponse:
    """The envelope of a failed call for an error that a handler raised."""
    return error_response({"code": error.code, "message": error.message}, error.http_status)


def _request_id() -> str:
    digits = uuid.uuid4().hex
    return f"{digits[:4]}#{digits[4:15]}"


Query = Mapping[str, str]
MAX_BATCH_SIZE = 300
_MAX_INTEGER = 2**31 - 1
_Item = TypeVar("_Item")


def integer_parameter(
    query: Query, name: str, default: int, *, low: int = 0, high: int = _MAX_INTEGER
) -> int:
    """The integer ``name`` of a query, from ``low`` to ``high``."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise invalid_type(f"Invalid value '{text}'. Required of type 'Integer'")
    if not low <= int(text) <= high:
        raise invalid_value(f"{name} must be from {low} to {high}")
    return int(text)


def required_parameter(query: Query, name: str) -> str:
    """The text of the parameter ``name``."""
    if name not in query:
        raise missing_value(f"Missing value for the required parameter '{name}'")
    return query[name]


def instant_parameter(text: str, name: str, *, is_strict: bool) -> int:
    """The instant in the parameter ``name``, in epoch seconds."""
    try:
        # The plus sign of an offset is decoded to a space if a client did not encode it.
        return epoch_seconds_of(text.replace(" ", "+"), is_strict=is_strict)
    except ValueError as error:
        raise invalid_date(f"{name}: {error}") from None


def updated_range(query: Query, *, is_strict: bool) -> TimeRange:
    """The range from ``earliestUpdatedAt`` to ``latestUpdatedAt``, by default all time."""
    start, end = (
        instant_parameter(query[name], name, is_strict=is_strict) if name in query else default
        for name, default in (
            ("earliestUpdatedAt", ALL_TIME.start),
            ("latestUpdatedAt", ALL_TIME.end),
        )
    )
    if start > end or (is_strict and start == end):
        raise invalid_value("earliestUpdatedAt must be before latestUpdatedAt")
    return TimeRange(start, end)


def folder_parameter(query: Query, name: str) -> tuple[int, str] | None:
    """The id and the type in ``{"id": 15, "type": "Folder"}``; None without the parameter."""
    if name not in query:
        return None
    try:
        folder: Any = json.loads(query[name])
        return int(folder["id"]), str(folder["type"])
    except (ValueError, KeyError, TypeError):
        message = f"{name} must be a JSON object with the members id and type"
        raise invalid_value(message) from None


def values_parameter(query: Query, name: str) -> set[str]:
    """The values of a list that is separated by commas; empty without the parameter."""
    return {value for value in query.get(name, "").split(",") if value}


def batch_size(query: Query) -> int:
    """The largest number of items in a page: ``batchSize``, by default the maximum."""
    return integer_parameter(query, "batchSize", MAX_BATCH_SIZE, low=1, high=MAX_BATCH_SIZE)


def encode_page_token(*numbers: int) -> str:
    """A page token that contains these numbers."""
    return base64.urlsafe_b64encode(":".join(map(str, numbers)).encode()).decode()


def decode_page_token(token: str, count: int) -> list[int]:
    """The ``count`` numbers in a page token of the sandbox."""
    try:
        numbers = [int(number) for number in base64.urlsafe_b64decode(token).split(b":")]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        raise invalid_value("Invalid nextPageToken")
    return numbers


def page_by_token(
    items: Sequence[_Item], query: Query
) -> tuple[Sequence[_Item], dict[str, object]]:
    """The items of the page that ``batchSize`` and ``nextPageToken`` of a query select.

    The second value has the member ``nextPageToken`` if there is another page.
    """
    token = query.get("nextPageToken")
    start = decode_page_token(token, 1)[0] if token else 0
    end = start + batch_size(query)
    more: dict[str, object] = {"nextPageToken": encode_page_token(end)} if end < len(items) else {}
    return items[start:end], more
